//! The servers again, with an allocator that counts. It is a program of its own so that counting does not slow the others.

use std::env;

#[global_allocator]
static ALLOCATOR: bench::heap::Counting = bench::heap::Counting;

fn main() -> anyhow::Result<()> {
    bench::serve::serve(env::args().skip(2))
}
