//! Forty commands in six groups and some more, in a binary of their own: the help of a large service, as golden transcripts at three
//! widths. The console's own commands are removed, because other tests cover them. `cargo xtask bless` rewrites the transcripts.

use std::fs;
use std::path::Path;

use backdoor_runtime::{Backdoor, Choice, backdoor_command};

macro_rules! commands {
    ($($function:ident $name:literal $help:literal ($($key:ident),*);)*) => {$(
        #[doc = $help]
        #[backdoor_command(name = $name $(, $key)*)]
        fn $function() {}
    )*};
}

commands! {
    cache_flush "cache flush" "Drop what is cached of one product, or of all of them" ();
    cache_stats "cache stats" "How full the cache is, and how often it was hit" (reads);
    cache_warm "cache warm" "Load what was asked for most in the last hour" ();
    cache_show "cache show" "One entry" (reads);
    cache_resize "cache resize" "Set how much the cache may hold; what is over it goes at once, the oldest entries first" ();
    cache_pin "cache pin" "Keep an entry, whatever happens" ();
    cache_unpin "cache unpin" "Let go of it again" ();
    log "log" "The targets, and their levels" (reads);
    log_level "log level" "Set the log level of one target, until the process ends or the time is up" ();
    log_tail "log tail" "Follow the log" (reads);
    log_flush "log flush" "Write what is buffered" ();
    log_rotate "log rotate" "Begin a new file" ();
    log_mute "log mute" "Say nothing of a target for a while" ();
    peers_list "peers list" "The connected peers" (reads);
    peers_drop "peers drop" "Close the connection to one peer, which may connect again at once" (dangerous);
    peers_ban "peers ban" "Close it for good" (dangerous);
    peers_unban "peers unban" "Let it connect again" ();
    peers_show "peers show" "All about one peer" (reads);
    peers_ping "peers ping" "Ask a peer whether it is there" (reads);
    peers_weights "peers weights" "How requests are spread over the peers, and why it was decided so when they last changed" (reads);
    db_pool "db pool" "Connections of the pool" (reads);
    db_slow "db slow" "The slowest queries" (reads);
    db_kill "db kill" "Cancel a query" (dangerous);
    db_explain "db explain" "The plan of a query, as the database sees it" (reads);
    db_vacuum "db vacuum" "Give back what deleted rows held" ();
    db_migrate "db migrate" "Bring the schema up to date" (dangerous);
    jobs_list "jobs list" "What is to be done" (reads);
    jobs_run "jobs run" "Do it now" ();
    jobs_cancel "jobs cancel" "Do not do it" ();
    jobs_retry "jobs retry" "Do again what failed" ();
    jobs_history "jobs history" "What was done" (reads);
    jobs_pause "jobs pause" "Do nothing for now" ();
    feature_list "feature list" "What is switched on, and for whom" (reads);
    feature_off "feature off" "Switch it off" ();
    feature_history "feature history" "Who switched what" (reads);
    reload "reload" "Read the configuration again" ();
    drain "drain" "Take no new requests, and end when those that are in are answered" (dangerous);
    status "status" "How the service is" (reads);
}

#[backdoor_command(name = "feature on")]
fn without_help() {}

/// Where an order stands.
#[derive(Choice)]
enum Stage {
    /// Nobody has taken it
    Waiting,
    /// On its way
    #[choice(alias = "sent")]
    Shipped,
    Failed,
}

macro_rules! products {
    ($($variant:ident)*) => {
        #[derive(Choice)]
        enum Product { $($variant,)* #[choice(alias = "flask")] Bottle }
    };
}

products! {
    Anvil Apron Awl Axe Basket Bell Blanket Bolt Broom Brush Bucket Candle Chain Chisel Clamp Compass Crate Crowbar Drill File Funnel
    Glove Hammer Hatchet Hinge Hook Ladder Lamp Lantern Lever Mallet Nail Pliers Pulley Rake Rope Saw Shovel Spade
}

/// Set a price
///
/// It is what customers see from now on.
#[backdoor_command(name = "price")]
fn price(
    /// What it is the price of
    product: Product,
    stage: Stage,
    /// The new one, in cents
    #[arg(range = 1..=1_000_000)]
    cents: u32,
    /// Drop what is cached of it
    #[arg(default = true)]
    flush: bool,
    #[arg(long, short = 'q', default = true)] quiet: bool,
    #[arg(long)] tag: Vec<String>,
    words: Vec<String>,
) {
    drop((product as u8, stage as u8, cents, flush, quiet, tag, words));
}

/// Compares with the file, or rewrites it.
#[track_caller]
fn golden(file: &str, found: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("many").join(file);
    if std::env::var_os("BLESS").is_some() {
        fs::write(path, found).expect("the sources can be written");
    } else {
        assert_eq!(
            found,
            fs::read_to_string(path).expect("it was blessed once"),
            "{file}; `cargo xtask bless` accepts it"
        );
    }
}

/// The typed line, and its answer.
fn transcript(width: Option<usize>) -> String {
    let console = Backdoor::testing();
    let console = match width {
        Some(width) => console.width(width),
        None => console,
    };
    let answers = LINES.iter().map(|line| {
        let text = without_builtins(&console.run(line).text);
        let is_list = ["help", "help all", "help cache", "help log"].contains(line);
        let fits = |line: &str| width.is_none_or(|width| line.chars().count() <= width);
        assert!(!is_list || text.lines().all(fits), "{text}");
        // The line of a command in this file changes with every edit.
        let text = match text.split_once(".rs:") {
            Some((before, after)) => {
                format!("{before}.rs:LINE{}", after.trim_start_matches(|c: char| c.is_ascii_digit()))
            }
            None => text,
        };
        format!("> {line}\n{text}\n")
    });
    answers.collect()
}

const LINES: [&str; 9] = [
    "help",
    "help all",
    "help log",
    "help price",
    "price",
    "price lantrn waiting 1",
    "price xyzzy waiting 1",
    "price rope sent 1 --no-flush --json",
    "help cache",
];

/// The list of all commands, without the console's own.
fn without_builtins(text: &str) -> String {
    match text.split_once("Built-in commands by topic:\n") {
        Some((own, _)) => own.to_owned(),
        None => text.to_owned(),
    }
}

#[test]
fn help_at_60_columns() {
    golden("60-columns.txt", &transcript(Some(60)));
}

#[test]
fn help_at_120_columns() {
    golden("120-columns.txt", &transcript(Some(120)));
}

#[test]
fn help_at_an_unknown_width() {
    golden("unknown-width.txt", &transcript(None));
}
