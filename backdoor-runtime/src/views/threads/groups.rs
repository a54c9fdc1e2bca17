//! Folded stacks, with threads of the same stack in one group.

use std::collections::HashMap;

use crate::base::sort;
use crate::reply::Value;
use crate::views::threads::fold::{self, Line};
use crate::views::threads::{Stacks, ThreadStack};

/// Threads with the same stack.
#[derive(Clone, Debug)]
pub(crate) struct Group<'a> {
    /// Sorted by thread id.
    pub(crate) threads: Vec<&'a ThreadStack>,
    /// Their stack, one line for a function, the innermost first.
    pub(crate) lines: Vec<String>,
    /// Whether any line is a function of the author's.
    pub(crate) own: bool,
}

impl Stacks {
    /// Groups threads with the same stack: first groups inside the author's functions, then larger groups before smaller ones, and threads
    /// without a stack last. `full` keeps the frames inside std, tokio and the console.
    pub(crate) fn groups(&self, full: bool) -> Vec<Group<'_>> {
        let mut places = HashMap::new();
        let mut groups: Vec<Group<'_>> = Vec::new();
        for thread in &self.threads {
            let (lines, own) = (thread.lines(full), thread.own_frame().is_some());
            let key = (lines.clone(), thread.waits(), thread.role, thread.missing.as_deref());
            let at = *places.entry(key).or_insert(groups.len());
            match groups.get_mut(at) {
                Some(group) => group.threads.push(thread),
                None => groups.push(Group { threads: vec![thread], lines, own }),
            }
        }
        sort::sort_by_key(&mut groups, |group| {
            (!group.own, group.threads[0].missing.is_some(), usize::MAX - group.threads.len())
        });
        groups
    }

    /// Keeps the threads whose name, id or any function contains this text, in any case.
    pub(crate) fn matching(mut self, pattern: &str) -> Self {
        let pattern = pattern.to_lowercase();
        self.threads.retain(|thread| {
            let has = |text: &str| text.to_lowercase().contains(&pattern);
            let functions = || thread.frames.iter().filter_map(|frame| frame.function.as_deref());
            has(&thread.name) || thread.tid.to_string() == pattern || functions().any(has)
        });
        self
    }
}

impl ThreadStack {
    /// The innermost function of the author's on its stack.
    pub(crate) fn own_frame(&self) -> Option<&super::Frame> {
        self.frames.iter().find(|frame| !frame.is_inner())
    }

    /// The same as text: `shop::cache::refresh (shop/src/cache.rs:88)`
    pub(crate) fn own_place(&self) -> Option<String> {
        let frame = self.own_frame()?;
        Some(match frame.place() {
            Some(place) => format!("{} ({place})", frame.called()),
            None => frame.called().to_owned(),
        })
    }

    /// The stack for the reader, one line for a function, the innermost first. `full` keeps the frames inside std, tokio and the console.
    pub(crate) fn lines(&self, full: bool) -> Vec<String> {
        let located = |frame: &super::Frame| match frame.place() {
            Some(place) => format!("{}  {place}", frame.called()),
            None => frame.called().to_owned(),
        };
        let mut lines: Vec<String> = match full {
            true => self.frames.iter().map(located).collect(),
            false => fold::fold(&self.frames)
                .iter()
                .map(|line| match line {
                    Line::Own(frame) => located(frame),
                    Line::Inner { called, inside: 0, .. } => called.called().to_owned(),
                    Line::Inner { called, inside, innermost } => {
                        format!("{}  ({inside} inside, down to {})", called.called(), innermost.called())
                    }
                })
                .collect(),
        };
        if self.cut {
            let why = if self.open { "  (it sleeps, and its frame pointer is unknown)" } else { "" };
            lines.push(format!("..{why}"));
        }
        lines
    }

    /// `sleeping in futex (futex_do_wait)`
    fn waits(&self) -> String {
        let mut text = self.state.to_owned();
        match (&self.system_call, &self.wait_channel) {
            (Some(call), Some(channel)) => text += &format!(" in {call} ({channel})"),
            (Some(place), None) | (None, Some(place)) => text += &format!(" in {place}"),
            (None, None) => {}
        }
        text
    }
}

impl Group<'_> {
    /// `3 threads, worker (17, 18), main (16): tokio worker, sleeping in futex (futex_do_wait)`. Of a large group only a few threads are
    /// named.
    pub(crate) fn title(&self) -> String {
        const NAMED: usize = 8;
        let mut title = String::new();
        if self.threads.len() > 1 {
            title += &format!("{} threads, ", self.threads.len());
        }
        // Neighbours with one name share it.
        for same in
            self.threads[..self.threads.len().min(NAMED)].chunk_by(|one, other| one.name == other.name)
        {
            let tids: Vec<String> = same.iter().map(|thread| thread.tid.to_string()).collect();
            title += &format!("{} ({}), ", same[0].name, tids.join(", "));
        }
        title.truncate(title.len() - ", ".len());
        if self.threads.len() > NAMED {
            title += &format!(" and {} more", self.threads.len() - NAMED);
        }
        let first = self.threads[0];
        title += ": ";
        if let Some(role) = first.role {
            title += &format!("{role}, ");
        }
        title + &first.waits()
    }

    /// The group as a value. Its frames are those of the first thread.
    pub(crate) fn value(&self) -> Value {
        let first = self.threads[0];
        let threads = self
            .threads
            .iter()
            .map(|thread| Value::record([("name", thread.name.as_str().into()), ("tid", thread.tid.into())]));
        Value::record([
            ("threads", threads.collect()),
            ("state", first.state.into()),
            ("wait_channel", first.wait_channel.as_deref().into()),
            ("system_call", first.system_call.as_deref().into()),
            ("role", first.role.into()),
            ("missing", first.missing.as_deref().into()),
            ("lines", self.lines.iter().cloned().collect()),
            ("frames", first.frames.iter().map(super::Frame::value).collect()),
        ])
    }
}
