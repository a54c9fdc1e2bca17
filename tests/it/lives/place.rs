//! The environment of the service lacks something usual: /proc, the usual root directory, space on the disk.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use backdoor_runtime::Address;

use super::process::{Process, SERVICE, VIEWS, answers, check_answers};
use crate::client::{Client, script};
use crate::left_out::left_out;

const NO_PROC: &str =
    "keeps the priority of the service: without /proc the console cannot rule out a seccomp filter";

/// A directory of a test, removed on drop.
struct Dir(PathBuf);

impl Dir {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("backdoor-lives-{}-{name}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The service behind a line of shell, in its own mount namespace: `$service` is the program, `$dir` a directory.
fn behind(line: &str, dir: &Dir) -> Option<Process> {
    let can = Command::new("unshare").args(["-m", "mount", "-t", "tmpfs", "none", "/mnt"]).output();
    if !can.is_ok_and(|output| output.status.success()) {
        left_out("a service that lacks something: nothing can be mounted here");
        return None;
    }
    let mut command = Command::new("unshare");
    command.args(["-m", "sh", "-ec", line]).env("service", SERVICE).env("dir", &dir.0).current_dir("/");
    command.env_remove("BACKDOOR_LISTEN").env_remove("XDG_RUNTIME_DIR");
    Some(Process::start(&mut command))
}

#[track_caller]
fn check(service: Process, said: &str) {
    let address = service.address();
    let answers = answers(&address, VIEWS);
    check_answers(&answers);
    let answer = |line| &answers.iter().find(|(asked, _)| *asked == line).unwrap().1;
    assert_eq!(
        answer("mem"),
        "error: cannot read /proc/self/status: No such file or directory (os error 2)\r\n"
    );
    for line in ["tasks", "vars", "locks", "version", "help", "runtime"] {
        assert!(!answer(line).starts_with("error"), "{line}: {}", answer(line));
    }
    assert_eq!(script(&address, "service work\n"), "worked\n");
    let (status, log) = service.end();
    assert!(status.success() && !log.contains("panicked"), "{status}: {log}");
    assert_eq!(log.matches(said).count(), 1, "{log}");
}

#[test]
fn without_proc_the_other_views_work() {
    let dir = Dir::new("no-proc");
    let Some(service) = behind("umount -l /proc; exec \"$service\" multi", &dir) else { return };
    check(service, NO_PROC);
}

#[test]
fn the_console_works_in_a_root_with_only_libraries() {
    let dir = Dir::new("root");
    let line = "mount -t tmpfs none \"$dir\"; cp \"$service\" \"$dir/service\"
        for library in /lib /lib64 /usr/lib; do
            [ -d $library ] || continue; mkdir -p \"$dir$library\"; mount --bind $library \"$dir$library\"
        done
        exec chroot \"$dir\" /service multi";
    let Some(service) = behind(line, &dir) else { return };
    check(service, NO_PROC);
}

/// The output of `profile cpu --save` for a busy service.
#[track_caller]
fn saved(address: &Address, limit: &str) -> String {
    let mut client = Client::prompted(address);
    client.ask(limit);
    // On a busy machine it may get no processor for a second.
    loop {
        client.ask("service burn");
        let answer = client.ask("profile cpu --for 1s --save");
        if answer.contains("no samples at ") {
            continue;
        }
        assert!(answer.contains(" at 99 Hz: "), "the table comes first: {answer}");
        return answer;
    }
}

#[test]
fn a_profile_on_a_full_disk_is_shown_and_leaves_no_file() {
    for (options, why) in [("size=8k", "No space left on device"), ("ro", "Read-only file system")] {
        let dir = Dir::new("disk");
        let line =
            format!("mount -t tmpfs -o {options} none \"$dir\"; TMPDIR=\"$dir\" exec \"$service\" multi");
        let Some(service) = behind(&line, &dir) else { return };
        let answer = saved(&service.address(), "changes");
        assert!(answer.contains("nothing was saved: cannot ") && answer.contains(why), "{answer}");
        let inside = PathBuf::from(format!("/proc/{}/root{}", service.id(), dir.0.display()));
        assert_eq!(fs::read_dir(inside).unwrap().count(), 0, "{options}");
        assert!(service.end().0.success());
    }
}

/// The kernel answers a write beyond the limit with SIGXFSZ, which ends the process.
#[test]
fn a_file_size_limit_does_not_end_the_service() {
    let dir = Dir::new("file-size");
    let log = dir.0.join("log");
    let mut command = Command::new("sh");
    command
        .args(["-c", "exec \"$service\" multi 2> \"$dir/log\""])
        .env("service", SERVICE)
        .env("dir", &dir.0);
    command.env_remove("BACKDOOR_LISTEN").env_remove("XDG_RUNTIME_DIR").env("TMPDIR", &dir.0);
    let service = Process::start(&mut command);
    let address = service.address();
    let answer = saved(&address, "service limit file-size 500");
    assert!(answer.contains("bytes, and RLIMIT_FSIZE allows 500"), "{answer}");
    assert_eq!(fs::read_dir(&dir.0).unwrap().count(), 1, "only its log");
    // The console's own log exceeds the limit, too.
    for _ in 0..3 {
        assert_eq!(script(&address, "service work\n"), "worked\n");
    }
    assert!(service.end().0.success());
    assert!(fs::metadata(log).unwrap().len() <= 500);
}

/// Each new thread would need 2 MiB of it.
#[test]
fn without_address_space_the_console_answers() {
    let service = Process::start(&mut Process::command("multi"));
    let address = service.address();
    let status = fs::read_to_string(format!("/proc/{}/status", service.id())).unwrap();
    let size = status.lines().find_map(|line| line.strip_prefix("VmSize:")).unwrap();
    let size: u64 = size.trim().strip_suffix(" kB").unwrap().parse().unwrap();
    script(&address, format!("service limit address-space {}\n", (size + 1024) * 1024));
    check_answers(&answers(&address, &["mem", "tasks", "vars", "locks", "limits", "fds", "self", "help"]));
    let refused = script(&address, "service work\n");
    assert!(refused.contains("refused: no thread can be started for it: Resource temporarily"), "{refused}");
    let (status, log) = service.end();
    assert!(status.success() && !log.contains("panicked"), "{status}: {log}");
}
