//! The shop's README is a walk through a console, which runs here with the real client. Words, messages and their order are compared;
//! numbers, times and the padding of columns differ between runs.

use std::process::Command;

use crate::example::program;
use crate::pty::require;
use crate::shop::Shop;
use crate::transcript::{blocks, placeholders, printed, replay, session_of, without_numbers};

const README: &str = include_str!("../../examples/shop/README.md");

const PROMPT: &str = "shop> ";

/// The walk as one session; the README splits it into several blocks.
fn walk() -> String {
    let is_part = |text: &str| text.starts_with("$ telnet ") || text.starts_with(PROMPT);
    let parts = blocks(README).into_iter().map(|block| block.text).filter(|text| is_part(text));
    parts.collect::<String>().split_once('\n').unwrap().1.to_owned()
}

/// Sends the customers of the README's `shop-load` for a shorter time, and returns its line.
fn customers(shop: &Shop, options: &str) -> String {
    let url = format!("http://{}", shop.http);
    let load = Command::new(program("shop-load"))
        .args(options.split(' '))
        .args(["--url", &url, "--seconds", "1"])
        .output()
        .unwrap();
    assert!(load.status.success(), "{load:?}");
    String::from_utf8(load.stdout).unwrap()
}

fn comparable(text: &str) -> String {
    without_numbers(&placeholders(text))
}

#[test]
fn a_morning_at_the_console_is_as_the_readme_tells_it() {
    let blocks = blocks(README);
    let shop = Shop::start();
    let (http, console) = (shop.http.to_string(), shop.console.to_string());
    let line = shop.line.replace(&http, "127.0.0.1:8080").replace(&console, "127.0.0.1:3000");
    assert_eq!([&*line], printed(&blocks, "shop")[..]);

    let (command, expected) = session_of(&blocks, "$ cargo run --example shop-load -- ", "");
    let shown = customers(&shop, command.split_once(" -- ").unwrap().1);
    assert_eq!(comparable(&shown), comparable(expected));

    let settled = || {
        shop.console_until("status", " 0 of 256");
        shop.console_until("orders list packing --json", "[]");
    };
    settled();
    // The customers of one second may leave some of the 20 lanterns.
    for _ in 0..23 {
        assert_eq!(shop.order("lantern", 1), 202);
    }
    settled();
    // Orders arrive while the workers are paused, and continue after `resume`.
    let situation = |typed: &str| match typed {
        "cache get lantern" => assert_eq!(shop.get("/products/lantern")["sku"], "lantern"),
        "orders list waiting -n 3" => (0..3).for_each(|_| assert_eq!(shop.order("rope", 2), 202)),
        "drill stall 20s" => {
            assert_eq!(shop.order("saw", 1), 202);
            // A jigsaw is no saw.
            shop.console_until("orders list shipped -n 1 --json", "\"sku\":\"saw\"");
        }
        _ => {}
    };
    let (_, port) = console.split_once(':').unwrap();
    let walk = walk();
    let shown = replay(["127.0.0.1", port], PROMPT, &walk, situation);
    assert_eq!(comparable(&shown), comparable(&walk));

    require("nc", "netcat-openbsd");
    let (command, expected) = session_of(&blocks, "$ echo ", "nc -N");
    let command = command.replace("127.0.0.1 3000", &format!("127.0.0.1 {port}"));
    let output = Command::new("sh").args(["-c", &command]).output().unwrap();
    assert_eq!(comparable(&String::from_utf8(output.stdout).unwrap()), comparable(expected));
}

#[test]
fn every_block_of_the_shops_readme_is_tested() {
    let starts = [PROMPT, "$ telnet ", "$ cargo run --example shop", "$ echo "];
    for block in blocks(README) {
        assert_eq!(block.language, "console");
        assert!(starts.iter().any(|start| block.text.starts_with(start)), "who runs this? {}", block.text);
    }
}
