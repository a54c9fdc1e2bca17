//! The example `shop` as a process: customers see the effects of commands, and the shop ends cleanly with a session open.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use backdoor_runtime::Address;

use crate::client::{Client, script};
use crate::example::Example;
use crate::wait::{PATIENCE, until};

/// A running shop.
pub(crate) struct Shop {
    example: Example,
    /// Its first line.
    pub(crate) line: String,
    pub(crate) http: SocketAddr,
    pub(crate) console: Address,
}

impl Shop {
    pub(crate) fn start() -> Self {
        let ports = [("SHOP_HTTP", "127.0.0.1:0"), ("BACKDOOR_LISTEN", "0")];
        let mut example = Example::start_with("shop", &ports);
        let line = example.line();
        let (http, console) = line.split_once(", console ").expect("one line with both addresses");
        let http = http.strip_prefix("shop: http://").expect("the address of HTTP").parse().unwrap();
        let console = Address::Tcp(console.parse().unwrap());
        Self { example, line, http, console }
    }

    /// Status and body of the response to a request.
    fn ask(&self, method: &str, path: &str, body: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(self.http).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
        let status = head.split(' ').nth(1).expect("a status line").parse().unwrap();
        (status, body.to_owned())
    }

    pub(crate) fn get(&self, path: &str) -> serde_json::Value {
        serde_json::from_str(&self.ask("GET", path, "").1).unwrap()
    }

    pub(crate) fn order(&self, sku: &str, count: u32) -> u16 {
        self.ask("POST", "/orders", &format!("{{\"sku\":\"{sku}\",\"count\":{count}}}")).0
    }

    pub(crate) fn console(&self, lines: &str) -> String {
        script(&self.console, lines)
    }

    /// Repeats a line until its answer contains this text.
    #[track_caller]
    pub(crate) fn console_until(&self, line: &str, wanted: &str) {
        until(wanted, || self.console(&format!("{line}\n")), |answer| answer.contains(wanted));
    }

    /// Waits for a line of its log with this text.
    #[track_caller]
    pub(crate) fn logs(&self, text: &str) {
        self.example.logs(text);
    }

    pub(crate) fn id(&self) -> u32 {
        self.example.process.id()
    }

    pub(crate) fn panics(&self) -> Vec<String> {
        self.example.panics()
    }
}

#[test]
fn a_customer_sees_what_an_operator_does() {
    let shop = Shop::start();
    let old = shop.get("/products/rope")["price"].clone();
    let wanted = "rope: 57.49 -> 9.95\n";
    assert_eq!(shop.console("price set rope 9.95 --no-flush\n"), wanted);
    assert_eq!(shop.get("/products/rope")["price"], old, "it is cached");
    assert_eq!(shop.console("cache flush\n"), "1 entries dropped\n");
    assert_eq!(shop.get("/products/rope")["price"], "9.95");
}

#[test]
fn a_failed_order_is_found_and_retried() {
    let shop = Shop::start();
    assert_eq!(shop.order("lantern", 25), 202);
    shop.console_until("orders list failed", "only 20 of lantern are left");
    let answer = shop.console("stock add lantern 100\norders retry\n");
    assert_eq!(answer, "lantern: 120\n1 of 1 are in the queue\n");
    shop.console_until("orders show 1", "shipped");
    assert_eq!(shop.get("/orders/1")["attempts"], 2);
}

#[test]
fn a_paused_shop_fills_its_queue_and_resumes() {
    let shop = Shop::start();
    shop.console("pause\n");
    // 256 orders wait, and each of the 4 workers may have taken one.
    let refused = (0..300).find(|_| shop.order("rope", 1) == 503);
    assert!(refused.is_some_and(|placed| placed >= 256), "{refused:?}");
    assert!(shop.console("status\n").contains("256 of 256"));
    assert_eq!(shop.console("resume\n"), "256 orders waited\n");
    shop.console_until("status", "0 of 256");
}

#[test]
fn the_console_answers_while_the_service_is_stuck() {
    let shop = Shop::start();
    let mut operator = Client::connect(&shop.console);
    operator.expect("shop> ");
    operator.send("drill stall 1m\n");
    operator.expect("Type yes");
    operator.send("yes\n");
    operator.expect("shop> ");
    operator.send("status\n");
    operator.expect("has not polled `status` for a second");
    operator.send(b"\xff\xf4");
    operator.expect("shop> ");
    operator.send("workers\n");
    operator.expect("shipped");
    operator.expect("shop> ");
}

#[test]
fn it_ends_cleanly_with_a_session_open() {
    let mut shop = Shop::start();
    let mut operator = Client::connect(&shop.console);
    operator.expect("shop> ");
    operator.send("orders watch\n");
    let mut customer = TcpStream::connect(shop.http).unwrap();
    customer.write_all(b"GET /products/rope HTTP/1.1\r\nHost: shop\r\n\r\n").unwrap();
    customer.read_exact(&mut [0; 12]).unwrap();
    // Its output shows that the command runs.
    let mut other = Client::connect(&shop.console);
    other.expect("shop> ");
    shop.order("rope", 1);
    operator.expect("rope");
    assert_eq!(shop.example.terminate(), Some(0));
    let goodbye = String::from_utf8_lossy(&operator.read_to_end()).into_owned();
    assert!(goodbye.contains("shop ends this session; goodbye"), "{goodbye:?}");
    let goodbye = String::from_utf8_lossy(&other.read_to_end()).into_owned();
    assert!(goodbye.contains("shop ends this session; goodbye"), "{goodbye:?}");
}
