//! Customers for `shop`: connections that request products and order some, each request after the last answer. One line at the end shows
//! the number of answered requests, and their times.

use std::env;
use std::fmt;
use std::io;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use serde::Serialize;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

const USAGE: &str = "\
usage: shop-load [--url <http://host:port>] [--connections <n>] [--seconds <n>] [--orders <percent>] [--json]

  --url          where the shop is (http://127.0.0.1:8080)
  --connections  how many customers there are (16)
  --seconds      how long they come (10)
  --orders       how many of a hundred requests are orders (5)
  --json         print the result as JSON";

/// The largest answer that is accepted.
const LARGEST: usize = 1 << 20;

struct Options {
    host: String,
    connections: usize,
    time: Duration,
    orders: u64,
    json: bool,
}

/// The result.
#[derive(Serialize)]
struct Outcome {
    requests: usize,
    /// Orders that were refused because the queue was full; they count as requests.
    refused: usize,
    /// Connections that ended early, and invalid answers.
    errors: usize,
    connections: usize,
    seconds: f64,
    per_second: f64,
    p50_us: u32,
    p99_us: u32,
    max_us: u32,
}

// One thread: the other cores belong to the shop.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let options = match Options::parse(env::args().skip(1)) {
        Ok(options) => options,
        Err(problem) => {
            eprintln!("{problem}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    let Options { host, connections, time, .. } = &options;
    eprintln!("{connections} customers of http://{host} for {} s", time.as_secs());
    let outcome = match load(&options).await {
        Ok(outcome) => outcome,
        Err(error) => {
            eprintln!("shop-load: {}: {error}; `cargo run --example shop` starts a shop", options.host);
            return ExitCode::FAILURE;
        }
    };
    match serde_json::to_string(&outcome) {
        Ok(json) if options.json => println!("{json}"),
        _ => println!("{outcome}"),
    }
    if outcome.errors == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn load(options: &Options) -> io::Result<Outcome> {
    let names = Customer::connect(&options.host).await?.names().await?;
    let mut customers = JoinSet::new();
    let mut connected = Vec::new();
    for _ in 0..options.connections {
        connected.push(Customer::connect(&options.host).await?);
    }
    let begin = Instant::now();
    for (number, customer) in connected.into_iter().enumerate() {
        let requests = requests(&options.host, &names, options.orders, number as u64);
        customers.spawn(customer.shop(requests, begin + options.time));
    }
    let (mut times, mut refused, mut errors) = (Vec::new(), 0, 0);
    while let Some(visit) = customers.join_next().await {
        let visit = visit.map_err(io::Error::other)?;
        times.extend(visit.times);
        refused += visit.refused;
        errors += visit.errors;
    }
    let seconds = begin.elapsed().as_secs_f64();
    times.sort_unstable();
    let part = |of_hundred| times.get(times.len().saturating_sub(1) * of_hundred / 100).copied().unwrap_or(0);
    Ok(Outcome {
        requests: times.len(),
        refused,
        errors,
        connections: options.connections,
        seconds,
        per_second: times.len() as f64 / seconds,
        p50_us: part(50),
        p99_us: part(99),
        max_us: part(100),
    })
}

/// Endless requests, the same in every run; each connection has another sequence.
fn requests(host: &str, names: &[String], orders: u64, seed: u64) -> impl Iterator<Item = String> + use<> {
    let (host, names) = (host.to_owned(), names.to_vec());
    (1_u64..).map(move |number| {
        // The step of a linear congruential generator, of which the upper bits are good.
        let random = (number + seed * 7919).wrapping_mul(6_364_136_223_846_793_005).wrapping_add(seed) >> 33;
        let name = &names[random as usize % names.len()];
        if random / 64 % 100 < orders {
            let body = format!("{{\"sku\":\"{name}\",\"count\":1}}");
            format!(
                "POST /orders HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            )
        } else {
            format!("GET /products/{name} HTTP/1.1\r\nHost: {host}\r\n\r\n")
        }
    })
}

/// One keep-alive connection.
struct Customer(BufReader<TcpStream>);

/// The results of one connection.
#[derive(Default)]
struct Visit {
    /// Of each answered request, in microseconds.
    times: Vec<u32>,
    refused: usize,
    errors: usize,
}

impl Customer {
    async fn connect(host: &str) -> io::Result<Self> {
        let stream = TcpStream::connect(host).await?;
        stream.set_nodelay(true)?;
        Ok(Self(BufReader::new(stream)))
    }

    /// The names of all products.
    async fn names(mut self) -> io::Result<Vec<String>> {
        let (_, body) = self.ask("GET /products HTTP/1.1\r\nHost: shop\r\n\r\n").await?;
        let products: serde_json::Value = serde_json::from_slice(&body)?;
        let name = |product: &serde_json::Value| product["sku"].as_str().map(str::to_owned);
        let names: Vec<String> = products.as_array().into_iter().flatten().filter_map(name).collect();
        if names.is_empty() { Err(io::Error::other("it sells nothing")) } else { Ok(names) }
    }

    async fn shop(mut self, requests: impl Iterator<Item = String>, until: Instant) -> Visit {
        let mut visit = Visit::default();
        for request in requests {
            let begin = Instant::now();
            if begin >= until {
                break;
            }
            let answer =
                tokio::time::timeout_at((until + Duration::from_secs(30)).into(), self.ask(&request));
            let Ok(Ok((status, _))) = answer.await else {
                visit.errors += 1;
                break;
            };
            visit.times.push(begin.elapsed().as_micros().try_into().unwrap_or(u32::MAX));
            match status {
                200..300 => {}
                503 => visit.refused += 1,
                _ => visit.errors += 1,
            }
        }
        visit
    }

    /// Sends a request, and reads status and body of the answer.
    async fn ask(&mut self, request: &str) -> io::Result<(u16, Vec<u8>)> {
        let wrong = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what.to_owned());
        self.0.write_all(request.as_bytes()).await?;
        let mut line = String::new();
        self.line(&mut line).await?;
        let status = line.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.ok_or_else(|| wrong("that is no HTTP"))?;
        let mut length = None;
        while !line.is_empty() {
            self.line(&mut line).await?;
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse().ok();
            }
        }
        let length = length.filter(|length| *length <= LARGEST).ok_or_else(|| wrong("no usable length"))?;
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).await?;
        Ok((status, body))
    }

    /// The next line without its end.
    async fn line(&mut self, line: &mut String) -> io::Result<()> {
        line.clear();
        if self.0.read_line(line).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        line.truncate(line.trim_end().len());
        Ok(())
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = |micros: u32| f64::from(micros) / 1e3;
        write!(
            f,
            "{:.0} requests/s, p50 {:.2} ms, p99 {:.2} ms, max {:.2} ms; {} requests, {} refused, {} errors, {} connections, {:.1} s",
            self.per_second,
            millis(self.p50_us),
            millis(self.p99_us),
            millis(self.max_us),
            self.requests,
            self.refused,
            self.errors,
            self.connections,
            self.seconds
        )
    }
}

impl Options {
    fn parse(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Self {
            host: "127.0.0.1:8080".to_owned(),
            connections: 16,
            time: Duration::from_secs(10),
            orders: 5,
            json: false,
        };
        while let Some(option) = words.next() {
            if option == "--json" {
                options.json = true;
                continue;
            }
            let known = ["--url", "--connections", "--seconds", "--orders"].contains(&option.as_str());
            let value = words.next().filter(|_| known).ok_or_else(|| format!("what is `{option}`?"))?;
            let number = || value.parse::<u32>().map_err(|_| format!("{option}: `{value}` is not a number"));
            match option.as_str() {
                "--url" => options.host = host(&value)?,
                "--connections" => options.connections = number()?.max(1) as usize,
                "--seconds" => options.time = Duration::from_secs(number()?.into()),
                _ => options.orders = number()?.into(),
            }
        }
        Ok(options)
    }
}

fn host(url: &str) -> Result<String, String> {
    let host = url.strip_prefix("http://").map(|rest| rest.trim_end_matches('/'));
    host.filter(|host| !host.is_empty())
        .map(str::to_owned)
        .ok_or_else(|| format!("--url: `{url}` is not http://host:port"))
}
