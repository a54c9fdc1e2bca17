//! If the file of a unix socket is removed while its console runs, it is made again as soon as possible, with one warning.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::client::{Client, script};
use crate::listen::Directory;
use crate::listen::environment::Service;
use crate::log::Log;
use crate::wait::until;
use crate::wire::builder;

#[track_caller]
fn comes_back(path: &Path) {
    until(&path.display().to_string(), || UnixStream::connect(path).map(drop), Result::is_ok).unwrap();
}

#[test]
fn c16_a_removed_socket_file_is_bound_again_with_one_warning() {
    let directory = Directory::new("removed");
    let (path, address) = directory.socket();
    let (log, _guard) = Log::record();
    let console = builder().listen(address.as_str()).start().unwrap();
    let mut session = Client::connect(&console.addresses()[0]);
    session.send("wire echo a\n");
    session.expect("a\n");
    for _ in 0..2 {
        fs::remove_file(&path).unwrap();
        comes_back(&path);
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
    }
    let warning = log.expect(&["WARN", "was removed; the console of test made it again"]);
    assert!(warning.contains(&format!("the file of {address} ")), "{warning}");
    // The second one is counted and not logged.
    assert_eq!(log.lines().iter().filter(|line| line.contains("was removed")).count(), 1);
    // Existing sessions stay.
    session.send("wire echo b\n");
    session.expect("b\n");
    assert_eq!(script(&console.addresses()[0], "wire echo a\n"), "a\n");
    drop(console);
    assert!(!path.exists(), "the file that was made last goes in the end");
}

#[test]
fn c16_a_socket_in_a_moved_directory_is_bound_at_its_path() {
    let directory = Directory::new("moved");
    let inner = directory.0.join("inner");
    fs::create_dir(&inner).unwrap();
    let path = inner.join("a.sock");
    let (log, _guard) = Log::record();
    let console = builder().listen(format!("unix:{}", path.display())).start().unwrap();
    fs::rename(&inner, directory.0.join("moved")).unwrap();
    log.expect(&["WARN", "was removed", "there is no directory", "tries again every 5 s"]);
    fs::create_dir(&inner).unwrap();
    log.expect(&["INFO", "the console of test listens on", "now"]);
    assert_eq!(script(&console.addresses()[0], "wire echo a\n"), "a\n");
    assert_eq!(console.addresses().len(), 1);
}

#[test]
fn c16_another_file_in_its_place_is_kept() {
    let directory = Directory::new("replaced");
    let (path, address) = directory.socket();
    let (log, _guard) = Log::record();
    let console = builder().listen(address.as_str()).start().unwrap();
    let theirs = directory.0.join("theirs");
    fs::write(&theirs, "theirs").unwrap();
    fs::rename(&theirs, &path).unwrap();
    log.expect(&["WARN", "was removed", "a regular file exists there", "tries again every 5 s"]);
    assert_eq!(fs::read(&path).unwrap(), b"theirs");
    fs::remove_file(&path).unwrap();
    log.expect(&["INFO", "the console of test listens on", "now"]);
    assert_eq!(script(&console.addresses()[0], "wire echo a\n"), "a\n");
}

#[test]
fn changes_beside_the_socket_are_ignored() {
    let directory = Directory::new("beside");
    let (path, address) = directory.socket();
    let (log, _guard) = Log::record();
    let console = builder().listen(address.as_str()).start().unwrap();
    for _ in 0..1000 {
        let other = directory.0.join("other");
        fs::write(&other, "").unwrap();
        fs::remove_file(&other).unwrap();
    }
    fs::set_permissions(&path, fs::Permissions::from_mode(0o660)).unwrap();
    assert_eq!(script(&console.addresses()[0], "wire echo a\n"), "a\n");
    assert!(!log.lines().iter().any(|line| line.contains("removed")));
}

/// How often the console's thread of a process has gone to sleep. The thread may not have its name yet.
fn sleeps(pid: u32) -> Option<u64> {
    let mut threads = fs::read_dir(format!("/proc/{pid}/task")).unwrap().map(|thread| thread.unwrap().path());
    let is_console = |thread: &PathBuf| {
        fs::read_to_string(thread.join("comm")).is_ok_and(|name| name == "backdoor-consol\n")
    };
    let status = fs::read_to_string(threads.find(is_console)?.join("status")).ok()?;
    let count = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"))?;
    count.trim().parse().ok()
}

#[test]
fn an_existing_socket_file_causes_no_wake_ups() {
    let directory = Directory::new("asleep");
    let service = Service::start("start", Some(&directory.socket().1));
    let slept = || {
        let before = sleeps(service.pid());
        // Files are created and removed beside it meanwhile.
        for _ in 0..100 {
            std::thread::sleep(Duration::from_millis(10));
            fs::write(directory.0.join("other"), "").unwrap();
            fs::remove_file(directory.0.join("other")).unwrap();
        }
        (before, sleeps(service.pid()))
    };
    until("a second without a wake-up", slept, |(before, after)| before.is_some() && before == after);
}
