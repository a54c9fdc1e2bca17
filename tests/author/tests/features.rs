//! What an author's code does with the features that are on.

use std::sync::atomic::Ordering;

use backdoor_runtime::{Backdoor, check_commands};

#[test]
fn instruments_work_with_any_features() {
    let before = author::SERVED.get();
    assert_eq!(author::serve(), author::LEDGER.lock().unwrap().len());
    assert_eq!(author::SERVED.get(), before + 1);
    assert_eq!(author::BATCH.load(Ordering::Relaxed), 10);
    assert_eq!(author::Connection::to("10.0.0.7").peer, "10.0.0.7");
    assert!(author::register());
}

#[test]
fn commands_are_checked_with_any_features() {
    check_commands().unwrap();
}

#[cfg(feature = "tokio")]
#[tokio::test]
async fn tasks_and_locks_run_with_tokio() {
    assert_eq!(author::asynchronous::work().await, 2 + 1 + 2 + 3 + 1);
}

#[cfg(not(feature = "console"))]
#[test]
fn without_the_console_no_service_starts_it() {
    let error = Backdoor::builder("author").listen("0").start().unwrap_err();
    assert!(matches!(error, backdoor_runtime::Error::Unsupported { .. }), "{error}");
    assert!(error.to_string().contains("feature `console`"), "{error}");
    assert!(Backdoor::builder("author").listen("0").start_or_warn().addresses().is_empty());
}

#[cfg(feature = "console")]
mod console {
    use super::*;

    #[test]
    fn commands_run_in_tests() {
        let console = Backdoor::testing().state(vec!["a".to_owned(), "b".to_owned(), "c".to_owned()]);
        assert_eq!(console.run("author add 2").value, 3);
        assert_eq!(console.run("author report 2").text, "a\nb\n");
        assert_eq!(
            console.run("author warm index --most 1MiB").text,
            "Index of Some(ByteSize(1048576))\nwarm\n"
        );
        assert!(console.run("help").text.contains("author"));
    }

    #[cfg(not(backdoor_unsupported_os))]
    #[test]
    fn console_listens() {
        let console = Backdoor::builder("author").state(Vec::<String>::new()).listen("0").start().unwrap();
        assert_eq!(console.addresses().len(), 1);
    }

    #[cfg(backdoor_unsupported_os)]
    #[test]
    fn another_operating_system_is_refused_by_name() {
        let builder = || Backdoor::builder("author").state(Vec::<String>::new()).listen("0");
        let error = builder().start().unwrap_err();
        assert!(matches!(error, backdoor_runtime::Error::Unsupported { .. }), "{error}");
        assert!(error.to_string().contains("Linux"), "{error}");
        assert!(builder().start_or_warn().addresses().is_empty());
    }

    /// Whether this console has a command.
    fn has(name: &str) -> bool {
        let commands = Backdoor::testing().run("commands --json").value;
        commands.as_list().unwrap().iter().any(|command| command["name"] == name)
    }

    #[test]
    fn each_feature_brings_its_commands() {
        let linux = !cfg!(backdoor_unsupported_os);
        for name in ["tasks", "pgt", "pnt", "locks", "waits", "profile cpu"] {
            assert_eq!(has(name), cfg!(feature = "runtime-views") && linux, "{name}");
        }
        for name in ["vars", "get", "set", "changes", "undo", "trend", "objects", "fo"] {
            assert_eq!(has(name), cfg!(feature = "state-views"), "{name}");
        }
        for name in ["mem", "fds", "sockets"] {
            assert_eq!(has(name), cfg!(feature = "state-views") && linux, "{name}");
        }
        assert_eq!(has("log"), cfg!(feature = "log-view"));
        for name in ["who", "running", "version"] {
            assert!(has(name), "{name}");
        }
    }
}

#[cfg(feature = "state-views")]
#[test]
fn variables_are_read_and_set_by_name() {
    let console = Backdoor::testing();
    assert_eq!(console.run("get batch").value["value"], 10);
    assert!(console.run("set batch 900").error.is_some());
}
