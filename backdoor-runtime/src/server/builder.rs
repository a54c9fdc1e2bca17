//! The author's side: build a console, start it, and let it end with the service.

use std::fmt;
use std::sync::atomic::AtomicU64;
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use tokio::net::{TcpListener, UnixListener};
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, watch};

use crate::command::States;
use crate::command::check::{Problem, Problems, check};
use crate::command::registry::Registry;
use crate::console::Manners;
use crate::dispatch::asking::Asking;
use crate::dispatch::audit::Audit;
use crate::dispatch::own_runtime::{LazyRuntime, OwnRuntime};
use crate::dispatch::tally::Tally;
use crate::dispatch::{Console, Dispatcher, Service, Shared};
use crate::resources::BuildInfo;
use crate::server::accept::{Listener, REFUSALS, Reception, serve_all};
use crate::server::address::{self, Endpoint};
use crate::server::limits::Limits;
use crate::server::listener::{self, BoundSocket};
use crate::server::socket_file::SocketFile;
use crate::server::{Address, Error, Listen};
use crate::testing::Testing;

/// The variable by which an operator moves or switches off a console without a build.
const ENVIRONMENT: &str = "BACKDOOR_LISTEN";

/// How long dropping a console may take. It takes microseconds where nothing runs and every client closes when it is told.
const DROP: Duration = Duration::from_millis(200);

/// How long [`Backdoor::shutdown`] may take.
const SHUTDOWN: Duration = Duration::from_secs(2);

/// A running console. Dropping it ends it: what is rendered is sent, sessions get a goodbye, and no command is waited for.
#[must_use = "dropping the console ends it"]
pub struct Backdoor {
    addresses: Vec<Address>,
    running: Option<Running>,
}

struct Running {
    ending: watch::Sender<bool>,
    ended: Mutex<Receiver<()>>,
    ended_too: watch::Receiver<bool>,
    dispatcher: Arc<Dispatcher>,
    /// Dropped after the sessions have ended, or have had their time.
    runtime: OwnRuntime,
    /// Their drop removes the files.
    _files: Vec<SocketFile>,
}

/// Builds a [`Backdoor`]. Every knob has a default.
#[must_use = "a builder does nothing until it is started"]
pub struct Builder {
    name: String,
    version: Option<String>,
    build: BuildInfo,
    states: States,
    runtime: Option<Handle>,
    listen: Vec<Listen>,
    left_out: Vec<String>,
    pub(super) limits: Limits,
}

impl Backdoor {
    /// A console for the service of this name, which stands in the prompt and the banner.
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
            limits: Limits::default(),
        }
    }

    /// Runs lines through the same dispatch without a socket, for unit tests.
    pub fn testing() -> Testing {
        Testing::new()
    }

    /// Where the console listens; empty when it is off.
    pub fn addresses(&self) -> &[Address] {
        &self.addresses
    }

    /// Ends the console and waits up to 2 s for its sessions to have said goodbye. A command that is stuck is not waited for.
    pub async fn shutdown(mut self) {
        if let Some(running) = self.running.take() {
            let mut ended = running.ended_too.clone();
            running.end();
            // The console's own runtime keeps the time, since this one may have no timers.
            let wait = running.runtime.handle().spawn(async move {
                drop(tokio::time::timeout(SHUTDOWN, ended.wait_for(|ended| *ended)).await);
            });
            let _ = wait.await;
            running.dispatcher.audit.end(DROP);
        }
    }
}

impl Drop for Backdoor {
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            let until = Instant::now() + DROP;
            running.end();
            if let Ok(ended) = running.ended.lock() {
                // Too late is fine: the thread is left to itself.
                let _ = ended.recv_timeout(DROP);
            }
            running.dispatcher.audit.end(until.saturating_duration_since(Instant::now()));
        }
    }
}

impl Running {
    fn end(&self) {
        self.ending.send_replace(true);
        self.dispatcher.pool.end();
    }
}

impl fmt::Debug for Backdoor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Backdoor").field("addresses", &self.addresses).finish_non_exhaustive()
    }
}

impl Builder {
    /// The service's version, for the banner and `version`. Default: none.
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.version = Some(version.into());
        self
    }

    /// How the program was built, for `build`: `.build_info(build_info!())`. Default: what this crate knows by itself, which is the
    /// compiler and the profile.
    pub fn build_info(mut self, info: BuildInfo) -> Self {
        self.build = info;
        self
    }

    /// A value that commands may ask for as [`State<T>`](crate::State). One of the same type given before is replaced.
    pub fn state<T: Clone + Send + Sync + 'static>(mut self, state: T) -> Self {
        self.states.insert(state);
        self
    }

    /// The runtime that asynchronous commands run on. Default: the one that [`start`](Self::start) is called on, and where there is
    /// none, one of the console's own that starts when it is first needed.
    pub fn runtime(mut self, runtime: Handle) -> Self {
        self.runtime = Some(runtime);
        self
    }

    /// Where to listen; may be called several times. Default: nowhere. The environment variable `BACKDOOR_LISTEN`, addresses
    /// separated by commas or white space, wins over all of them, also when it is empty or `off`.
    ///
    /// An address is `3000`, `0` (any free port), `3000:3010` (the first free one), `127.0.0.1:3000`, `[::1]:3000` or
    /// `unix:/path/with-{pid}.sock`. Only loopback is accepted, since a console has no password.
    pub fn listen(mut self, address: impl Into<Listen>) -> Self {
        self.listen.push(address.into());
        self
    }

    /// Leaves out the commands of a crate: that they are linked in is no reason to serve them. Default: all are served. The
    /// built-in command `commands` lists what is served.
    pub fn without_crate(mut self, name: &str) -> Self {
        self.left_out.push(name.replace('-', "_"));
        self
    }

    /// Checks the commands that are linked in, and that the states they need were given, without opening anything.
    ///
    /// # Errors
    /// All problems at once.
    pub fn check(mut self) -> Result<(), Problems> {
        let shared = self.shared();
        self.states.insert(Console(shared.clone()));
        check(&shared.registry, Some(&self.states))
    }

    /// Starts the console, or says in one warning why it cannot: a console that does not start must not stop the service.
    pub fn start_or_warn(self) -> Backdoor {
        let name = self.name.clone();
        match self.start() {
            Ok(backdoor) => backdoor,
            Err(error) => {
                tracing::warn!(target: "backdoor", "the console of {name} is not there: {}", error.chain());
                Backdoor { addresses: Vec::new(), running: None }
            }
        }
    }

    /// Starts the console. It has threads of its own, so that it answers when the service does not.
    ///
    /// # Errors
    /// The commands have problems, an address is wrong or taken, or a thread cannot be started. Nothing is left open then.
    pub fn start(mut self) -> Result<Backdoor, Error> {
        let limits = self.limits;
        let endpoints = self.endpoints()?;
        if endpoints.is_empty() {
            tracing::info!(target: "backdoor", "the console of {} is off: no address was given", self.name);
            return Ok(Backdoor { addresses: Vec::new(), running: None });
        }
        let shared = self.shared();
        self.states.insert(Console(shared.clone()));
        refuse_or_warn(check(&shared.registry, Some(&self.states)))?;
        let bound: Vec<_> =
            endpoints.iter().map(listener::bind).collect::<Result<_, _>>().map_err(Error::Bind)?;
        let addresses: Vec<Address> = bound.iter().map(|bound| bound.address.clone()).collect();
        let runtime = OwnRuntime::start("backdoor-console").map_err(Error::Thread)?;
        let audit = Audit::start().map_err(Error::Thread)?;
        let _ = shared.addresses.set(addresses.clone());
        let service = self.runtime.or_else(|| Handle::try_current().ok());
        let dispatcher = Dispatcher::new(
            shared.clone(),
            self.states,
            audit,
            service,
            limits.command_timeout,
            limits.command_threads,
        );
        let dispatcher = Arc::new(dispatcher);
        let mut files = Vec::new();
        let mut listeners = Vec::new();
        let entered = runtime.handle().enter();
        for bound in bound {
            let listener = match bound.socket {
                BoundSocket::Tcp(socket) => {
                    Listener::Tcp(TcpListener::from_std(socket).map_err(Error::Thread)?)
                }
                BoundSocket::Unix(socket, file) => {
                    files.push(file);
                    Listener::Unix(UnixListener::from_std(socket).map_err(Error::Thread)?)
                }
            };
            listeners.push((listener, bound.plain));
        }
        drop(entered);
        let (ending, ends) = watch::channel(false);
        let reception = Reception {
            dispatcher: dispatcher.clone(),
            manners: Manners { service: shared.service.clone(), plain: false, line: limits.max_line },
            times: limits.times,
            places: Arc::new(Semaphore::new(limits.max_sessions)),
            limit: limits.max_sessions,
            refusals: Arc::new(Semaphore::new(REFUSALS)),
            ending: ends,
            numbers: AtomicU64::new(1),
        };
        let (end, ended) = sync_channel(1);
        let (end_too, ended_too) = watch::channel(false);
        runtime.handle().spawn(async move {
            serve_all(reception, listeners).await;
            let _ = end.send(());
            end_too.send_replace(true);
        });
        log_start(&shared.service.name, &addresses);
        let running =
            Running { ending, ended: Mutex::new(ended), ended_too, dispatcher, runtime, _files: files };
        Ok(Backdoor { addresses, running: Some(running) })
    }

    fn endpoints(&self) -> Result<Vec<Endpoint>, Error> {
        match std::env::var_os(ENVIRONMENT) {
            Some(text) => address::parse_list(&text.to_string_lossy()).map_err(Error::Environment),
            None => {
                self.listen.iter().map(Listen::endpoint).collect::<Result<_, _>>().map_err(Error::Address)
            }
        }
    }

    fn shared(&self) -> Arc<Shared> {
        let registry = Registry::linked_without(&self.left_out);
        Arc::new(Shared::new(
            registry,
            Service::new(self.name.clone(), self.version.clone(), self.build.clone()),
        ))
    }
}

impl Shared {
    pub(crate) fn new(registry: Registry, service: Service) -> Self {
        Self {
            registry,
            service: Arc::new(service),
            addresses: OnceLock::new(),
            peers: Mutex::new(Vec::new()),
            helper: LazyRuntime::new("backdoor-helper"),
            asking: Asking::new("backdoor-ask"),
            tally: Tally::default(),
        }
    }
}

/// A console without commands of the author's has its built-ins, so that is only a warning.
fn refuse_or_warn(checked: Result<(), Problems>) -> Result<(), Error> {
    match checked {
        Err(problems) if problems.iter().all(|problem| *problem == Problem::NothingLinked) => {
            tracing::warn!(target: "backdoor", "{problems}");
            Ok(())
        }
        checked => checked.map_err(Error::Commands),
    }
}

fn log_start(name: &str, addresses: &[Address]) {
    for address in addresses {
        tracing::info!(target: "backdoor", %address, "the console of {name} listens");
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
