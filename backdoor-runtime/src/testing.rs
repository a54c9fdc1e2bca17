//! Unit tests for authors: a line through the same dispatch as an operator's, without a socket.

use std::future::{Future, pending, poll_fn};
use std::sync::atomic::Ordering;
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, OnceLock};
use std::task::Poll;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::time::sleep;

use crate::Value;
use crate::audit::Audit;
use crate::base::kernel_ids;
use crate::call::failure::{Failure, Status};
use crate::call::link::Link;
use crate::call::output_event::{Output, OutputEvent};
use crate::call::peer::Peer;
use crate::call::run_state::{RunState, Stop};
use crate::call::session::Session;
use crate::changes::lease;
use crate::command::arguments::Call;
use crate::command::registry::Registry;
use crate::command::{Run, States};
use crate::console::{EchoedAt, ReplyAssembler, Screen, Wanted, render};
use crate::dispatch::{Console, ConsoleState, Dispatcher, Outcome};
use crate::exec::runtime_thread::OwnRuntime;
use crate::limits::Bounds;
use crate::limits::CommandLimits;
use crate::limits::Limits;
use crate::line::{self, Asked};
use crate::reply::Form;
use crate::server::Backdoor;
use crate::service::Service;

/// The time limit of a command in a test, unless the test sets one.
const LONGEST: Duration = Duration::from_secs(30);

/// Runs lines through dispatch, as a script on a unix socket would: the peer has the test's own uid, and there is no prompt, so dangerous
/// commands need `--yes`.
///
/// ```
/// use backdoor_runtime::{Backdoor, Status, backdoor_command};
///
/// /// Add two numbers
/// #[backdoor_command(reads)]
/// fn add(one: i64, other: i64) -> i64 {
///     one + other
/// }
///
/// let console = Backdoor::testing();
/// let answer = console.run("add 2 3");
/// assert_eq!(answer.status, Status::Done);
/// assert_eq!(answer.value, 5);
/// assert_eq!(answer.text, "5\n");
///
/// let answer = console.run("add 2 three");
/// assert_eq!(answer.status, Status::Usage);
/// assert_eq!(answer.error.as_deref(), Some("other: `three` is not a whole number"));
/// ```
pub struct Testing {
    states: States,
    runtime: Option<Handle>,
    limits: CommandLimits,
    peer: PeerIs,
    started: OnceLock<Started>,
}

/// The peer that runs the lines, as a command sees it.
#[derive(Clone, Copy)]
struct PeerIs {
    /// The uid of a unix peer; none over TCP.
    uid: Option<u32>,
    width: Option<usize>,
}

struct Started {
    dispatcher: Arc<Dispatcher>,
    runtime: OwnRuntime,
}

/// Temporary changes end with this console, as with one that listens.
impl Drop for Started {
    fn drop(&mut self) {
        lease::end_of(self.dispatcher.shared.owner, Duration::from_secs(1));
    }
}

/// The answer to a line.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Answer {
    /// How it ended.
    pub status: Status,
    /// The reply as `--json` gives it; null if there is none. The items of a stream are a list.
    pub value: Value,
    /// The text that a script reads: printed text, the reply, the error.
    pub text: String,
    /// The error in one sentence, without the underlined word and the usage.
    pub error: Option<String>,
}

impl Backdoor {
    /// Runs lines through the same dispatch without a socket, for unit tests.
    pub fn testing() -> Testing {
        Testing::new()
    }
}

impl Testing {
    fn new() -> Self {
        Self {
            states: States::default(),
            runtime: None,
            limits: CommandLimits { longest: Some(LONGEST), ..CommandLimits::default() },
            peer: PeerIs { uid: Some(kernel_ids::effective_user()), width: None },
            started: OnceLock::new(),
        }
    }

    /// A value that commands may take as [`State<T>`](crate::State). Give it before the first line is run.
    #[must_use]
    pub fn state<T: Clone + Send + Sync + 'static>(mut self, state: T) -> Self {
        self.states.insert(state);
        self
    }

    /// The runtime for asynchronous commands, which synchronous ones have entered. Default: for [`run`](Self::run), which blocks, a runtime
    /// of its own; for [`run_async`](Self::run_async), the one that it is called on.
    #[must_use]
    pub fn runtime(mut self, runtime: Handle) -> Self {
        self.runtime = Some(runtime);
        self
    }

    /// The time limit of every command, whatever `timeout` it declares, so that no test hangs in a command with `"none"`. A command that
    /// still runs then ends as [`Status::TimedOut`]. Default: 30 s.
    #[must_use]
    pub fn command_timeout(mut self, limit: Duration) -> Self {
        self.limits.timeout = limit;
        self.limits.longest = Some(limit);
        self
    }

    /// The user that [`Session::peer_uid`](crate::Session::peer_uid) returns, as for a peer on a unix socket. Default: the test's own.
    #[must_use]
    pub fn peer_uid(mut self, uid: u32) -> Self {
        self.peer.uid = Some(uid);
        self
    }

    /// Runs lines as a script over TCP would: the peer has no uid, and `--yes` confirms nothing.
    #[must_use]
    pub fn over_tcp(mut self) -> Self {
        self.peer.uid = None;
        self
    }

    /// The longest answer in bytes; a longer one is cut and its status is [`Status::Truncated`]. Default: 16 MiB.
    #[must_use]
    pub fn max_answer(mut self, limit: usize) -> Self {
        self.limits.answer = limit;
        self
    }

    /// The width in columns. Default: no limit, as for a script.
    #[must_use]
    pub fn width(mut self, columns: usize) -> Self {
        self.peer.width = Some(columns);
        self
    }

    /// Runs a line and waits for its end.
    ///
    /// # Panics
    /// When the threads for it cannot be started.
    pub fn run(&self, line: &str) -> Answer {
        self.wait(line, None)
    }

    /// Runs a line and interrupts it, as Ctrl-C does, when its command has run for this long: for commands that do not end by themselves.
    /// The answer has the output until then and the status [`Status::Cancelled`], or the command's own status if it ended before.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use backdoor_runtime::{Backdoor, Status, backdoor_command};
    ///
    /// /// Count for ever
    /// #[backdoor_command(reads, timeout = "none")]
    /// fn watch() -> impl Iterator<Item = u32> {
    ///     (1..).inspect(|_| std::thread::sleep(Duration::from_millis(1)))
    /// }
    ///
    /// let answer = Backdoor::testing().run_for("watch", Duration::from_secs(1));
    /// assert_eq!(answer.status, Status::Cancelled);
    /// assert_eq!(answer.value[0], 1);
    /// assert!(answer.text.starts_with("1\n"));
    /// ```
    ///
    /// # Panics
    /// When the threads for it cannot be started.
    pub fn run_for(&self, line: &str, time: Duration) -> Answer {
        self.wait(line, Some(time))
    }

    /// Runs a line and waits for its end without blocking. The command has the runtime that this is called on.
    ///
    /// # Panics
    /// When the threads for it cannot be started.
    pub async fn run_async(&self, line: &str) -> Answer {
        self.wait_async(line, None).await
    }

    /// [`run_for`](Self::run_for) without blocking, on the runtime that this is called on.
    ///
    /// # Panics
    /// When the threads for it cannot be started.
    pub async fn run_async_for(&self, line: &str, time: Duration) -> Answer {
        self.wait_async(line, Some(time)).await
    }

    fn wait(&self, line: &str, time: Option<Duration>) -> Answer {
        let (sender, receiver) = sync_channel(1);
        let started = self.started();
        let answer = answer(started.dispatcher.clone(), line.to_owned(), self.peer, time);
        started.runtime.handle().spawn(async move {
            let _ = sender.send(answer.await);
        });
        receiver.recv().expect("the dispatcher's thread lives as long as this")
    }

    async fn wait_async(&self, line: &str, time: Option<Duration>) -> Answer {
        let started = self.started();
        let dispatcher = match (&self.runtime, Handle::try_current()) {
            (None, Ok(current)) => Arc::new(started.dispatcher.on(current)),
            _ => started.dispatcher.clone(),
        };
        let answer = answer(dispatcher, line.to_owned(), self.peer, time);
        started.runtime.handle().spawn(answer).await.expect("the dispatcher's thread lives as long as this")
    }

    /// Returns a function that parses a line, calls its command on this thread and returns whether that succeeded: a measurement of
    /// dispatch alone. Only for synchronous commands.
    #[doc(hidden)]
    pub fn bare_call(&self) -> impl Fn(&Arc<str>) -> bool + use<> {
        let dispatcher = self.started().dispatcher.clone();
        let peer = Arc::new(Peer::new(0, "test".to_owned(), None, mpsc::channel(1).0));
        let form = Form::text(None);
        let run = dispatcher.prepare(String::new(), form, peer.id);
        let session = Session { link: Link::new(peer, run) };
        move |line| match line::read(line, &dispatcher.shared.registry, dispatcher.shared.max_words).asked {
            Asked::Command { entry, arguments, .. } => match entry.command.run {
                Run::Sync(function) => {
                    let mut call =
                        Call::new(entry.command.callee(), &arguments, &dispatcher.states, &session, form);
                    function.run(&mut call).is_ok()
                }
                Run::Async(_) => false,
            },
            _ => false,
        }
    }

    fn started(&self) -> &Started {
        self.started.get_or_init(|| {
            let runtime = OwnRuntime::start("backdoor-testing").expect("a test can start threads");
            let audit = Audit::start(crate::limits::RECURRING).expect("a test can start threads");
            let service = Service::new("test".to_owned(), None);
            let shared =
                Arc::new(ConsoleState::new(Registry::linked(), service, Limits::default().max_words));
            let mut states = self.states.clone();
            states.insert(Console(shared.clone()));
            let dispatcher = Dispatcher::new(shared, states, audit, self.runtime.clone(), self.limits);
            Started { dispatcher: Arc::new(dispatcher), runtime }
        })
    }
}

/// What the wait for a line finds.
enum Next {
    Piece(OutputEvent),
    Ended(Outcome),
    Interrupted,
}

/// Runs a line and collects the output that a script would read. A command that still runs after `time` is interrupted.
async fn answer(
    dispatcher: Arc<Dispatcher>,
    line: String,
    PeerIs { uid, width }: PeerIs,
    time: Option<Duration>,
) -> Answer {
    let (output, mut pieces) = mpsc::channel(Bounds::default().pieces());
    let peer = Arc::new(Peer::new(0, "test".to_owned(), uid, output));
    if uid.is_some() {
        peer.set_trusted();
    }
    if let Some(columns) = width {
        peer.set_size(columns, 0);
    }
    let shown = line.clone();
    let run = dispatcher.prepare(line, Form { kept: true, ..Form::text(width) }, peer.id);
    let mut gathered = Gathered::new();
    let mut running = std::pin::pin!(dispatcher.run(run.clone(), &peer));
    let mut interrupted = std::pin::pin!(interrupt(&run, time));
    let mut is_interrupted = false;
    let outcome = loop {
        let next = poll_fn(|context| {
            if let Poll::Ready(Some(piece)) = pieces.poll_recv(context) {
                return Poll::Ready(Next::Piece(piece));
            }
            if let Poll::Ready(outcome) = running.as_mut().poll(context) {
                return Poll::Ready(Next::Ended(outcome));
            }
            match is_interrupted {
                true => Poll::Pending,
                false => interrupted.as_mut().poll(context).map(|()| Next::Interrupted),
            }
        });
        match next.await {
            Next::Piece(piece) => gathered.piece(piece, &run),
            Next::Ended(outcome) => break outcome,
            Next::Interrupted => is_interrupted = true,
        }
    };
    while let Ok(piece) = pieces.try_recv() {
        gathered.piece(piece, &run);
    }
    // The part of an unfinished reply in pieces.
    let came = run.held.take_values();
    if !came.is_empty() {
        gathered.value = Value::List(came);
    }
    gathered.end(&outcome, &shown, width)
}

/// Interrupts a run when its command has run for this long.
async fn interrupt(run: &RunState, time: Option<Duration>) {
    /// How often a test checks whether a thread has begun the run.
    const OFTEN: Duration = Duration::from_millis(1);
    let Some(time) = time else { return pending().await };
    while !run.reached.has_begun() {
        sleep(OFTEN).await;
    }
    sleep(time).await;
    run.stop(Stop::Interrupted);
}

/// The answer to a line, as a script would read it.
struct Gathered {
    screen: Screen,
    reply: ReplyAssembler,
    value: Value,
}

impl Gathered {
    fn new() -> Self {
        Self { screen: Screen::new(""), reply: ReplyAssembler::new(), value: Value::Null }
    }

    fn piece(&mut self, piece: OutputEvent, run: &RunState) {
        let wanted = Wanted { json: run.json.load(Ordering::Relaxed), raw: false };
        if let Some(Output::Value(value)) = self.reply.show(*piece.what, wanted, &mut self.screen) {
            self.value = value;
        }
    }

    fn end(mut self, outcome: &Outcome, line: &str, width: Option<usize>) -> Answer {
        let message = |failure: &Failure, _: &Screen| {
            render(failure, line, outcome.line.as_ref(), &EchoedAt::Elsewhere, width)
        };
        self.reply.end(outcome, true, false, message, &mut self.screen);
        self.screen.fresh_line();
        let failure = outcome.failure.as_ref();
        Answer {
            status: outcome.status,
            value: self.value,
            text: String::from_utf8_lossy(self.screen.bytes()).into_owned(),
            error: failure.map(|failure| failure.message.clone()),
        }
    }
}
