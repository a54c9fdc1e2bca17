//! Session slots: a fixed number of sessions, a few of them reserved for the service's own user. An unestablished session can be closed for
//! a new one.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

use crate::call::peer::Peer;

/// The slots of a console.
pub(crate) struct Admission {
    /// The number of slots for all peers.
    limit: usize,
    /// How many of them are reserved for peers of the service's own user.
    kept: usize,
    /// How long an unestablished peer is safe from being closed.
    stay: Duration,
    /// Oldest first.
    taken: Mutex<Vec<Taken>>,
}

struct Taken {
    peer: Arc<Peer>,
    own: bool,
    make_room: oneshot::Sender<Want>,
}

/// A slot that is held until it is dropped, or until another peer needs it.
pub(crate) struct Slot {
    admission: Arc<Admission>,
    peer: Arc<Peer>,
    wanted: oneshot::Receiver<Want>,
}

/// What a session is closed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Want {
    /// All slots are taken.
    Slot,
    /// The process has no descriptor left.
    Descriptor,
}

/// Why a peer gets no slot.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Rejected {
    /// All are taken.
    All { limit: usize },
    /// All slots that are not reserved are taken.
    AllButKept { open: usize, kept: usize },
}

impl Admission {
    /// At least one slot, and at least one of them not reserved.
    pub(crate) fn new(limit: usize, kept: usize, stay: Duration) -> Self {
        let limit = limit.max(1);
        Self { limit, kept: kept.min(limit - 1), stay, taken: Mutex::default() }
    }

    /// A slot for this peer, which may be one of the service's own user, and the peer that is closed for it.
    pub(crate) fn take(
        self: &Arc<Self>,
        peer: &Arc<Peer>,
        own: bool,
    ) -> Result<(Slot, Option<Arc<Peer>>), Rejected> {
        let mut taken = self.taken();
        let left = match self.refuses(&taken, own) {
            None => None,
            Some(rejected) => {
                let may = own && matches!(rejected, Rejected::All { .. });
                Some(self.evict(&mut taken, may, Want::Slot).ok_or(rejected)?)
            }
        };
        let (make_room, wanted) = oneshot::channel();
        taken.push(Taken { peer: peer.clone(), own, make_room });
        drop(taken);
        Ok((Slot { admission: self.clone(), peer: peer.clone(), wanted }, left))
    }

    /// Asks the oldest unestablished peer to leave, for its descriptor.
    pub(crate) fn make_room(&self) -> Option<Arc<Peer>> {
        self.evict(&mut self.taken(), true, Want::Descriptor)
    }

    fn refuses(&self, taken: &[Taken], own: bool) -> Option<Rejected> {
        let open = self.limit - self.kept;
        if taken.len() >= self.limit {
            return Some(Rejected::All { limit: self.limit });
        }
        let strangers = taken.iter().filter(|taken| !taken.own).count();
        (!own && strangers >= open).then_some(Rejected::AllButKept { open, kept: self.kept })
    }

    /// Asks the oldest unestablished peer to leave. Other users' peers come before those of the service's own user, which are asked only if
    /// `may` says so.
    fn evict(&self, taken: &mut Vec<Taken>, may: bool, want: Want) -> Option<Arc<Peer>> {
        let leaves = |taken: &Taken| !taken.peer.is_established() && taken.peer.connected_for() >= self.stay;
        let stranger = taken.iter().position(|taken| !taken.own && leaves(taken));
        let at = stranger.or_else(|| taken.iter().position(|taken| may && leaves(taken)))?;
        let Taken { peer, make_room, .. } = taken.remove(at);
        // It may have ended in the meantime.
        let _ = make_room.send(want);
        Some(peer)
    }

    fn taken(&self) -> MutexGuard<'_, Vec<Taken>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slot {
    /// Waits until the slot is needed, and returns what for.
    pub(crate) async fn is_wanted(&mut self) -> Want {
        match (&mut self.wanted).await {
            Ok(want) => want,
            // No other peer can need it any more.
            Err(_) => std::future::pending().await,
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.admission.taken().retain(|taken| !Arc::ptr_eq(&taken.peer, &self.peer));
    }
}

impl Want {
    /// The reason, for the log.
    pub(crate) fn reason(self) -> &'static str {
        match self {
            Self::Slot => "no session was free",
            Self::Descriptor => "no descriptor was free",
        }
    }

    /// The message for the peer that is closed.
    pub(crate) fn message(self) -> &'static str {
        match self {
            Self::Slot => "the console is full",
            Self::Descriptor => "the service has no descriptor left",
        }
    }
}

impl Rejected {
    /// The message for the rejected peer.
    pub(crate) fn message(&self) -> String {
        match self {
            Self::All { limit } => format!(
                "the console has {limit} sessions already, which is its limit; try again when one has ended"
            ),
            Self::AllButKept { open, kept } => format!(
                "the console has {open} sessions already; {kept} more are reserved for its own user on its unix socket"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use tokio::sync::mpsc;

    /// Peers by number, each in its slot.
    struct Room {
        admission: Arc<Admission>,
        held: Vec<Slot>,
    }

    impl Room {
        fn new(limit: usize, kept: usize) -> Self {
            Self { admission: Arc::new(Admission::new(limit, kept, Duration::ZERO)), held: Vec::new() }
        }

        /// Admits a peer, and returns the number of the peer that had to leave.
        fn enter(&mut self, id: u64, own: bool) -> Result<Option<u64>, Rejected> {
            let peer = Arc::new(Peer::new(id, id.to_string(), None, mpsc::channel(1).0));
            let (slot, left) = self.admission.take(&peer, own)?;
            self.held.push(slot);
            Ok(left.map(|peer| peer.id))
        }

        fn establish(&self, id: u64) {
            self.held.iter().find(|slot| slot.peer.id == id).unwrap().peer.establish();
        }

        fn leave(&mut self, id: u64) {
            self.held.retain(|slot| slot.peer.id != id);
        }
    }

    #[test]
    fn the_oldest_silent_session_makes_room() {
        let mut room = Room::new(3, 0);
        for id in 1..=3 {
            assert_eq!(room.enter(id, false), Ok(None));
        }
        room.establish(1);
        assert_eq!(room.enter(4, false), Ok(Some(2)));
        room.establish(3);
        room.establish(4);
        let rejected = room.enter(5, false).unwrap_err();
        assert_eq!(
            rejected.message(),
            "the console has 3 sessions already, which is its limit; try again when one has ended"
        );
        room.leave(3);
        assert_eq!(room.enter(6, false), Ok(None));
        assert_eq!(room.enter(7, false), Ok(Some(6)));
    }

    #[test]
    fn last_sessions_are_reserved_for_the_own_user() {
        let mut room = Room::new(4, 2);
        for id in 1..=2 {
            assert_eq!(room.enter(id, false), Ok(None));
            room.establish(id);
        }
        let rejected = room.enter(3, false).unwrap_err();
        assert_eq!(rejected, Rejected::AllButKept { open: 2, kept: 2 });
        assert!(rejected.message().contains("2 more are reserved for its own user"));
        assert_eq!(room.enter(4, true), Ok(None));
        assert_eq!(room.enter(5, true), Ok(None));
        // Other users' sessions evict none of them, only each other.
        assert_eq!(room.enter(6, false).unwrap_err(), Rejected::All { limit: 4 });
        assert_eq!(room.enter(7, true), Ok(Some(4)));
    }

    #[test]
    fn one_session_is_left_for_other_users() {
        assert_eq!(Room::new(1, 2).enter(1, false), Ok(None));
        assert_eq!(Room::new(2, 2).enter(1, false), Ok(None));
        assert_eq!(Room::new(usize::MAX, usize::MAX).enter(1, false), Ok(None));
    }

    #[test]
    fn protected_sessions_are_not_evicted() {
        let mut room = Room::new(1, 0);
        room.admission = Arc::new(Admission::new(1, 0, Duration::MAX));
        assert_eq!(room.enter(1, false), Ok(None));
        assert_eq!(room.enter(2, false), Err(Rejected::All { limit: 1 }));
    }
}
