//! The author's side: build a console, start it, and end it with the service.

use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Instant;

use tokio::runtime::Handle;
use tokio::sync::watch;

use crate::audit::Audit;
use crate::base::fork::Process;
use crate::changes::lease;
use crate::command::States;
use crate::command::registry::Registry;
use crate::console::SessionConfig;
use crate::dispatch::tally::Tally;
use crate::dispatch::{Console, ConsoleState, Dispatcher};
use crate::exec::own_thread::{self, Priority};
use crate::exec::query::QueryThreads;
use crate::exec::runtime_thread::{Asynchronous, LazyRuntime};
use crate::server::acceptor::{Acceptor, serve_all};
use crate::server::admission::Admission;
use crate::server::bound_listener::BoundListeners;
use crate::server::environment;
use crate::server::limits::Limits;
use crate::server::running::{Parts, Running};
use crate::server::startup_check::{Problem, Problems, check};
use crate::server::supervisor::{Supervisor, Trouble};
use crate::server::unregistered;
use crate::server::{Backdoor, BindError, Error};
use crate::service::Service;
use crate::service::address::{Endpoint, each_once};
use crate::service::{Address, Addresses, BuildInfo, Listen};
use crate::views;

/// Builds a [`Backdoor`]. Every setting has a default.
#[must_use = "a builder does nothing until it is started"]
pub struct Builder {
    name: String,
    version: Option<String>,
    build: BuildInfo,
    states: States,
    runtime: Option<Handle>,
    listen: Vec<Listen>,
    left_out: Vec<String>,
    stack_signal: Option<i32>,
    pub(super) limits: Limits,
}

impl Backdoor {
    /// A console for the service of this name. The prompt and the banner show the name.
    ///
    /// ```no_run
    /// use backdoor_runtime::Backdoor;
    ///
    /// let _backdoor = Backdoor::builder("shop").version(env!("CARGO_PKG_VERSION")).listen("3000").start_or_warn();
    /// ```
    pub fn builder(name: impl Into<String>) -> Builder {
        Builder {
            name: name.into(),
            version: None,
            build: BuildInfo::default(),
            states: States::default(),
            runtime: None,
            listen: Vec::new(),
            left_out: Vec::new(),
            stack_signal: None,
            limits: Limits::default(),
        }
    }
}

/// How many variables may hang before no further variable's code is called; each of them occupies one thread.
const VARIABLES_ASKED: usize = 64;

impl Builder {
    /// The service's version, for the banner and `version`. Default: none.
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.version = Some(version.into());
        self
    }

    /// How the program was built, for `build`: `.build_info(build_info!())`. Default: the compiler and the profile, which this crate knows
    /// without it.
    pub fn build_info(mut self, info: BuildInfo) -> Self {
        self.build = info;
        self
    }

    /// A value that commands may take as [`State<T>`](crate::State). It replaces an earlier value of the same type.
    pub fn state<T: Clone + Send + Sync + 'static>(mut self, state: T) -> Self {
        self.states.insert(state);
        self
    }

    /// The runtime for asynchronous commands. Default: the runtime that [`start`](Self::start) is called on; without one, the console
    /// starts a runtime of its own when it is first needed.
    pub fn runtime(mut self, runtime: Handle) -> Self {
        self.runtime = Some(runtime);
        self
    }

    /// An address to listen on; may be called several times. Default: none. The environment variable `BACKDOOR_LISTEN`, addresses separated
    /// by commas or white space, replaces all of them, also if it is empty or `off`. In a program that runs with raised privileges (setuid,
    /// setgid, file capabilities) only `off` is accepted there.
    ///
    /// An address is `3000`, `0` (any free port), `3000:3010` (the first free port), `127.0.0.1:3000`, `[::1]:3000`, `localhost:3000` or
    /// `unix:/path/with-{host}-{pid}.sock`. Only loopback is accepted, because a console has no password.
    pub fn listen(mut self, address: impl Into<Listen>) -> Self {
        self.listen.push(address.into());
        self
    }

    /// Leaves out the commands of a linked crate. Default: all are served. The built-in command `commands` lists the commands that are
    /// served. Variables of that crate stay, because they belong to the process.
    pub fn without_crate(mut self, name: &str) -> Self {
        self.left_out.push(name.replace('-', "_"));
        self
    }

    /// The real-time signal for the stacks of running threads (`pnt`, `profile`). Default: SIGURG; if the service handles SIGURG, the last
    /// real-time signal without a handler. No signal is installed before it is first needed. If the signal is in use by then, the command
    /// is refused. The setting holds for the process, not for this console. If a real-time signal reaches a thread that is calling
    /// `execve`, it ends the new program, and under a debugger it stops the service; SIGURG does neither.
    pub fn stack_signal(mut self, number: i32) -> Self {
        self.stack_signal = Some(number);
        self
    }

    /// Checks the linked commands and the states that they need, without opening anything.
    ///
    /// # Errors
    /// All problems at once.
    pub fn check(mut self) -> Result<(), Problems> {
        let shared = self.shared();
        self.states.insert(Console(shared.clone()));
        check(&shared.registry, Some(&self.states))
    }

    /// Starts the console, or logs a warning with the reason: a console that does not start must not stop the service.
    ///
    /// Of several addresses, it listens on those that it can bind. If another process holds an address, such as a predecessor that has not
    /// ended yet, the console tries again every 5 s; a line in the log says when it listens there.
    pub fn start_or_warn(self) -> Backdoor {
        let name = self.name.clone();
        match self.start_on(BoundListeners::open_some) {
            Ok(backdoor) => backdoor,
            Err(error) => {
                tracing::warn!(target: "backdoor", "the console of {name} did not start: {}", error.chain());
                Backdoor { running: None }
            }
        }
    }

    /// Starts the console. It has threads of its own, so that it answers even if the service does not.
    ///
    /// A service that forks must start it in the process that continues, such as after daemon(3) or in each worker: threads do not survive
    /// a fork. A child closes what the console has open.
    ///
    /// # Errors
    /// The commands have problems, an address is wrong or taken, or a thread cannot be started. Nothing is left open then.
    pub fn start(self) -> Result<Backdoor, Error> {
        self.start_on(|endpoints, _| BoundListeners::open_all(endpoints))
    }

    fn start_on(
        mut self,
        open: impl FnOnce(Vec<Endpoint>, &str) -> Result<BoundListeners, BindError>,
    ) -> Result<Backdoor, Error> {
        let limits = self.limits;
        let endpoints = each_once(self.endpoints()?);
        if endpoints.is_empty() {
            let why = environment::why_off().unwrap_or_else(|| "no address was given".to_owned());
            tracing::info!(target: "backdoor", "the console of {} is off: {why}", self.name);
            return Ok(Backdoor { running: None });
        }
        let hint = environment::hint_on(&endpoints);
        let shared = self.shared();
        self.states.insert(Console(shared.clone()));
        refuse_or_warn(check(&shared.registry, Some(&self.states)))?;
        let BoundListeners { listeners, addresses, warnings } =
            open(endpoints, &self.name).map_err(Error::Bind)?;
        views::set(views::Settings { stack_signal: self.stack_signal, symbol_memory: limits.symbol_memory });
        let (priority, why_not) = Priority::of_console(limits.nice);
        priority.note();
        let audit = Audit::start(limits.warning_interval).map_err(Error::Thread)?;
        let _ = shared.addresses.set(Addresses::new(addresses.clone(), listeners.len()));
        let service = self.runtime.or_else(|| Handle::try_current().ok());
        let dispatcher = Dispatcher::new(shared.clone(), self.states, audit, service, limits.commands());
        let dispatcher = Arc::new(dispatcher);
        let (ending, ends) = watch::channel(false);
        // Without a unix socket, no peer's user is known, so no slot is reserved.
        let kept = if listeners.iter().any(|bound| bound.is_unix()) { limits.reserved_sessions } else { 0 };
        let acceptor = Arc::new(Acceptor::new(
            dispatcher.clone(),
            SessionConfig { shared: shared.clone(), plain: false, bounds: Arc::new(limits.bounds) },
            &limits,
            Admission::new(limits.max_sessions, kept, limits.eviction_grace),
            ends,
        ));
        let warn = {
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
        };
        let (end, ended) = sync_channel(1);
        let serve = move |listeners| serve_all(acceptor.clone(), listeners);
        let supervisor = Supervisor::start(listeners.clone(), priority, serve, warn, move || drop(end))
            .map_err(Error::Thread)?;
        // Later, when an operator needs it, there may be no thread for it. If there is none now, each view tries again.
        let no_helper = shared.helper.start(priority).err();
        views::attach(&shared);
        log_start(&shared.service.name, &addresses, &unregistered::crates(&shared.registry));
        warnings.iter().for_each(|warning| tracing::warn!(target: "backdoor", "{warning}"));
        if let Some(error) = no_helper {
            tracing::warn!(target: "backdoor", "the console of {} has no thread for views: {error}; it refuses views until a thread can be started", shared.service.name);
        }
        hint.iter().for_each(|hint| tracing::info!(target: "backdoor", "{hint}"));
        if let Some(why_not) = why_not {
            tracing::info!(target: "backdoor", "the console of {} keeps the priority of the service: {why_not}; `.nice(13)` lowers it all the same", shared.service.name);
        }
        let running = Running::new(Parts {
            process: Process::this(),
            started: Instant::now(),
            ending,
            ended: Mutex::new(Some(ended)),
            dispatcher,
            _keeper: supervisor,
            listeners,
        });
        Ok(Backdoor { running: Some(running) })
    }

    fn endpoints(&self) -> Result<Vec<Endpoint>, Error> {
        match environment::endpoints()? {
            Some(endpoints) => Ok(endpoints),
            None => {
                self.listen.iter().map(Listen::endpoint).collect::<Result<_, _>>().map_err(Error::Address)
            }
        }
    }

    fn shared(&self) -> Arc<ConsoleState> {
        let registry = Registry::linked_without(&self.left_out);
        let service = Service::new(self.name.clone(), self.version.clone());
        let service = Service { build: self.build.clone(), ..service };
        Arc::new(ConsoleState::new(registry, service, self.limits.max_words))
    }
}

impl ConsoleState {
    pub(crate) fn new(registry: Registry, service: Service, max_words: usize) -> Self {
        let asynchronous = Arc::new(Asynchronous::new());
        Self {
            registry,
            max_words,
            service: Arc::new(service),
            addresses: OnceLock::new(),
            peers: Mutex::new(Vec::new()),
            runs: Arc::default(),
            helper: LazyRuntime::with_time(own_thread::HELPER),
            authors_helper: LazyRuntime::new("backdoor-view"),
            asking: QueryThreads::new("backdoor-ask").on(&asynchronous),
            probing: QueryThreads::new("backdoor-ask"),
            tally: Tally::default(),
            asking_vars: QueryThreads::new("backdoor-vars").at_most(VARIABLES_ASKED).on(&asynchronous),
            asynchronous,
            owner: lease::new_owner(),
            notes: OnceLock::new(),
        }
    }
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

/// Logs the addresses, and the number of served commands of each crate: if a crate is missing, the linker left it out.
fn log_start(name: &str, addresses: &[Address], crates: &[(&str, usize)]) {
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
