//! Every limit of a session, with the limit and without it.

use std::time::{Duration, Instant};
use std::{env, fs, process};

use backdoor_runtime::{Backdoor, Builder};

use crate::client::{Client, script};
use crate::twice::{Limit, harms_only_without};
use crate::wait::{PATIENCE, until};
use crate::wire::{builder, count_of, open};

/// The last line of a test, which shows whether the session still works.
const LISTENS: &[u8] = b"wire echo listens\r\n";

fn listening() -> Builder {
    builder().listen("0")
}

fn as_it_is(builder: Builder) -> Builder {
    builder
}

/// Whether this text arrives within the time of a healthy run.
fn comes(client: &mut Client, wanted: &str, within: Duration) -> bool {
    let until = Instant::now() + within;
    let mut seen = Vec::new();
    while Instant::now() < until {
        seen.extend(client.read_for(Duration::from_millis(20)));
        if String::from_utf8_lossy(&seen).contains(wanted) {
            return true;
        }
    }
    false
}

#[test]
fn overlong_lines_are_refused() {
    let long = format!("wire echo a\nwire echo {}\n", "x".repeat(10_000));
    harms_only_without(
        as_it_is,
        |builder| builder.max_line(usize::MAX),
        listening,
        |console, _| {
            let address = &console.addresses()[0];
            script(address, &long)
                != "a\nline not run: it is longer than 8192 bytes; split it into several lines\n"
        },
    );
}

#[test]
fn the_first_line_is_bounded() {
    let long = format!("wire echo {}\nwire echo a\n", "x".repeat(2000));
    let refused =
        "line not run: the first line of a session has at most 1024 bytes; send a short one before it\na\n";
    harms_only_without(
        as_it_is,
        |builder| builder.max_first_line(usize::MAX),
        listening,
        |console, _| script(&console.addresses()[0], &long) != refused,
    );
}

#[test]
fn the_number_of_words_is_bounded() {
    let line = |count| format!("wire many{}\n", " a".repeat(count));
    harms_only_without(
        as_it_is,
        |builder| builder.max_words(usize::MAX),
        listening,
        |console, _| {
            let address = &console.addresses()[0];
            assert_eq!(script(address, line(64)), "64\n");
            !script(address, line(65)).contains("a command takes at most 64 words")
        },
    );
}

/// Memory is measured for the whole process, so this test runs itself again in a separate process.
#[test]
fn an_endless_line_needs_no_memory() {
    const CHILD: &str = "BACKDOOR_TEST_MAX_LINE";
    if let Ok(limit) = env::var(CHILD) {
        let limit: usize = limit.parse().unwrap();
        let console = builder().listen("0").max_first_line(limit).max_line(limit).start().unwrap();
        let mut client = Client::connect(&console.addresses()[0]);
        let chunk = vec![b'x'; 1 << 20];
        let before = peak_memory();
        (0..100).for_each(|_| client.send(&chunk));
        // Ctrl-U first, because otherwise the answer would contain the line.
        client.send("\x15wire echo a\n");
        client.close_write();
        assert_eq!(client.read_to_string(), "a\n", "the session goes on");
        println!("grown by {} KiB", peak_memory() - before);
        return;
    }
    let grown = |limit: usize| -> u64 {
        let child = process::Command::new(env::current_exe().unwrap())
            .args(["--exact", "wire::bounds::an_endless_line_needs_no_memory", "--nocapture"])
            .env(CHILD, limit.to_string())
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&child.stdout).into_owned();
        let number = text.split("grown by ").nth(1).and_then(|rest| rest.split(' ').next());
        number
            .unwrap_or_else(|| panic!("{text}\n{}", String::from_utf8_lossy(&child.stderr)))
            .parse()
            .unwrap()
    };
    let (with, without) = (grown(8192), grown(usize::MAX));
    assert!(with < 10 * 1024, "{with} KiB");
    assert!(without > 90 * 1024, "{without} KiB");
}

fn peak_memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[test]
fn the_length_of_a_subnegotiation() {
    let forever = |builder: Builder| builder.subnegotiation_time(Duration::MAX);
    harms_only_without(
        forever,
        |builder| forever(builder).max_subnegotiation(usize::MAX),
        listening,
        |console, limit| {
            let address = &console.addresses()[0];
            let mut client = Client::prompted(address);
            client.send([b"\xff\xfa\x18".as_slice(), &[b'x'; 300], b"\r\n"].concat());
            client.send(LISTENS);
            !comes(&mut client, "listens", limit.patience())
        },
    );
}

#[test]
fn the_time_of_a_subnegotiation() {
    let short = |builder: Builder| builder.subnegotiation_time(Duration::from_millis(100));
    harms_only_without(
        short,
        |builder| builder.subnegotiation_time(Duration::MAX),
        listening,
        |console, limit| {
            let address = &console.addresses()[0];
            let mut client = Client::prompted(address);
            client.send(b"wire count half\xff\xfa\x18x");
            let told = comes(
                &mut client,
                "an unterminated telnet subnegotiation and the input after it were dropped",
                limit.patience(),
            );
            client.send(LISTENS);
            !told || !comes(&mut client, "listens", limit.patience())
        },
    );
}

#[test]
fn option_commands() {
    harms_only_without(
        as_it_is,
        |builder| builder.max_option_commands(usize::MAX),
        listening,
        |console, _| {
            let address = &console.addresses()[0];
            let mut client = Client::prompted(address);
            client.send(b"\xff\xfd\x01".repeat(1000));
            client.send(LISTENS);
            let text = client.expect("listens");
            // The bytes are invalid UTF-8: each answer has two of them. The thousand may fall into two seconds.
            let answers = text.matches('\u{1}').count();
            assert!(answers >= 32, "{answers}");
            answers > 64
        },
    );
}

#[test]
fn pending_output_is_bounded() {
    let whole = |builder: Builder| builder.max_answer(usize::MAX);
    harms_only_without(
        whole,
        |builder| whole(builder).max_output(usize::MAX),
        listening,
        |console, limit| {
            let address = &console.addresses()[0];
            let name = format!("poured-{limit:?}");
            let mut client = Client::prompted(address);
            client.send(format!("wire pour 400000 {name}\r\n"));
            // The kernel buffers some megabytes of the 25; the command waits with the rest.
            let until = Instant::now() + if limit == Limit::On { Duration::from_secs(1) } else { PATIENCE };
            while count_of(&name) == 0 && Instant::now() < until {
                std::thread::sleep(Duration::from_millis(10));
            }
            count_of(&name) > 0
        },
    );
}

#[test]
fn a_client_that_reads_nothing_is_bounded() {
    let short = |builder: Builder| builder.write_stall(Duration::from_millis(100));
    harms_only_without(
        short,
        |builder| builder.write_stall(Duration::MAX),
        listening,
        |console, limit| {
            let address = &console.addresses()[0];
            let mut client = Client::prompted(address);
            client.send("wire flood 1000000\r\n");
            let mut other = Client::prompted(address);
            let until = Instant::now() + limit.patience();
            while Instant::now() < until {
                if !other.ask("who").contains("1000000") {
                    // Output in transit arrives, and the rest does not.
                    return String::from_utf8(client.read_to_end()).unwrap().contains("end of flood");
                }
            }
            true
        },
    );
}

/// For example, a pager in front of the client that stays at its first page.
#[test]
fn a_slow_reader_is_told_of_a_cut_answer() {
    let socket = env::temp_dir().join(format!("backdoor-pauses-{}.sock", process::id()));
    let unix = format!("unix:{}", socket.display());
    let short = Duration::from_millis(100);
    let console = builder().listen("0").listen(unix).write_stall(short).start().unwrap();
    let mut other = Client::prompted(&console.addresses()[1]);
    for address in console.addresses() {
        let cut = "\nthe rest is left out: nothing was read for 100ms; this session is closed\n";
        let check = |lines: &str, is_cut: fn(&str, &str) -> bool, other: &mut Client| {
            let mut client = Client::connect(address);
            client.send(lines);
            client.close_write();
            until("its begin", || other.ask("who"), |who| who.contains("1000000"));
            until("its end", || other.ask("who"), |who| !who.contains("1000000"));
            let text = client.read_to_string();
            assert!(is_cut(&text, cut), "{address}: ..{}", &text[text.len().saturating_sub(300)..]);
        };
        check("wire flood 1000000\n", |text, cut| text.ends_with(cut), &mut other);
        let is_json = |text: &str, _: &str| {
            let last: serde_json::Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
            last["error"]["status"] == "cancelled"
        };
        check("wire flood 1000000 --json\n", is_json, &mut other);
    }
}

/// More than one read returns, so that the limit is reached.
const AHEAD: usize = 2000;

/// Whether all lines during a command are kept; otherwise some are discarded and reported.
fn keeps_all_ahead(console: &Backdoor, limit: Limit, name: &str) -> bool {
    let name = format!("{name}-{limit:?}");
    let mut client = Client::prompted(&console.addresses()[0]);
    client.send(format!("wire wait {name}\r\n"));
    client.send(format!("wire count {name}\r\n").repeat(AHEAD));
    // Are you there: it is answered after everything before it was read.
    client.send(b"\xff\xf6");
    client.expect("runs, pid ");
    open(&name);
    let told = comes(&mut client, "further lines were not run; the queue was full", limit.patience());
    !told || count_of(&name) == AHEAD as u32
}

#[test]
fn queued_lines_are_bounded() {
    harms_only_without(
        |builder| builder.max_lines_ahead(10),
        |builder| builder.max_lines_ahead(usize::MAX),
        listening,
        |console, limit| keeps_all_ahead(console, limit, "lines-ahead"),
    );
}

#[test]
fn queued_bytes_are_bounded() {
    let any_count = |builder: Builder| builder.max_lines_ahead(usize::MAX);
    harms_only_without(
        |builder| any_count(builder).max_bytes_ahead(1000),
        |builder| any_count(builder).max_bytes_ahead(usize::MAX),
        listening,
        |console, limit| keeps_all_ahead(console, limit, "bytes-ahead"),
    );
}

#[test]
fn regression_an_interrupt_behind_too_many_lines_is_seen() {
    for interrupt in [b"\xff\xf4".as_slice(), b"\xff\xf3", b"\x03"] {
        let console = builder().listen("0").max_lines_ahead(10).start().unwrap();
        let mut client = Client::prompted(&console.addresses()[0]);
        client.send("wire wait never\r\n");
        client.send("wire count behind\r\n".repeat(AHEAD));
        client.send(interrupt);
        client.expect(format!("interrupted\r\n{AHEAD} queued lines were not run\r\n"));
        assert_eq!(client.answer(), "");
        assert_eq!(client.ask("wire echo a"), "a\r\n");
        assert_eq!(count_of("behind"), 0);
    }
}
