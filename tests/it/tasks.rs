//! Tasks as an operator sees them: where they wait, which of them block workers, how they end.

mod by;
mod ends;
mod folds;
mod idle;
mod locks;
mod many;
mod stuck;
mod waits;

use backdoor_runtime::tasks::{self, TaskInfo, TaskStack};
use backdoor_runtime::{Backdoor, Value};
use tokio::sync::RwLock;

use crate::wait::Waited;

/// 512 ended tasks are kept, in one list for all tests: a test that reads it takes the shared lock, and one that ends more tasks takes it
/// exclusively.
static ENDED: RwLock<()> = RwLock::const_new(());

/// The tasks of this name.
fn named(name: &str) -> Vec<TaskInfo> {
    tasks::list().filter(|task| task.name.as_deref() == Some(name)).collect()
}

/// The answer to a line, as text and as data.
fn run(line: &str) -> (String, Value) {
    let answer = Backdoor::testing().run(line);
    (answer.text, answer.value)
}

/// The stack of a task, requested again while the machine is too busy to poll it in time.
async fn stack(id: u64) -> TaskStack {
    let waited = Waited::begin("the stack of a task");
    loop {
        let stack = tasks::stacks(&[id]).await.pop().expect("it lives");
        if !stack.missing.as_ref().is_some_and(|missing| missing.contains("it was not polled")) {
            return stack;
        }
        waited.goes_on(&stack.missing);
    }
}

/// The author's functions of each leaf, outermost first, and what the leaf waits for.
fn shape(stack: &TaskStack) -> Vec<(Vec<String>, String)> {
    let leaves = stack.leaves.iter().map(|leaf| {
        let own = leaf.frames.iter().filter(|frame| frame.is_own);
        let functions = own.map(|frame| frame.function.rsplit("::").next().unwrap().to_owned());
        (functions.collect(), leaf.waits_for.clone().unwrap_or_default())
    });
    leaves.collect()
}
