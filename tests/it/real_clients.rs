//! The programs that operators really use: `telnet` and `nc`, in a terminal and in a pipe.

use std::path::Path;
use std::process::{Command, Output};

use backdoor_runtime::Address;

use crate::left_out::left_out;
use crate::pty::{Terminal, require};
use crate::wire::{notes_of, open, tcp, unix, wait_for};

const PROMPT: &str = "test> ";

fn port() -> String {
    match tcp() {
        Address::Tcp(address) => address.port().to_string(),
        Address::Unix(_) => unreachable!("it was asked for TCP"),
    }
}

fn path() -> &'static Path {
    match unix() {
        Address::Unix(path) => path,
        Address::Tcp(_) => unreachable!("it was asked for a unix socket"),
    }
}

#[track_caller]
fn telnet() -> Terminal {
    let mut telnet = Terminal::start("telnet", "inetutils-telnet", &["127.0.0.1", &port()]);
    let greeting = telnet.expect(PROMPT);
    assert!(greeting.contains(&format!("\r\ntest, pid {} on ", std::process::id())), "{greeting:?}");
    telnet
}

#[test]
fn telnet_shows_one_prompt_for_each_enter() {
    let mut telnet = telnet();
    telnet.press("wire echo a é\r");
    assert_eq!(telnet.expect(PROMPT), "wire echo a é\r\na é\r\ntest> ");
    for _ in 0..3 {
        telnet.press("\r");
        assert_eq!(telnet.expect(PROMPT), "\r\ntest> ");
    }
    telnet.press("cahce\r");
    let text = telnet.expect(PROMPT);
    assert!(text.starts_with("cahce\r\n      ^^^^^\r\nunknown command `cahce`"), "{text:?}");
    telnet.press("quit\r");
    assert_eq!(telnet.expect_end(), "quit\r\ngoodbye\r\nConnection closed by foreign host.\r\n");
}

/// Each prompt stood alone on a line, with the answer below it.
#[test]
fn regression_pasted_lines_stand_behind_their_prompts() {
    let mut telnet = telnet();
    telnet.press("wire wait pasted-behind\rwire echo a\r\rcahce\rwire echo b\r");
    telnet.expect("waiting\r\n");
    // The terminal echoes at any time; the echo is read when the last line waits.
    telnet.press("wire ender pasted-typed\r");
    telnet.expect("wire ender pasted-typed\r\n");
    open("pasted-behind");
    telnet.expect("passed\r\n");
    let shown = telnet.expect("OK\r\ntest> ");
    let unknown = shown.split("\r\n").find(|line| line.starts_with("unknown command `cahce`")).unwrap();
    let wanted = format!(
        "test> wire echo a\r\na\r\ntest> \r\ntest> cahce\r\n      ^^^^^\r\n{unknown}\r\n\
         test> wire echo b\r\nb\r\ntest> wire ender pasted-typed\r\nOK\r\ntest> "
    );
    assert_eq!(shown, wanted);
}

#[test]
fn telnet_is_not_left_deaf_by_ctrl_c() {
    let mut telnet = telnet();
    for _ in 0..3 {
        telnet.press("wire wait never\r");
        telnet.expect("waiting\r\n");
        telnet.press("\x03");
        let text = telnet.expect(PROMPT);
        assert!(text.ends_with("interrupted\r\ntest> "), "{text:?}");
        telnet.press("wire echo heard\r");
        assert_eq!(telnet.expect(PROMPT), "wire echo heard\r\nheard\r\ntest> ");
    }
    // At the bare prompt, each makes a new prompt.
    for _ in 0..3 {
        telnet.press("\x03");
        let text = telnet.expect(PROMPT);
        assert!(text.ends_with("\r\ntest> "), "{text:?}");
        telnet.press("wire echo heard\r");
        assert_eq!(telnet.expect(PROMPT), "wire echo heard\r\nheard\r\ntest> ");
    }
}

#[test]
fn telnet_is_not_left_deaf_by_ctrl_backslash() {
    let mut telnet = telnet();
    telnet.press("wire wait never\r");
    telnet.expect("waiting\r\n");
    telnet.press("\x1c");
    telnet.expect(PROMPT);
    telnet.press("wire echo heard\r");
    assert_eq!(telnet.expect(PROMPT), "wire echo heard\r\nheard\r\ntest> ");
}

#[test]
fn telnet_ends_with_ctrl_d() {
    let mut telnet = telnet();
    telnet.press("wire echo a\r");
    telnet.expect(PROMPT);
    telnet.press("\x04");
    assert!(telnet.expect_end().ends_with("Connection closed by foreign host.\r\n"));
}

#[test]
fn a_thousand_lines_pasted_into_telnet_run_in_order() {
    let mut telnet = telnet();
    telnet.press(&(0..1000).map(|line| format!("wire note paste {line}\r")).collect::<String>());
    // The terminal mixes its echo of further input into the answers, so the order is read inside the service.
    telnet.press("wire ender pasted\r");
    wait_for("pasted");
    assert_eq!(notes_of("paste"), (0..1000).collect::<Vec<_>>());
    telnet.expect("OK\r\ntest> ");
    telnet.press("wire echo heard\r");
    assert_eq!(telnet.expect(PROMPT), "wire echo heard\r\nheard\r\ntest> ");
}

#[test]
fn a_table_follows_the_size_of_telnets_window() {
    let mut telnet = telnet();
    for columns in [80, 132, 255, 40] {
        telnet.resize(columns, 24);
        // The signal and the keys reach the client separately, so the size may arrive after a line.
        loop {
            telnet.press("wire width\r");
            if telnet.expect(PROMPT) == format!("wire width\r\n{columns}\r\ntest> ") {
                break;
            }
        }
        telnet.press("wire table\r");
        let table = telnet.expect(PROMPT);
        // A word that is wider than the terminal is alone on its line, and whole.
        let lines = table.lines().filter(|line| line.contains(' '));
        let widest = lines.map(|line| line.chars().count()).max().unwrap();
        assert!(table.contains("one") && widest <= columns.into(), "{table}");
    }
}

#[test]
fn telnet_with_a_pipe_for_a_keyboard_is_answered() {
    require("telnet", "inetutils-telnet");
    let script = format!("(printf 'wire echo a\\nquit\\n'; sleep 2) | telnet 127.0.0.1 {}", port());
    let text = String::from_utf8(sh(&script).stdout).unwrap();
    assert!(text.contains("\na\ngoodbye\n") || text.contains("\na\r\ngoodbye\r\n"), "{text:?}");
}

#[test]
fn nc_in_a_terminal_gets_a_prompt() {
    let mut nc = Terminal::start("nc", "netcat-openbsd", &["127.0.0.1", &port()]);
    nc.expect(PROMPT);
    nc.press("wire echo a\r");
    assert_eq!(nc.expect(PROMPT), "wire echo a\r\na\r\r\ntest> ");
    nc.press("quit\r");
    nc.expect("goodbye");
    nc.press("\x03");
    nc.expect_end();
}

#[test]
fn nc_with_a_script_prints_answers_only_and_ends_by_itself() {
    require("nc", "netcat-openbsd");
    let (port, path) = (port(), path().display());
    for client in [
        format!("nc 127.0.0.1 {port}"),
        format!("nc -N 127.0.0.1 {port}"),
        format!("nc -U {path}"),
        format!("nc -NU {path}"),
    ] {
        let output = sh(&format!("printf 'help\\nversion\\nwire echo é\\n' | {client}"));
        assert!(output.status.success(), "{client}: {output:?}");
        assert!(!output.stdout.contains(&0xff) && !output.stdout.contains(&b'\r'), "{client}");
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(text.contains("no further input"), !client.contains("-N"), "{client}: {text}");
        // Only a client that has not closed its half gets this line.
        let text = text.trim_end_matches("no further input for 2s; this session is closed\n");
        assert!(!text.contains(PROMPT) && text.ends_with("\né\n"), "{client}: {text}");
        let (help, version) = (text.find("wire echo").unwrap(), text.find("\nservice ").unwrap());
        assert!(help < version, "{client}: {text}");
    }
}

#[test]
fn nc_without_input_ends() {
    require("nc", "netcat-openbsd");
    let output = sh(&format!("nc -N 127.0.0.1 {} < /dev/null", port()));
    assert!(output.stdout.is_empty(), "{output:?}");
}

/// Runs a script, which must end by itself.
#[track_caller]
fn sh(script: &str) -> Output {
    let output = Command::new("timeout").args(["60", "sh", "-c", script]).output().unwrap();
    assert_ne!(output.status.code(), Some(124), "`{script}` did not end: {output:?}");
    output
}

/// In line mode, GNU's client takes two bytes of UTF-8 for special keys, unless BINARY was negotiated.
#[test]
fn regression_telnet_types_any_letter() {
    let mut telnet = telnet();
    // BINARY is requested right after the first prompt, before the operator can type.
    telnet.press("wire echo a\r");
    telnet.expect("\r\na\r\ntest> ");
    for text in ["Ü", "”", "中", "“Grüße”", "Ünïcödé ÜÝ 東京 \u{1f600}"] {
        telnet.press(&format!("wire echo {text}\r"));
        assert_eq!(telnet.expect(PROMPT), format!("wire echo {text}\r\n{text}\r\ntest> "));
    }
    telnet.press("wire wait never\r");
    telnet.expect("waiting\r\n");
    telnet.press("\x03");
    assert!(telnet.expect(PROMPT).ends_with("interrupted\r\ntest> "));
    let pasted: String = (0..20).map(|line| format!("wire echo Ü{line}\r")).collect();
    telnet.press(&pasted);
    for line in 0..20 {
        telnet.expect(&format!("Ü{line}\r\n"));
    }
    telnet.expect(PROMPT);
    telnet.press("\x04");
    assert!(telnet.expect_end().ends_with("Connection closed by foreign host.\r\n"));
}

/// Whether a client is installed that not every machine has; if not, the test ends.
fn has(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let is_there = std::env::split_paths(&path).any(|directory| directory.join(program).is_file());
    if !is_there {
        left_out(&format!("a client: `{program}` is not on this machine"));
    }
    is_there
}

/// The client uses Ctrl-C for a menu of its own.
#[test]
fn c27_an_empty_line_from_busybox_ends_an_endless_command() {
    if !has("busybox") {
        return;
    }
    let mut telnet = Terminal::start("busybox", "busybox", &["telnet", "127.0.0.1", &port()]);
    telnet.expect(PROMPT);
    telnet.press("wire endless\r");
    telnet.expect("has no time limit; Ctrl-C or an empty line ends it");
    telnet.expect("tick");
    telnet.press("\r");
    telnet.expect("interrupted");
    telnet.expect(PROMPT);
    telnet.press("wire echo heard\r");
    telnet.expect("heard\r\n");
    telnet.expect(PROMPT);
    telnet.press("quit\r");
    telnet.expect_end();
}

#[test]
fn c28_socat_waits_for_its_configured_time() {
    if !has("socat") {
        return;
    }
    let socket = path().display();
    let output = sh(&format!("echo 'wire echo a' | socat -t10 - UNIX-CONNECT:{socket}"));
    assert_eq!(String::from_utf8_lossy(&output.stdout), "a\n");
}

/// netmiko and Ansible begin so: Enter, then the prompt.
#[test]
fn c12_pythons_telnetlib_gets_a_prompt_for_an_empty_line() {
    if !has("python3") {
        return;
    }
    let program = "import sys, warnings; warnings.simplefilter('ignore')\n\
        try: import telnetlib\n\
        except ImportError: print('left out: this Python has no telnetlib'); sys.exit()\n\
        t = telnetlib.Telnet('127.0.0.1', int(sys.argv[1]), 30)\n\
        t.write(b'\\n'); t.expect([rb'test> $'], 30)\n\
        t.write(b'wire echo heard\\n'); print(t.read_until(b'test> ', 30).decode())\n\
        t.write(b'quit\\n'); print(t.read_all().decode())";
    let output = Command::new("timeout").args(["60", "python3", "-c", program, &port()]).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{output:?}");
    assert!(text.contains("left out") || (text.contains("heard") && text.contains("goodbye")), "{output:?}");
}
