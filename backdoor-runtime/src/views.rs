//! Views into the living process. A view is a folder: what it reads, its record as authors see it, and its commands.
//!
//! What comes later in this list may use what comes before: threads, tasks, sync, profile; counters, trends, vars, logs; objects;
//! resources.

#[cfg(feature = "console")]
use std::sync::Arc;

#[cfg(feature = "console")]
use crate::dispatch::ConsoleState;

#[cfg(feature = "state-views")]
mod builtin_trends;
pub mod counters;
#[cfg(feature = "log-view")]
pub mod logs;
pub mod objects;
#[cfg(runtime_views)]
pub mod profile;
#[cfg(resource_views)]
pub mod resources;
pub mod sync;
#[cfg(feature = "tokio")]
pub mod tasks;
#[cfg(runtime_views)]
pub mod threads;
pub mod trends;
pub mod vars;

/// What an author chooses for the views of the process.
#[derive(Clone, Copy, Default)]
#[cfg_attr(not(runtime_views), allow(dead_code, reason = "both settings are for stacks"))]
pub(crate) struct Settings {
    /// The signal for the stacks of running threads.
    pub(crate) stack_signal: Option<i32>,
    /// The most bytes for reading debug information, instead of the default.
    pub(crate) symbol_memory: Option<usize>,
}

/// Applies the settings of an author.
#[cfg(feature = "console")]
pub(crate) fn set(settings: Settings) {
    #[cfg(runtime_views)]
    {
        if let Some(number) = settings.stack_signal {
            threads::signal::choose(number);
        }
        threads::allowance::allow(settings.symbol_memory.unwrap_or(threads::allowance::DEFAULT));
    }
    #[cfg(not(runtime_views))]
    let _ = settings;
}

/// Begins what the views do while a console is there, with or without the built-in trends.
#[cfg(feature = "console")]
pub(crate) fn attach(console: &Arc<ConsoleState>, has_builtin_trends: bool) {
    #[cfg(feature = "state-views")]
    {
        vars::watched::watch_all();
        let wanted = has_builtin_trends.then(|| builtin_trends::all(console));
        trends::attach(console, wanted.unwrap_or_default());
    }
    #[cfg(resource_views)]
    resources::note_start();
    #[cfg(not(feature = "state-views"))]
    let _ = (console, has_builtin_trends);
}

/// Ends what [`attach`] began.
#[cfg(feature = "console")]
pub(crate) fn detach(console: &Arc<ConsoleState>) {
    #[cfg(feature = "state-views")]
    trends::detach(console);
    #[cfg(not(feature = "state-views"))]
    let _ = console;
}
