//! A sampled stack.

use std::sync::Arc;

use crate::views::threads::Frame;

/// A stack, and its number of samples.
#[derive(Clone, Debug)]
pub(super) struct Stack {
    /// The instrumented task that was polled, if any.
    pub(super) task: Option<Arc<str>>,
    pub(super) samples: u64,
    /// For each address, innermost first, its functions.
    pub(super) frames: Vec<Arc<[Frame]>>,
}

impl Stack {
    /// Its functions, innermost first.
    pub(super) fn frames(&self) -> impl DoubleEndedIterator<Item = &Frame> {
        self.frames.iter().flat_map(|frames| frames.iter())
    }

    #[cfg(test)]
    pub(super) fn of(task: Option<&str>, samples: u64, functions: &[&str]) -> Self {
        let frame = |function: &&str| Frame {
            file: Some("shop/src/main.rs".into()),
            line: Some(7),
            ..Frame::named(function)
        };
        let frames = functions.iter().map(|function| Arc::from([frame(function)])).collect();
        Self { task: task.map(Arc::from), samples, frames }
    }

    /// The same with its innermost function at this line.
    #[cfg(test)]
    pub(super) fn at(mut self, line: u32) -> Self {
        let mut innermost = self.frames[0].to_vec();
        innermost[0].line = Some(line);
        self.frames[0] = innermost.into();
        self
    }
}
