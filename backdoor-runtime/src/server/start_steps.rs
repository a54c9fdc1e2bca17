//! The steps of a start, and what it leaves in the log.

use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use tokio::runtime::Handle;
use tokio::sync::watch;

use crate::audit::Audit;
use crate::console::SessionConfig;
use crate::dispatch::{Console, ConsoleState, Dispatcher};
use crate::exec::own_thread::Priority;
use crate::limits::Limits;
use crate::server::accept::Shortage;
use crate::server::admission::Admission;
use crate::server::bound_listener::BoundListeners;
use crate::server::builder::Builder;
use crate::server::rejection::Rejections;
use crate::server::startup_check::{Problem, Problems, check};
use crate::server::supervisor::Trouble;
use crate::server::{Error, Server, environment, unregistered};
use crate::service::address::{Endpoint, each_once};
use crate::service::{Address, Addresses, Listen};
use crate::views;

impl Builder {
    /// Where to listen. `None` without an address: the console is off, and the log says why.
    pub(super) fn endpoints(&self) -> Result<Option<Vec<Endpoint>>, Error> {
        let endpoints = match environment::endpoints()? {
            Some(endpoints) => endpoints,
            None => {
                self.listen.iter().map(Listen::endpoint).collect::<Result<_, _>>().map_err(Error::Address)?
            }
        };
        let endpoints = each_once(endpoints);
        if endpoints.is_empty() {
            let why = environment::why_off().unwrap_or_else(|| "no address was given".to_owned());
            tracing::info!(target: "backdoor", "the console of {} is off: {why}", self.name);
            return Ok(None);
        }
        Ok(Some(endpoints))
    }

    /// The commands with their states, if they have no problem.
    pub(super) fn checked(&mut self) -> Result<Arc<ConsoleState>, Error> {
        let shared = self.shared();
        self.states.insert(Console(shared.clone()));
        refuse_or_warn(check(&shared.registry, Some(&self.states)))?;
        Ok(shared)
    }

    /// Makes the settings that hold for the process. Returns the priority of the console's threads, and the reason if it is not a lower
    /// one.
    pub(super) fn set_up_process(&self) -> (Priority, Option<String>) {
        let (stack_signal, symbol_memory) = (self.stack_signal, self.limits.symbol_memory);
        views::set(views::Settings { stack_signal, symbol_memory });
        let (priority, why_not_lower) = Priority::of_console(self.limits.nice);
        priority.note();
        (priority, why_not_lower)
    }

    /// The server, with the dispatcher of its commands and the thread of its log.
    pub(super) fn server(
        self,
        shared: &Arc<ConsoleState>,
        bound: &BoundListeners,
        ending: watch::Receiver<bool>,
    ) -> Result<Server, Error> {
        let limits = self.limits;
        let audit = Audit::start(limits.warning_interval).map_err(Error::Thread)?;
        let _ = shared.addresses.set(Addresses::new(bound.addresses.clone(), bound.listeners.len()));
        let service = self.runtime.or_else(|| Handle::try_current().ok());
        let dispatcher = Dispatcher::new(shared.clone(), self.states, audit, service, limits.commands());
        // Without a unix socket, no peer's user is known, so no slot is reserved.
        let has_unix = bound.listeners.iter().any(|bound| bound.is_unix());
        let kept = if has_unix { limits.reserved_sessions } else { 0 };
        let admission = Admission::new(limits.max_sessions, kept, limits.eviction_grace);
        Ok(Server::new(Arc::new(dispatcher), &limits, admission, ending))
    }
}

impl Server {
    pub(super) fn new(
        dispatcher: Arc<Dispatcher>,
        limits: &Limits,
        admission: Admission,
        ending: watch::Receiver<bool>,
    ) -> Self {
        let shared = dispatcher.shared.clone();
        Self {
            dispatcher,
            config: SessionConfig { shared, plain: false, bounds: Arc::new(limits.bounds) },
            times: limits.times,
            idle: limits.session_idle,
            admission: Arc::new(admission),
            rejections: Rejections::new(),
            shortage: Shortage::new(limits),
            ending,
            numbers: AtomicU64::new(1),
        }
    }
}

/// Logs what befalls the thread of the console.
pub(super) fn warn_with(dispatcher: &Arc<Dispatcher>) -> impl Fn(Trouble) + Send + use<> {
    let dispatcher = dispatcher.clone();
    move |trouble| {
        dispatcher.audit.warn(match trouble {
            Trouble::Refused(text) => text,
            Trouble::Bug(text) => {
                dispatcher.shared.tally.note_bug();
                text
            }
        });
    }
}

/// Starts what views need while a console runs. Returns why there is no thread for them, if there is none.
pub(super) fn attach_views(
    shared: &Arc<ConsoleState>,
    priority: Priority,
    has_builtin_trends: bool,
) -> Option<io::Error> {
    // Later, when an operator needs it, there may be no thread for it. If there is none now, each view tries again.
    let no_helper = shared.helper.start(priority).err();
    views::attach(shared, has_builtin_trends);
    no_helper
}

/// A console without commands of the author still has the built-in ones, so this is only a warning.
fn refuse_or_warn(checked: Result<(), Problems>) -> Result<(), Error> {
    match checked {
        Err(problems) if problems.iter().all(|problem| *problem == Problem::NothingLinked) => {
            tracing::warn!(target: "backdoor", "{problems}");
            Ok(())
        }
        checked => checked.map_err(Error::Commands),
    }
}

/// What the log has of a start.
pub(super) struct StartLog<'a> {
    pub(super) bound: &'a BoundListeners,
    /// Why there is no thread for views.
    pub(super) no_helper: Option<io::Error>,
    /// About the addresses that were given.
    pub(super) hint: Option<String>,
    /// Why the threads have the priority of the service.
    pub(super) why_not_lower: Option<String>,
}

impl StartLog<'_> {
    pub(super) fn write(self, shared: &ConsoleState) {
        let Self { bound, no_helper, hint, why_not_lower } = self;
        let name = &shared.service.name;
        log_addresses(name, &bound.addresses, &unregistered::crates(&shared.registry));
        bound.warnings.iter().for_each(|warning| tracing::warn!(target: "backdoor", "{warning}"));
        if let Some(error) = no_helper {
            tracing::warn!(target: "backdoor", "the console of {name} has no thread for views: {error}; it refuses views until a thread can be started");
        }
        hint.iter().for_each(|hint| tracing::info!(target: "backdoor", "{hint}"));
        if let Some(why_not) = why_not_lower {
            tracing::info!(target: "backdoor", "the console of {name} keeps the priority of the service: {why_not}; `.nice(13)` lowers it all the same");
        }
    }
}

/// Logs the addresses, and the number of served commands of each crate: if a crate is missing, the linker left it out.
fn log_addresses(name: &str, addresses: &[Address], crates: &[(&str, usize)]) {
    let crates: Vec<String> = crates.iter().map(|(name, commands)| format!("{name} {commands}")).collect();
    for address in addresses {
        let commands = crates.join(", ");
        tracing::info!(target: "backdoor", %address, %commands, "the console of {name} listens");
    }
    if addresses.iter().any(|address| matches!(address, Address::Tcp(_))) {
        tracing::info!(
            target: "backdoor",
            "any local user may connect to the console of {name} by TCP; a unix socket is open to its own user only"
        );
    }
    if cfg!(panic = "abort") {
        tracing::info!(target: "backdoor", "panic = \"abort\": a command that panics ends the service");
    }
}
