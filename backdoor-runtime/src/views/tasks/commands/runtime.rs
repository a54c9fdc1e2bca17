//! The command `runtime`: the state of the service's runtime, and whether it is stuck.

use std::fmt::{self, Write};
use std::time::Duration;

use crate::reply::fitted;
use crate::views::tasks::commands::{LONGEST, SHORTEST};
use crate::views::tasks::{self, RuntimeInfo};
use crate::{CommandOutput, Console, Page, State, Value, backdoor_command};

/// The service's runtime: its workers, its tasks, and whether it is stuck
///
/// The console reads the counters of the runtime twice and runs nothing on its workers; the stacks of held workers show where they are.
/// A `held` worker spent the whole window in one poll or outside the runtime. A `slow` worker ran one long poll after another.
/// `in_poll_percent` is the time in which a worker was not parked, whether its polls computed or waited. Figures that tokio gives only
/// with `--cfg tokio_unstable` are `not visible` without it.
///
/// Examples:
///   runtime
///   runtime --for 5s
#[backdoor_command(builtin = "tasks", reads, on = helper, timeout = "10m")]
async fn runtime(
    State(console): State<Console>,
    /// How long to watch
    #[arg(long = "for", default = Duration::from_secs(1), range = SHORTEST..=LONGEST)]
    window: Duration,
) -> Result<Watched, &'static str> {
    let Some(runtime) = console.runtime() else {
        return Err(
            "the console has no runtime; give it one with `.runtime(handle)`, or start it within one",
        );
    };
    Ok(Watched(tasks::runtime(runtime, window).await))
}

struct Watched(RuntimeInfo);

impl CommandOutput for Watched {
    fn text(&self, page: &mut Page<'_>) -> fmt::Result {
        let Self(info) = self;
        // Each cause has a line.
        for (at, part) in info.verdict.split("; ").enumerate() {
            fitted::sentence(page, if at == 0 { 0 } else { 2 }, part)?;
        }
        writeln!(page)?;
        let blocking = info.blocking_threads.map_or("not visible".to_owned(), |threads| threads.to_string());
        let longest = info.holding.first().map_or("none over 100ms".to_owned(), |task| {
            format!("{}, {}", task.title(), task.state.describe())
        });
        writeln!(page, "flavor            {}", info.flavor)?;
        writeln!(page, "tasks alive       {}, {} of them not instrumented", info.alive, info.unseen())?;
        writeln!(page, "global queue      {}", info.global_queue)?;
        writeln!(page, "longest poll now  {longest}")?;
        writeln!(page, "blocking threads  {blocking}\n")?;
        page.write_str(&Value::of(&info.workers).to_text(page.width()))
    }

    fn value(&self) -> Value {
        Value::of(&self.0)
    }
}
