//! `docs/what-does-it-hold.md` is a walk through the example shop: each section runs against a shop of its own.

use std::process::{Command, Stdio};

use backdoor_runtime::Address;

use crate::example::{Example, program};
use crate::left_out::left_out;
use crate::transcript::without_numbers;
use crate::walk::{Customers, Service, Walk, sections};

const WALK: Walk = Walk { document: "what-does-it-hold.md", prompt: "shop> ", start, is_once, comparable };

/// A shop, with customers if the section sends some.
fn start(section: &str) -> Service {
    let environment =
        [("SHOP_HTTP", "127.0.0.1:0"), ("BACKDOOR_LISTEN", "127.0.0.1:0"), ("SUPPLIER_KEY", "a made-up key")];
    let mut example = Example::start_with("shop", &environment);
    let line = example.line();
    let (http, console) = line.split_once(", console ").unwrap_or_else(|| panic!("{line}"));
    let console = console.parse().map(Address::Tcp).unwrap();
    let options = section.lines().find_map(|line| line.strip_prefix("$ cargo run --example shop-load -- "));
    let customers = options.map(|options| {
        let url = http.strip_prefix("shop: ").unwrap();
        let load = Command::new(program("shop-load"))
            .args(options.split(' '))
            .args(["--url", url])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        Customers(load.unwrap())
    });
    Service { example, console, _customers: customers }
}

fn is_once(line: &str) -> bool {
    ["set ", "undo", "log set ", "log reset", "drill ", "refresh "]
        .iter()
        .any(|start| line.starts_with(start))
}

/// Masks the parts that differ between runs and between machines.
fn comparable(line: &str, answer: &str) -> String {
    let label = |line: &str| line.trim().split("  ").next().unwrap_or_default().to_owned();
    let lines = |is_kept: fn(&str) -> bool| answer.lines().filter(move |line| is_kept(line));
    let text = match line.split(' ').next() {
        // The heights of bars, and the columns of changes, differ between runs.
        Some("trend") => {
            lines(|line| line.starts_with("last ") || line.contains(": now ")).map(str::to_owned).collect()
        }
        Some("mem" | "build") => lines(|_| true).map(label).collect(),
        Some("cgroup") if !is_cgroup_visible() => Vec::new(),
        // The scope of the pressure differs between machines.
        Some("cgroup") => answer
            .lines()
            .take_while(|line| !line.is_empty())
            .filter(|line| line.starts_with("memory   ") || line.starts_with("cpu   "))
            .map(label)
            .collect(),
        Some("self") => {
            lines(|line| line.starts_with("up ") || line.starts_with("its ")).map(str::to_owned).collect()
        }
        // The machine of the test may have problems of its own.
        Some("doctor") => {
            let of_leak = |line: &str| line.starts_with("objects ") || line.starts_with("  objects ");
            lines(of_leak).map(str::to_owned).collect()
        }
        // The most frequent kind differs.
        Some("fds") => lines(|line| line.contains(" open of ") || line.ends_with(" shows more"))
            .map(str::to_owned)
            .collect(),
        _ => vec![answer.to_owned()],
    };
    let masked = without_numbers(&text.join("\n"));
    // A duration may be a whole number of minutes, or of seconds.
    masked.replace("NmTIME", "TIME").replace("NhTIME", "TIME")
}

/// Whether the files of control groups are mounted on this machine: in a container or a network namespace they may be missing.
fn is_cgroup_visible() -> bool {
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    let is_visible = mounts.lines().any(|line| {
        line.split(" - ").nth(1).is_some_and(|kind| kind.starts_with("cgroup2 ") || kind.contains("memory"))
    });
    if !is_visible {
        left_out("the answer of `cgroup`: no control groups are visible here");
    }
    is_visible
}

sections! {
    WALK;
    a_leak "A memory leak",
    a_wrong_limit "A wrong limit",
    a_forgotten_level "A forgotten log level",
    resources "Memory, files, limits and the build",
}
