//! No descriptor can be opened: a limit of the process, or a leak of descriptors, which is when an operator connects.

use rustix::process::Resource;

use super::process::{Begun, Process, VIEWS, answers, check_answers, limited};
use super::strategy::programs;
use crate::client::{Client, script};

const LEFT: &str = "the service has no descriptor left; this session had sent no line and is closed to make room for another";

const REFUSED: &str =
    "the service cannot accept a connection now: Too many open files (os error 24); try again later\n";

/// A service that has opened all its descriptors, and the session that told it to.
fn leaking() -> (Process, backdoor_runtime::Address, Client) {
    let mut command = Process::command("multi");
    limited(&mut command, Resource::Nofile, 40);
    let service = Process::start(&mut command);
    let address = service.address();
    let mut first = Client::prompted(&address);
    assert_eq!(first.ask("service open 100"), "Too many open files (os error 24)\r\n");
    (service, address, first)
}

/// attack.md H5.
#[test]
fn views_and_new_sessions_work_in_a_descriptor_leak() {
    let (service, address, mut first) = leaking();
    for view in VIEWS {
        let answer = first.ask(view);
        assert!(
            !answer.contains("Too many open files") && !answer.contains("bug in the console"),
            "{view}: {answer}"
        );
    }
    let mut second = Client::prompted(&address);
    assert!(second.ask("fds").contains(" of 40"), "{}", second.ask("fds"));
    assert!(second.ask("threads").contains("a thread"));
    // Further peers are told that there is no room for a third session.
    for _ in 0..3 {
        assert_eq!(Client::connect(&address).read_to_string(), REFUSED);
    }
    // A freed descriptor is used for the next session.
    drop(second);
    let mut third = Client::prompted(&address);
    assert_eq!(third.ask("service close"), "");
    assert_eq!(script(&address, "service work\n"), "worked\n");
    let (status, log) = service.end();
    assert!(status.success() && !log.contains("panicked"), "{log}");
    assert_eq!(log.matches("a connection was accepted with a reserved descriptor").count(), 1, "{log}");
}

#[test]
fn silent_sessions_make_room_in_a_descriptor_leak() {
    let (_service, address, mut first) = leaking();
    // An empty line counts as silence, too.
    let mut silent = Client::prompted(&address);
    silent.ask("");
    for _ in 0..5 {
        let newcomer = Client::prompted(&address);
        let said = silent.read_to_string();
        assert!(said.contains(LEFT), "{said}");
        silent = newcomer;
    }
    assert!(silent.ask("version").contains("pid "));
    assert_eq!(Client::connect(&address).read_to_string(), REFUSED);
    assert!(first.ask("version").contains("pid "), "who has sent a line stays");
}

/// attack.md H2, with two addresses.
#[test]
fn start_succeeds_or_fails_cleanly_at_each_descriptor_limit() {
    let socket = std::env::temp_dir().join(format!("backdoor-steps-{}.sock", std::process::id()));
    for (program, flavour) in
        programs().into_iter().flat_map(|program| ["none", "current", "multi"].map(|f| (program, f)))
    {
        let mut seen = Vec::new();
        for limit in 3.. {
            let mut command = Process::of(program, flavour);
            limited(command.env("BACKDOOR_TEST_SOCKET", &socket), Resource::Nofile, limit);
            let service = Process::start(&mut command);
            let begun = service.begun();
            if let Begun::WithConsole(address) = &begun {
                check_answers(&answers(address, &["mem", "tasks", "threads", "vars"]));
            }
            let (status, log) = service.end();
            let warnings = log.lines().filter(|line| line.contains("WARN")).count();
            match &begun {
                Begun::NotAtAll => continue,
                Begun::Died => panic!("{flavour} {limit}: {status} {log}"),
                Begun::WithoutConsole => assert_eq!(warnings, 1, "{flavour} {limit}: {log}"),
                Begun::WithConsole(_) => {}
            }
            assert!(status.success() && !log.contains("panicked"), "{flavour} {limit}: {status} {log}");
            seen.push(matches!(begun, Begun::WithConsole(_)));
            if seen.ends_with(&[true; 3]) {
                break;
            }
        }
        assert!(!seen[0], "{flavour}: its own descriptors fit, and none of the console's");
    }
}
