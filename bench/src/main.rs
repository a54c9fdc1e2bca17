//! The driver of the measurements, and the servers it measures.

use std::env;

fn main() -> anyhow::Result<()> {
    let mut arguments = env::args().skip(1).peekable();
    match arguments.next_if(|first| first == "serve") {
        Some(_) => bench::serve::serve(arguments),
        None => bench::drive(arguments),
    }
}
