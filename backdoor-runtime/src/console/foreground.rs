//! The run in the foreground: the form of its answer, whether its output is still wanted, and its question.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::sync::oneshot;

use crate::call::run_state::{RunState, Stop};
use crate::console::reply_assembler::ReplyAssembler;

/// The running line.
pub(super) struct Running {
    pub(super) run: Arc<RunState>,
    pub(super) at_prompt: bool,
    pub(super) reply: ReplyAssembler,
    /// Its output is not wanted any more.
    pub(super) is_muted: bool,
    /// Some of its output was dropped.
    pub(super) has_gap: bool,
    pub(super) question: Option<Question>,
    /// Lines that came before the question, and were rejected.
    pub(super) early_lines: usize,
}

/// A question to the operator. Dropping it means that no answer will come.
pub(super) enum Question {
    /// Asked after all earlier input was read.
    Due {
        text: String,
        answer: oneshot::Sender<bool>,
    },
    Asked {
        answer: oneshot::Sender<bool>,
    },
}

impl Running {
    pub(super) fn new(run: &Arc<RunState>, at_prompt: bool) -> Self {
        Self {
            run: run.clone(),
            at_prompt,
            reply: ReplyAssembler::new(),
            is_muted: false,
            has_gap: false,
            question: None,
            early_lines: 0,
        }
    }

    pub(super) fn is(&self, run: u64) -> bool {
        self.run.id == run
    }

    /// Whether its answer is one line of JSON.
    pub(super) fn is_json(&self) -> bool {
        self.run.json.load(Ordering::Relaxed)
    }

    /// Whether it runs until it is cancelled.
    pub(super) fn is_endless(&self) -> bool {
        self.run.is_endless()
    }

    /// Whether its reply goes to a terminal unescaped.
    pub(super) fn is_raw(&self) -> bool {
        self.run.raw.load(Ordering::Relaxed)
    }

    pub(super) fn stop(&self, reason: Stop) {
        self.run.stop(reason);
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.run.stopped().is_some()
    }

    /// Whether a question waits to be asked.
    pub(super) fn has_question(&self) -> bool {
        matches!(self.question, Some(Question::Due { .. })) && !self.is_stopped()
    }

    /// Takes the question that the next line answers. A run that was told to stop takes no answer.
    pub(super) fn take_asked(&mut self) -> Option<oneshot::Sender<bool>> {
        if self.is_stopped() {
            return None;
        }
        match self.question.take() {
            Some(Question::Asked { answer }) => Some(answer),
            other => {
                self.question = other;
                None
            }
        }
    }
}
