//! The driver of the measurements, and the servers it measures.

use std::env;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = env::args().skip(1).peekable();
    let ended = match arguments.next_if(|first| first == "serve") {
        Some(_) => bench::serve::serve(arguments),
        None => bench::drive(arguments),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}
