//! The console's thread and its supervisor: if a bug ends the thread's work, it is restarted once on the same sockets.

use std::future::Future;
use std::io;
use std::sync::Arc;

use tokio::sync::oneshot;

use crate::base::race::race;
use crate::call::failure::REPORT;
use crate::exec::catch_panic::catch_panic;
use crate::exec::own_thread::{self, Priority};
use crate::exec::runtime_thread::Runtime;
use crate::server::bound_listener::{BoundListener, Listener};

/// A failure on the console's thread.
pub(super) enum Trouble {
    /// Caused by the service's environment: a limit, a filter.
    Refused(String),
    /// A panic in the console's own code.
    Bug(String),
}

/// The console's thread, which ends when this is dropped. The drop does not wait for it.
pub(super) struct Supervisor {
    _stop: oneshot::Sender<()>,
}

/// A runtime and its listeners.
struct Opened {
    runtime: Runtime,
    listeners: Vec<(Arc<BoundListener>, Option<Listener>)>,
}

impl Supervisor {
    /// Serves the addresses on a thread and a runtime of their own. The thread and the threads that it starts have this priority. Failures
    /// go to `warn`; at the end `ended` is called.
    ///
    /// # Errors
    /// The thread, its runtime or a listener cannot be made.
    pub(super) fn start<Served: Future<Output = ()>>(
        listeners: Vec<Arc<BoundListener>>,
        priority: Priority,
        mut serve: impl FnMut(Vec<(Arc<BoundListener>, Option<Listener>)>) -> Served + Send + 'static,
        warn: impl Fn(Trouble) + Send + 'static,
        ended: impl FnOnce() + Send + 'static,
    ) -> io::Result<Self> {
        let (stop, mut stopped) = oneshot::channel::<()>();
        let mut opened = Opened::new(&listeners)?;
        let mut is_first = true;
        let run = move || {
            if let Err(error) = priority.take() {
                warn(Trouble::Refused(format!(
                    "the console keeps the priority of the service: setpriority: {error}"
                )));
            }
            loop {
                let Opened { runtime, listeners: open } = opened;
                let served = catch_panic(|| {
                    runtime.block_on(async {
                        // The sender is dropped, never used: the drop is the signal.
                        race(serve(open), &mut stopped).await;
                    });
                });
                // Its sessions end with it.
                let _ = catch_panic(|| drop(runtime));
                let Err(panic) = served else { break };
                let bug = format!(
                    "the console's thread failed, which is a bug in the console, {REPORT}: {}",
                    panic.message
                );
                if !std::mem::take(&mut is_first) {
                    warn(Trouble::Bug(format!("{bug}; it had failed before and is not restarted")));
                    break;
                }
                opened = match Opened::new(&listeners) {
                    Ok(opened) => opened,
                    Err(error) => {
                        warn(Trouble::Bug(format!("{bug}; it could not be restarted: {error}")));
                        break;
                    }
                };
                warn(Trouble::Bug(format!("{bug}; its sessions were closed, and it was restarted")));
            }
            // The addresses are free before the end is reported.
            drop(serve);
            listeners.iter().for_each(|bound| bound.close());
            ended();
        };
        own_thread::start("backdoor-console", Priority::OF_STARTER, run)?;
        Ok(Self { _stop: stop })
    }
}

impl Opened {
    fn new(listeners: &[Arc<BoundListener>]) -> io::Result<Self> {
        let runtime = Runtime::with_sockets()?;
        let entered = runtime.enter();
        let opened = listeners.iter().map(|bound| Ok((bound.clone(), bound.listener()?)));
        let listeners = opened.collect::<io::Result<_>>()?;
        drop(entered);
        Ok(Self { runtime, listeners })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use std::io::Read;
    use std::net::{SocketAddr, TcpStream};
    use std::sync::mpsc::{Receiver, channel};
    use std::time::Duration;

    use crate::console::Transport;
    use crate::server::listener;
    use crate::service::{Address, Listen};

    const PATIENCE: Duration = Duration::from_secs(30);

    /// An address whose server greets each peer, and fails at the peers with these numbers.
    fn start(fails_at: &'static [u32]) -> (SocketAddr, Supervisor, Receiver<String>, Receiver<()>) {
        let endpoint = Listen::from("0").endpoint().unwrap();
        let bound = listener::bind(&endpoint).unwrap();
        let Address::Tcp(address) = bound.address else { panic!("{:?} is no port", bound.address) };
        let (warn, warnings) = channel();
        let (end, ended) = channel();
        let mut count = 0;
        let serve = move |listeners: Vec<(Arc<BoundListener>, Option<Listener>)>| {
            let first = count + 1;
            count += 1;
            async move {
                for number in first.. {
                    let stream = listeners[0].1.as_ref().unwrap().accept().await.unwrap();
                    assert!(!fails_at.contains(&number), "at {number}");
                    stream.ready(tokio::io::Interest::WRITABLE).await.unwrap();
                    stream.try_write(b"hello").unwrap();
                }
            }
        };
        let supervisor = Supervisor::start(
            vec![BoundListener::new(endpoint, Some(bound))],
            Priority::OF_STARTER,
            serve,
            move |trouble| match trouble {
                Trouble::Bug(text) | Trouble::Refused(text) => warn.send(text).unwrap(),
            },
            move || end.send(()).unwrap(),
        );
        (address, supervisor.unwrap(), warnings, ended)
    }

    fn greeting(address: SocketAddr) -> String {
        let mut text = String::new();
        // A reset counts as the end.
        let _ = TcpStream::connect(address).unwrap().read_to_string(&mut text);
        text
    }

    #[test]
    fn a_failed_thread_restarts_once_on_the_same_socket() {
        let (address, _keeper, warnings, ended) = start(&[1, 3]);
        assert_eq!(greeting(address), "");
        let warning = warnings.recv_timeout(PATIENCE).unwrap();
        assert!(
            warning.contains("a bug in the console")
                && warning.ends_with(": at 1; its sessions were closed, and it was restarted")
        );
        assert_eq!(greeting(address), "hello");
        assert_eq!(greeting(address), "");
        let warning = warnings.recv_timeout(PATIENCE).unwrap();
        assert!(warning.ends_with("at 3; it had failed before and is not restarted"), "{warning}");
        ended.recv_timeout(PATIENCE).unwrap();
        assert!(TcpStream::connect(address).is_err(), "nobody listens any more");
    }

    #[test]
    fn dropping_the_supervisor_ends_it() {
        let (address, supervisor, warnings, ended) = start(&[]);
        assert_eq!(greeting(address), "hello");
        drop(supervisor);
        ended.recv_timeout(PATIENCE).unwrap();
        assert!(TcpStream::connect(address).is_err());
        assert!(warnings.recv_timeout(PATIENCE).is_err(), "its sender is gone and it said nothing");
    }
}
