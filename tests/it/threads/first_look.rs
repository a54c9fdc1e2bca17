//! The memory that the first look-up of stacks needs, and its behaviour if there is little.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use backdoor_runtime::Address;

use crate::client::script;
use crate::example::{Example, program};
use crate::left_out::left_out;

const LISTEN: [(&str, &str); 1] = [("BACKDOOR_LISTEN", "127.0.0.1:0")];

/// The views that name functions.
const VIEWS: [&str; 4] = ["pnt\n", "waits\n", "pgt\n", "profile cpu --for 200ms\n"];

fn address(example: &mut Example) -> Address {
    // The shop also has a page for customers, whose address it prints before that of its console.
    loop {
        let line = example.line();
        assert!(!line.is_empty(), "it has ended");
        if let Some(Ok(address)) = line.rsplit(' ').next().map(str::parse) {
            return Address::Tcp(address);
        }
    }
}

/// A figure of a process in kB.
fn figure(pid: u32, name: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// M11, newcomer 3.5. It kept 47 MiB of anonymous memory in this build for good.
#[test]
fn the_first_look_up_needs_little_memory() {
    let mut example = Example::start_with("hello", &LISTEN);
    let address = address(&mut example);
    script(&address, "version\n");
    let pid = example.process.id();
    let (before, resident) = (figure(pid, "RssAnon"), figure(pid, "VmRSS"));
    // The peak is measured anew from here on (proc_pid_clear_refs(5)).
    fs::write(format!("/proc/{pid}/clear_refs"), "5").unwrap();
    for view in VIEWS {
        script(&address, view);
    }
    let (kept, peak) = (figure(pid, "RssAnon") - before, figure(pid, "VmHWM").saturating_sub(resident));
    assert!(kept < 4 * 1024, "{kept} kB");
    assert!(peak < 16 * 1024, "{peak} kB, pages of files among them");
    let held = script(&address, "self\n");
    assert!(held.contains(" for function names"), "{held}");
}

/// A control group of either version with little memory; removed on drop.
struct Group(PathBuf);

impl Group {
    fn of(bytes: u64) -> Option<Self> {
        let name = format!("backdoor-{}-{bytes}", std::process::id());
        let places = [("/sys/fs/cgroup/memory", "memory.limit_in_bytes"), ("/sys/fs/cgroup", "memory.max")];
        places.iter().find_map(|(root, limit)| {
            let group = Self(Path::new(root).join(&name));
            fs::create_dir(&group.0).ok()?;
            fs::write(group.0.join(limit), bytes.to_string()).ok().map(|()| group)
        })
    }

    /// A command that moves itself into the group and becomes this program.
    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new("sh");
        command.arg("-c").arg("echo $$ > \"$1/cgroup.procs\" && exec \"$2\"").arg("sh");
        command.arg(&self.0).arg(program);
        command
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let _ = fs::remove_dir(&self.0);
    }
}

/// Operator's C2: it was killed by the first `pnt`.
#[test]
fn every_view_works_with_32_mib() {
    let Some(group) = Group::of(32 << 20) else {
        left_out("a service in 32 MiB: no control group can be made here");
        return;
    };
    let mut command = group.command(program("shop"));
    command.envs(LISTEN).env("SHOP_HTTP", "127.0.0.1:0");
    let mut example = Example::start_command(command);
    let address = address(&mut example);
    for view in VIEWS {
        let answer = script(&address, view);
        assert!(!answer.trim().is_empty(), "{view}");
    }
    assert!(script(&address, "pnt\n").contains("shop::main"), "its own function has its name");
    assert!(example.process.try_wait().unwrap().is_none(), "it lives");
    drop(example);
}

/// The second half of C2: `memory allocation of 46 bytes failed`, and status 134.
#[test]
fn every_view_works_with_20_mib_of_address_space_left() {
    let mut example = Example::start_with("hello", &LISTEN);
    let address = address(&mut example);
    script(&address, "version\n");
    let pid = example.process.id();
    let limit = (figure(pid, "VmSize") + 20 * 1024) * 1024;
    let limited =
        Command::new("prlimit").args(["--pid", &pid.to_string(), &format!("--as={limit}")]).status();
    if !limited.is_ok_and(|status| status.success()) {
        left_out("a limit of address space: there is no prlimit here");
        return;
    }
    for view in VIEWS {
        assert!(!script(&address, view).trim().is_empty(), "{view}");
    }
    assert!(example.process.try_wait().unwrap().is_none(), "it lives");
}

/// The program and a library are read from the loaded files, not from the files at their paths now.
#[test]
fn a_program_that_was_replaced_keeps_its_names_and_lines() {
    let copy = std::env::temp_dir().join(format!("backdoor-replaced-{}", std::process::id()));
    fs::copy(program("hello"), &copy).unwrap();
    let mut example = Example::start_program(&copy, &LISTEN);
    let address = address(&mut example);
    fs::remove_file(&copy).unwrap();
    fs::write(&copy, "another program").unwrap();
    let answer = script(&address, "pnt\n");
    fs::remove_file(&copy).unwrap();
    assert!(answer.contains("hello::main  ") && answer.contains("examples/hello.rs:"), "{answer}");
    assert!(!answer.contains("line tables"), "{answer}");
}
