//! `BACKDOOR_LISTEN` in a separate process, because the environment belongs to the whole process.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};

use crate::client::script;
use crate::listen::Directory;
use crate::log::Log;
use crate::wire::builder;

/// Set in the child process.
const CHILD: &str = "BACKDOOR_TEST_CHILD";

/// No test: the service that the tests below start, which listens until its standard input ends.
#[test]
fn service() {
    let Ok(how) = std::env::var(CHILD) else { return };
    let (log, _guard) = Log::record();
    let builder = builder().listen("127.0.0.1:0");
    let console = match how.as_str() {
        "start" => builder.start(),
        _ => Ok(builder.start_or_warn()),
    };
    let mut out = std::io::stdout();
    // The harness has already written to this line.
    writeln!(out).unwrap();
    match &console {
        Ok(console) => console.addresses().iter().for_each(|at| writeln!(out, "address {at}").unwrap()),
        Err(error) => writeln!(out, "error {error}").unwrap(),
    }
    log.lines().iter().for_each(|line| writeln!(out, "log {line}").unwrap());
    writeln!(out, "rights {}", super::rights::has_more()).unwrap();
    writeln!(out, "ready").unwrap();
    let _ = std::io::stdin().read_line(&mut String::new());
}

pub(super) struct Service {
    child: Child,
    pub(super) said: Vec<String>,
}

impl Service {
    pub(super) fn start(how: &str, listen: Option<&str>) -> Self {
        Self::start_by(&[], how, listen)
    }

    /// Starts it through another program, whose arguments end with the service's command line.
    pub(super) fn start_by(by: &[&str], how: &str, listen: Option<&str>) -> Self {
        let binary = std::env::current_exe().unwrap();
        Self::start_program(&[by, &[binary.to_str().unwrap()]].concat(), how, listen)
    }

    /// Starts this program, which is or becomes this binary or a copy of it.
    pub(super) fn start_program(program: &[&str], how: &str, listen: Option<&str>) -> Self {
        let mut command = Command::new(program[0]);
        command.args(&program[1..]);
        command.args(["listen::environment::service", "--exact", "--nocapture"]).env(CHILD, how);
        match listen {
            Some(listen) => command.env("BACKDOOR_LISTEN", listen),
            None => command.env_remove("BACKDOOR_LISTEN"),
        };
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let said = lines.take_while(|line| line != "ready").collect();
        Self { child, said }
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Kills it.
    pub(super) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub(super) fn all(&self, kind: &str) -> Vec<&str> {
        self.said.iter().filter_map(|line| line.strip_prefix(kind)).map(str::trim).collect()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn without_it_the_builder_decides() {
    let service = Service::start("start", None);
    assert!(matches!(service.all("address")[..], [address] if address.starts_with("127.0.0.1:")));
}

#[test]
fn it_wins_over_the_builder() {
    let directory = Directory::new("environment");
    let (path, address) = directory.socket();
    let service = Service::start("start", Some(&format!("{address}, [::1]:0")));
    let addresses = service.all("address");
    assert_eq!(addresses.len(), 2);
    assert_eq!(addresses[0], address);
    assert!(addresses[1].starts_with("[::1]:"));
    let answer = script(&backdoor_runtime::Address::Unix(path), "wire echo a\n");
    assert_eq!(answer, "a\n");
}

#[test]
fn it_switches_a_console_off() {
    for (off, why) in [
        ("off", "BACKDOOR_LISTEN switches it off"),
        ("OFF", "BACKDOOR_LISTEN switches it off"),
        ("", "BACKDOOR_LISTEN is empty"),
        (" ", "BACKDOOR_LISTEN is empty"),
    ] {
        let service = Service::start("start", Some(off));
        assert_eq!(service.all("address"), [""; 0], "{off:?}");
        assert_eq!(service.all("error"), [""; 0], "{off:?}");
        let log = service.all("log");
        assert!(
            matches!(log[..], [line] if line.starts_with("INFO") && line.ends_with(&format!("is off: {why}"))),
            "{log:?}"
        );
    }
}

#[test]
fn c19_a_zero_is_explained() {
    let service = Service::start("start", Some("0"));
    let log = service.all("log");
    let hint = "BACKDOOR_LISTEN asks for any free port with `0`; `off` switches the console off";
    assert!(log.iter().any(|line| line.starts_with("INFO") && line.ends_with(hint)), "{log:?}");
    assert!(!Service::start("start", None).all("log").iter().any(|line| line.contains("`off`")));
}

#[test]
fn c19_words_for_off_get_a_correction() {
    for off in ["false", "no", "none"] {
        let service = Service::start("start", Some(off));
        assert_eq!(
            service.all("error"),
            [format!(
                "BACKDOOR_LISTEN: cannot listen on `{off}`: that is not an address; write `off` to switch the console off"
            )]
        );
    }
}

#[test]
fn a_bad_value_is_an_error_and_one_warning() {
    let service = Service::start("start", Some("0.0.0.0:3000"));
    assert!(service.all("error")[0].starts_with("BACKDOOR_LISTEN: cannot listen on `0.0.0.0:3000`: "));
    for bad in ["0.0.0.0:3000", "shop", "3000,off"] {
        let service = Service::start("start_or_warn", Some(bad));
        assert_eq!(service.all("address"), [""; 0]);
        let log = service.all("log");
        assert!(
            matches!(log[..], [line] if line.starts_with("WARN") && line.contains("BACKDOOR_LISTEN: cannot listen")),
            "{log:?}"
        );
    }
}
