//! The author's side: every setting of a console, and its start.

#[cfg(feature = "console")]
use std::sync::Arc;

#[cfg(feature = "tokio")]
use tokio::runtime::Handle;

use crate::command::States;
use crate::command::registry::Registry;
#[cfg(feature = "console")]
use crate::dispatch::{Console, ConsoleState};
use crate::limits::Limits;
use crate::server::startup_check::{Problems, check};
use crate::server::{Backdoor, Error, start_all, start_some};
#[cfg(feature = "console")]
use crate::service::Service;
use crate::service::{BuildInfo, Listen};
use crate::thresholds::Thresholds;

/// Builds a [`Backdoor`]. Every setting has a default.
#[must_use = "a builder does nothing until it is started"]
pub struct Builder {
    pub(super) name: String,
    version: Option<String>,
    build: BuildInfo,
    pub(super) states: States,
    #[cfg(feature = "tokio")]
    pub(super) runtime: Option<Handle>,
    pub(super) listen: Vec<Listen>,
    left_out: Vec<String>,
    thresholds: Thresholds,
    pub(super) stack_signal: Option<i32>,
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
            #[cfg(feature = "tokio")]
            runtime: None,
            listen: Vec::new(),
            left_out: Vec::new(),
            thresholds: Thresholds::DEFAULT,
            stack_signal: None,
            limits: Limits::default(),
        }
    }
}

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
    #[cfg(feature = "tokio")]
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

    /// The thresholds of `doctor`. Default: [`Thresholds::default`], with a reason for each.
    ///
    /// ```
    /// use std::time::Duration;
    /// use backdoor_runtime::{Backdoor, Thresholds};
    ///
    /// let mut thresholds = Thresholds::default();
    /// thresholds.wait = Duration::from_secs(5);
    /// let builder = Backdoor::builder("shop").thresholds(thresholds);
    /// # drop(builder);
    /// ```
    pub fn thresholds(mut self, thresholds: Thresholds) -> Self {
        self.thresholds = thresholds;
        self
    }

    /// Checks the linked commands and the states that they need, without opening anything.
    ///
    /// # Errors
    /// All problems at once.
    #[cfg_attr(not(feature = "console"), allow(unused_mut))]
    pub fn check(mut self) -> Result<(), Problems> {
        #[cfg(feature = "console")]
        self.states.insert(Console(self.shared()));
        check(&Registry::linked_without(&self.left_out), Some(&self.states))
    }

    /// Starts the console, or logs a warning with the reason: a console that does not start must not stop the service.
    ///
    /// Of several addresses, it listens on those that it can bind. If another process holds an address, such as a predecessor that has not
    /// ended yet, the console tries again every 5 s; a line in the log says when it listens there.
    pub fn start_or_warn(self) -> Backdoor {
        let name = self.name.clone();
        match start_some(self) {
            Ok(backdoor) => backdoor,
            Err(error) => {
                tracing::warn!(target: "backdoor", "the console of {name} did not start: {}", error.chain());
                Backdoor::off()
            }
        }
    }

    /// Starts the console. It has threads of its own, so that it answers even if the service does not.
    ///
    /// A service that forks must start it in the process that continues, such as after daemon(3) or in each worker: threads do not survive
    /// a fork. A child closes what the console has open.
    ///
    /// # Errors
    /// The commands have problems, an address is wrong or taken, or a thread cannot be started. Nothing is left open then. Without the
    /// feature `console`, and on another operating system than Linux, it is [`Error::Unsupported`].
    pub fn start(self) -> Result<Backdoor, Error> {
        start_all(self)
    }

    #[cfg(feature = "console")]
    pub(super) fn shared(&self) -> Arc<ConsoleState> {
        let registry = Registry::linked_without(&self.left_out);
        let service = Service::new(self.name.clone(), self.version.clone());
        let service = Service { build: self.build.clone(), ..service };
        let state = ConsoleState::new(registry, service, self.limits.max_words);
        let _ = state.thresholds.set(self.thresholds);
        Arc::new(state)
    }
}
