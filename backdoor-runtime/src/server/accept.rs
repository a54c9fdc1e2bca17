//! The next connection of a listener, also while the process has no descriptor for it.

use std::io::{self, ErrorKind};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::timeout;

use crate::audit::Topic;
use crate::base::reserve;
use crate::console::LINGER;
use crate::dispatch::Dispatcher;
use crate::limits::Limits;
use crate::server::Server;
use crate::server::admission::Want;
use crate::server::bound_listener::{BoundListener, Closed, Listener};
use crate::server::rejection::tell;
use crate::server::reserve_fd::{Backoff, ReserveFd};
use crate::server::stream::Stream;

/// What helps where connections cannot be accepted.
pub(super) struct Shortage {
    reserve_fd: Option<ReserveFd>,
    /// The longest pause after a connection could not be accepted.
    pause: Duration,
    /// A connection was closed, so a descriptor may be free: this ends the pause.
    closed: Notify,
}

/// The result of accepting a connection with a reserved descriptor.
enum InReserve {
    Stays(Stream),
    TurnedAway,
    /// No connection was waiting.
    Nobody,
}

impl Shortage {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            reserve_fd: limits.reserve_fd.then(ReserveFd::new),
            pause: limits.max_accept_backoff,
            closed: Notify::new(),
        }
    }

    /// A connection was closed, so a descriptor may be free again.
    fn note_closed(&self) {
        if let Some(reserve_fd) = &self.reserve_fd {
            reserve_fd.renew();
            self.closed.notify_one();
        }
    }
}

impl Server {
    /// Waits until the address is bound.
    pub(super) async fn open(&self, bound: &BoundListener, closed: Closed) -> Listener {
        let Dispatcher { shared, audit, .. } = &*self.dispatcher;
        let (address, listener) = bound.opens(closed, &shared.service.name, audit).await;
        shared.addresses.get().into_iter().for_each(|addresses| addresses.add(address.clone()));
        listener
    }

    /// Waits for the next connection, also while there is no descriptor for it.
    pub(super) async fn accept(&self, listener: &Listener) -> Stream {
        let mut backoff = Backoff::up_to(self.shortage.pause);
        loop {
            let error = match listener.accept().await {
                Ok(stream) => return stream,
                Err(error) => error,
            };
            // Its peer disconnected before it was accepted, which is no error.
            if error.kind() == ErrorKind::ConnectionAborted {
                continue;
            }
            let audit = &self.dispatcher.audit;
            match self.shortage.reserve_fd.as_ref().filter(|_| reserve::helps(&error)) {
                Some(reserve_fd) => match self.accept_in_reserve(listener, reserve_fd, &error).await {
                    InReserve::Stays(stream) => {
                        audit.warn_rarely(Topic::Reserve, || {
                            format!("a connection was accepted with a reserved descriptor: {error}")
                        });
                        return stream;
                    }
                    InReserve::TurnedAway => audit.warn_rarely(Topic::Accept, || not_accepted(&error)),
                    InReserve::Nobody => {}
                },
                None => audit.warn_rarely(Topic::Accept, || not_accepted(&error)),
            }
            let _ = timeout(backoff.next(), self.shortage.closed.notified()).await;
        }
    }

    /// Accepts one connection with a reserved descriptor. It stays if another descriptor is left for the next one, or if an unestablished
    /// session is closed for it; otherwise it is told the reason.
    async fn accept_in_reserve(
        &self,
        listener: &Listener,
        reserve_fd: &ReserveFd,
        error: &io::Error,
    ) -> InReserve {
        let may_stay = reserve_fd.give_up();
        // Without an await in between, no other task on this thread takes the descriptor.
        let Ok(Ok(stream)) = timeout(Duration::ZERO, listener.accept()).await else {
            reserve_fd.renew();
            return InReserve::Nobody;
        };
        if may_stay {
            return InReserve::Stays(stream);
        }
        if let Some(left) = self.admission.make_room() {
            self.note_eviction(&left, Want::Descriptor);
            return InReserve::Stays(stream);
        }
        tell(
            &stream,
            &format!("the service cannot accept a connection now: {error}; try again later\n"),
            LINGER,
        )
        .await;
        drop(stream);
        reserve_fd.renew();
        InReserve::TurnedAway
    }

    /// Closes a connection. Its descriptor is free for the next one.
    pub(super) fn close(&self, stream: Stream) {
        drop(stream);
        self.shortage.note_closed();
    }
}

fn not_accepted(error: &io::Error) -> String {
    format!("a connection could not be accepted: {error}")
}
