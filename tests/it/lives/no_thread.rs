//! No thread can be started: a limit of the user or of a control group, or a leak of threads, which is when an operator connects.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};

use rustix::process::Resource;

use super::process::{Begun, Process, VIEWS, answers, check_answers, limited, lonely_user};
use super::strategy::programs;
use crate::client::script;
use crate::left_out::left_out;

/// Quick views of each kind.
const SOME: &[&str] = &["mem", "tasks", "threads", "vars"];

const NO_THREAD: &str = "no thread can be started for it: Resource temporarily unavailable (os error 11)";

/// The message of a console that cannot start a thread.
#[track_caller]
fn check_views(service: Process, address: &backdoor_runtime::Address) {
    let answers = answers(address, VIEWS);
    check_answers(&answers);
    for (line, answer) in &answers {
        let refused = answer.starts_with("refused") || answer.contains("no thread can be started for it");
        // The author's code behind it may hang, so it needs a thread of its own.
        assert!(!refused || ["vars", "doctor --for 100ms"].contains(line), "{line}: {answer}");
    }
    let answer = |line| &answers.iter().find(|(asked, _)| *asked == line).unwrap().1;
    assert!(answer("pnt").contains("a thread"), "{}", answer("pnt"));
    let refused = super::process::answers(
        address,
        &["service work", "set batch 8", "profile cpu --for 100ms", "service view"],
    );
    check_answers(&refused);
    assert_eq!(refused[0].1, format!("refused: {NO_THREAD}\r\n"));
    assert!(refused[1].1.contains(NO_THREAD), "{}", refused[1].1);
    assert_eq!(refused[2].1, format!("refused: {NO_THREAD}\r\n"));
    assert_eq!(refused[3].1, format!("refused: {NO_THREAD}\r\n"));
    let (status, log) = service.end();
    assert!(status.success() && !log.contains("panicked"), "{status}: {log}");
}

/// operator.md C1, attack.md H1, author.md A1.
#[test]
fn views_work_if_no_thread_can_start() {
    for program in programs() {
        let Some(user) = lonely_user() else { return };
        let service = Process::start(Process::of(program, "multi").uid(user));
        let address = service.address();
        // Existing threads stay, and no further one can start.
        script(&address, format!("service limit threads {}\n", service.threads()));
        check_views(service, &address);
    }
}

#[test]
fn views_work_if_the_control_group_is_full() {
    let Some(group) = Group::new() else { return };
    let service = Process::start(&mut Process::command("multi"));
    let address = service.address();
    fs::write(group.0.join("cgroup.procs"), service.id().to_string()).unwrap();
    fs::write(group.0.join("pids.max"), service.threads().to_string()).unwrap();
    check_views(service, &address);
}

/// attack.md H2: it panicked at one limit, and returned `Err` at the next lower and higher one.
#[test]
fn start_succeeds_or_fails_cleanly_at_each_thread_limit() {
    for (program, flavour) in
        programs().into_iter().flat_map(|program| ["none", "current", "multi"].map(|f| (program, f)))
    {
        let mut seen = Vec::new();
        // With fewer threads than tokio needs itself, it panics or hangs before the console starts.
        let own = if flavour == "multi" { 3 } else { 1 };
        for limit in own.. {
            let Some(user) = lonely_user() else { return };
            let mut command = Process::of(program, flavour);
            limited(command.uid(user), Resource::Nproc, limit);
            let service = Process::start(&mut command);
            let begun = service.begun();
            if let Begun::WithConsole(address) = &begun {
                check_answers(&answers(address, if seen.ends_with(&[true]) { &[] } else { SOME }));
            }
            let (status, log) = service.end();
            let warnings = log.lines().filter(|line| line.contains("WARN")).count();
            match &begun {
                Begun::NotAtAll => continue,
                Begun::Died => panic!("{flavour} {limit}: {status} {log}"),
                Begun::WithoutConsole => {
                    assert_eq!(warnings, 1, "{flavour} {limit}: {log}");
                    assert!(
                        log.contains("the console's threads cannot be started: Resource temporarily"),
                        "{log}"
                    );
                }
                // With the least number of threads, views are refused, and nothing fails.
                Begun::WithConsole(_) if !seen.contains(&true) => {
                    assert!(
                        log.contains("has no thread for views: Resource temporarily"),
                        "{flavour} {limit}: {log}"
                    );
                }
                Begun::WithConsole(_) => {}
            }
            assert!(status.success() && !log.contains("panicked"), "{flavour} {limit}: {status} {log}");
            seen.push(matches!(begun, Begun::WithConsole(_)));
            if seen.ends_with(&[true; 3]) {
                break;
            }
        }
        assert!(!seen[0], "{flavour}: its own threads fit, and none of the console's");
    }
}

/// A control group that counts processes, if one can be made; removed on drop.
struct Group(PathBuf);

impl Group {
    fn new() -> Option<Self> {
        let name = format!("backdoor-test-{}", std::process::id());
        for parent in ["/sys/fs/cgroup/pids", "/sys/fs/cgroup"] {
            let path = Path::new(parent).join(&name);
            let made = fs::create_dir(&path);
            if made.is_ok() && path.join("pids.max").exists() {
                return Some(Self(path));
            }
            let _ = made.and_then(|()| fs::remove_dir(&path));
        }
        left_out("a limit of processes: no control group can be made here that counts them");
        None
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // Its process may take a moment to end.
        for _ in 0..100 {
            if fs::remove_dir(&self.0).is_ok() {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
    }
}
