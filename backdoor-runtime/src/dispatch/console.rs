//! The public `Console`: the console's own data, for built-in and for authors' commands.

use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::time::Duration;

use serde_core::ser::{Serialize, SerializeStruct, Serializer};
use tokio::runtime::Handle;

use crate::audit::Notes;
use crate::base::sort;
use crate::call::peer::Peer;
use crate::call::session::Session;
use crate::changes::entry::Actor;
use crate::changes::lease;
use crate::command::Command;
use crate::command::catalogue::CommandInfo;
use crate::command::facts::Facts;
use crate::command::registry::{Entry, Registry};
use crate::dispatch::masked::masked_text;
use crate::dispatch::runs::{Killed, RunInfo, RunTable};
use crate::dispatch::tally::{StatusCount, Tally};
use crate::exec::catch_panic::catch_panic;
use crate::exec::own_thread;
use crate::exec::query::QueryThreads;
use crate::exec::runtime_thread::{Asynchronous, LazyRuntime};
use crate::line::{self, Candidate, Completion, Provider};
use crate::service::{Address, Addresses, Service};
use crate::thresholds::Thresholds;

/// The limit for the evaluation of the author's defaults and ranges for help.
const FACTS: Duration = Duration::from_millis(100);

/// The limit for the author's provider of completions.
const COMPLETION: Duration = Duration::from_millis(100);

/// The console, as a command sees it. Every command may take it as `State<Console>`.
///
/// ```
/// use backdoor_runtime::{backdoor_command, Console, State};
///
/// /// How many operators are connected
/// #[backdoor_command(reads)]
/// fn operators(State(console): State<Console>) -> usize {
///     console.sessions().len()
/// }
/// ```
#[derive(Clone)]
pub struct Console(pub(crate) Arc<ConsoleState>);

/// The data that the dispatcher and the built-in commands share.
pub(crate) struct ConsoleState {
    pub(crate) registry: Registry,
    /// The most words after a command's name.
    pub(crate) max_words: usize,
    pub(crate) service: Arc<Service>,
    /// The runtime for code of the author that is no view.
    pub(crate) asynchronous: Arc<Asynchronous>,
    pub(crate) addresses: OnceLock<Addresses>,
    pub(crate) peers: Mutex<Vec<Weak<Peer>>>,
    pub(crate) runs: Arc<RunTable>,
    pub(crate) helper: LazyRuntime,
    /// The thread for the author's views: a hanging one delays no view of the console.
    pub(crate) authors_helper: LazyRuntime,
    /// For the author's defaults, ranges and completions: a hanging one must not delay views.
    pub(crate) asking: QueryThreads,
    /// For work without code of the author.
    pub(crate) probing: QueryThreads,
    pub(crate) tally: Tally,
    /// For the author's variables, for the same reason.
    pub(crate) asking_vars: QueryThreads,
    /// The console's number: its temporary changes end with it.
    pub(crate) owner: u64,
    /// The thresholds of `doctor`, if the author has set them.
    pub(crate) thresholds: OnceLock<Thresholds>,
    /// The audit that logs changes.
    pub(crate) notes: OnceLock<Notes>,
}

/// One connected session.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SessionInfo {
    /// Its number, unique in the process.
    pub id: u64,
    /// Where the operator connects from.
    pub peer: String,
    /// `telnet`, `line` for a peer that has a prompt and has not spoken telnet, or `script`.
    pub kind: &'static str,
    /// How long it has been connected.
    pub connected: Duration,
    /// Time since a command last began or ended there.
    pub idle: Duration,
    /// The running line.
    pub running: Option<String>,
}

/// How many variables may hang before no further variable's code is called; each of them occupies one thread.
const VARIABLES_ASKED: usize = 64;

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
            thresholds: OnceLock::new(),
            notes: OnceLock::new(),
        }
    }
}

impl Console {
    /// The author of a change that this session makes.
    pub(crate) fn author(&self, session: &Session) -> Actor {
        Actor {
            who: format!("session {} ({})", session.id(), session.peer()),
            owner: self.0.owner,
            console: Some(self.0.service.name.as_str().into()),
            session: session.id(),
            notes: self.0.notes.get().cloned(),
            runtime: Some(self.0.asynchronous.clone()),
        }
    }

    /// The service that the console serves.
    pub fn service(&self) -> &Service {
        &self.0.service
    }

    /// The runtime of the service: the one given to the builder, or the one that the console was started on. It may be blocked: read its
    /// metrics, and do not wait for a task that you spawn there.
    pub fn runtime(&self) -> Option<&Handle> {
        self.0.asynchronous.service()
    }

    /// The addresses that the console listens on now.
    pub fn addresses(&self) -> &[Address] {
        self.0.addresses.get().map_or(&[], Addresses::all)
    }

    /// The connected sessions, by number.
    pub fn sessions(&self) -> Vec<SessionInfo> {
        let mut sessions: Vec<_> = self.0.peers().iter().map(|peer| SessionInfo::of(peer)).collect();
        sort::sort_by_key(&mut sessions, |session| session.id);
        sessions
    }

    /// The thresholds of `doctor`.
    pub(crate) fn thresholds(&self) -> Thresholds {
        self.0.thresholds.get().copied().unwrap_or_default()
    }

    /// The lines that run or are stuck, in the order of their start.
    pub fn running(&self) -> Vec<RunInfo> {
        self.0.runs.all().iter().map(|run| run.info()).collect()
    }

    /// Tells a line to stop, as Ctrl-C in its session does, and waits until it has ended or, a second later, is marked stuck. Its operator
    /// and the log are told which session did that. `None` if nothing runs under this number.
    pub async fn kill(&self, run: u64, by: &Session) -> Option<Killed> {
        self.0.runs.kill(run, by.id()).await
    }

    /// The number of lines that were run since the console started, by how they ended, the most frequent first.
    pub fn tally(&self) -> Vec<StatusCount> {
        self.0.tally.counts()
    }

    /// How often the console's own code has panicked since it started. Each panic is a bug in the console.
    pub fn bugs(&self) -> u64 {
        self.0.tally.bugs()
    }

    /// Every command, also hidden ones, by name. Defaults and ranges that are not literals are evaluated by code of the author, on a thread
    /// of its own and for 100 ms at most in total; those without an answer are left out.
    pub async fn commands(&self) -> Vec<CommandInfo> {
        let until = tokio::time::Instant::now() + FACTS;
        let entries = self.0.registry.entries();
        for entry in entries.clone() {
            self.0.evaluate(entry, until).await;
        }
        entries.map(CommandInfo::of).collect()
    }

    /// The command of this name or alias, with its words separated by single spaces; evaluated as in [`commands`](Self::commands).
    pub async fn command(&self, name: &str) -> Option<CommandInfo> {
        let entry = self.0.registry.get(name)?;
        self.0.evaluate(entry, tokio::time::Instant::now() + FACTS).await;
        Some(CommandInfo::of(entry))
    }

    /// The words that may follow this name, if it is a group.
    pub fn group(&self, name: &str) -> Option<Vec<String>> {
        Some(self.0.registry.members(name)?.iter().map(ToString::to_string).collect())
    }

    /// The completions of the last word of an unfinished line: commands, members of groups, options, choices, and the words of the author's
    /// provider (`#[arg(complete = ..)]`). The provider runs on a thread of its own and is left out if it does not answer within 100 ms. A
    /// line that ends in white space is completed with a new word.
    pub async fn complete(&self, line: &str) -> Vec<Candidate> {
        let Completion { mut candidates, provider } = line::complete(line, &self.0.registry);
        if let Some(provider) = provider {
            candidates.extend(self.0.ask(provider).await);
            sort::sort(&mut candidates);
            candidates.dedup();
        }
        candidates
    }

    /// The command or group that this word most likely means.
    pub fn nearest(&self, word: &str) -> Option<String> {
        self.0.registry.nearest(word).map(str::to_owned)
    }
}

impl ConsoleState {
    /// A line that does not run yet, in the form that may be shown again.
    pub(crate) fn masked(&self, line: &str) -> Arc<str> {
        masked_text(line, &self.registry, self.max_words)
    }

    /// The thread for a view of this command.
    pub(crate) fn helper_of(&self, command: &Command) -> &LazyRuntime {
        if command.is_builtin() { &self.helper } else { &self.authors_helper }
    }

    pub(crate) fn peers(&self) -> Vec<Arc<Peer>> {
        let mut peers = self.peers.lock().unwrap_or_else(PoisonError::into_inner);
        peers.retain(|peer| peer.strong_count() > 0);
        // An abandoned command may still hold the session of a disconnected peer.
        peers.iter().filter_map(Weak::upgrade).filter(|peer| !peer.output.is_closed()).collect()
    }

    pub(crate) fn add_peer(&self, peer: &Arc<Peer>) {
        let mut peers = self.peers.lock().unwrap_or_else(PoisonError::into_inner);
        peers.retain(|peer| peer.strong_count() > 0);
        peers.push(Arc::downgrade(peer));
    }

    /// The usage line of a command, with the defaults and ranges from its author's code.
    pub(crate) async fn usage(&self, entry: &Entry) -> String {
        self.evaluate(entry, tokio::time::Instant::now() + FACTS).await;
        entry.usage()
    }

    async fn evaluate(&self, entry: &Entry, until: tokio::time::Instant) {
        if entry.facts().is_some() || Facts::are_literal(entry.command) {
            return;
        }
        let (command, evaluation) = (entry.command, entry.evaluation().clone());
        // One evaluation at a time for each command, so that they do not accumulate behind one that is stuck.
        let Ok(evaluating) = evaluation.evaluating.clone().try_lock_owned() else { return };
        let limit = until.saturating_duration_since(tokio::time::Instant::now());
        let evaluated = self.asking.ask(limit, move || {
            let evaluated = catch_panic(|| Facts::evaluate(command));
            // Code that panics is not called again: each panic would be in the service's log.
            let _ = evaluation.facts.set(evaluated.unwrap_or_else(|_| Facts::without_evaluation(command)));
            drop(evaluating);
        });
        // Late: the description is shown without the result this time.
        drop(evaluated.await);
    }

    /// Calls the author's provider. If it is late or panics, it has no completions.
    async fn ask(&self, provider: Provider) -> Vec<Candidate> {
        let what = format!("completion {:p}", provider.function);
        self.asking.ask_about(&what, COMPLETION, move || provider.ask()).await.unwrap_or_default()
    }
}

impl SessionInfo {
    fn of(peer: &Peer) -> Self {
        let (idle, running) = peer.activity();
        let kind = match (peer.speaks_telnet(), peer.is_prompted()) {
            (true, _) => "telnet",
            (false, true) => "line",
            (false, false) => "script",
        };
        Self {
            id: peer.id,
            peer: peer.name.to_string(),
            kind,
            connected: peer.connected_for(),
            idle,
            running: running.map(|run| run.shown().to_owned()),
        }
    }
}

impl Serialize for Candidate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut record = serializer.serialize_struct("Candidate", 2)?;
        record.serialize_field("word", &self.word)?;
        record.serialize_field("help", &self.help)?;
        record.end()
    }
}

impl Serialize for SessionInfo {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut record = serializer.serialize_struct("SessionInfo", 6)?;
        record.serialize_field("session", &self.id)?;
        record.serialize_field("peer", &self.peer)?;
        record.serialize_field("kind", self.kind)?;
        record.serialize_field("connected", &Duration::from_secs(self.connected.as_secs()))?;
        record.serialize_field("idle", &Duration::from_secs(self.idle.as_secs()))?;
        record.serialize_field("running", &self.running)?;
        record.end()
    }
}
