//! The ring of events: chunks of memory, of which the oldest is reused when there are too many.
//!
//! A thread writes to the open chunk of its shard. If another thread has the shard's lock, it tries the next shard, so that a logging
//! thread never waits for another thread or a reader. A full chunk joins the list of all chunks. Every event gets its number under its
//! shard's lock: numbers that are missing were dropped, so that drops need no counter.

use std::cell::Cell;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, TryLockError};

use tracing::{Level, Metadata};

use crate::base::coarse_clock;
use crate::views::logs::targets::Counts;

/// More shards than threads that log at the same moment in most services.
pub(super) const SHARDS: usize = 16;

/// Bytes of text in a chunk.
pub(super) const TEXT: usize = 16 * 1024;

/// Events in a chunk.
const HEADS: usize = 160;

/// The memory of a chunk, with the overhead of the allocator and the list.
const CHUNK: usize = TEXT + HEADS * size_of::<Head>() + 128;

/// Chunks that are not in the list: the open one of each shard, and one that waits to join the list.
const OUTSIDE: usize = 2 * SHARDS;

/// The minimal size of the ring.
pub(super) const LEAST: usize = 2 * OUTSIDE * CHUNK;

/// The metadata of an event.
#[derive(Clone, Copy)]
pub(super) struct Head {
    pub(super) number: u64,
    /// Nanoseconds since 1970.
    pub(super) time: u64,
    pub(super) metadata: &'static Metadata<'static>,
    start: u32,
    length: u32,
}

/// Events of one shard, in the order of their numbers.
struct Chunk {
    /// The time of its first event, by the coarse clock: the clock of events may step.
    since: u64,
    heads: Vec<Head>,
    text: Vec<u8>,
}

#[derive(Default)]
struct Shard {
    open: Option<Chunk>,
    /// A full chunk that waits while a reader has the lock of the list.
    waiting: Option<Arc<Chunk>>,
    counts: Counts,
    /// The number of errors of all targets.
    errors: u64,
}

pub(super) struct Ring {
    shards: [Mutex<Shard>; SHARDS],
    full: Mutex<VecDeque<Arc<Chunk>>>,
    /// The most chunks in the list.
    most: AtomicUsize,
    next: AtomicU64,
}

/// The events of a range of numbers.
pub(super) struct Read {
    chunks: Vec<Arc<Chunk>>,
    /// Chunk and event, sorted by number.
    order: Vec<(u32, u32)>,
    /// The number of the next event at the time of the read.
    pub(super) end: u64,
}

impl Ring {
    pub(super) fn new(memory: usize) -> Self {
        let ring = Self {
            shards: std::array::from_fn(|_| Mutex::default()),
            full: Mutex::default(),
            most: AtomicUsize::new(0),
            next: AtomicU64::new(0),
        };
        ring.set_memory(memory);
        ring
    }

    /// Changes the memory limit; it applies from the next full chunk on.
    pub(super) fn set_memory(&self, memory: usize) {
        self.most.store(memory.max(LEAST) / CHUNK - OUTSIDE, Ordering::Relaxed);
    }

    /// The memory limit.
    pub(super) fn memory(&self) -> usize {
        (self.most.load(Ordering::Relaxed) + OUTSIDE) * CHUNK
    }

    /// How many events were ever given a number.
    pub(super) fn count(&self) -> u64 {
        self.next.load(Ordering::SeqCst)
    }

    /// Stores an event. Its text has to fit in a chunk.
    pub(super) fn write(
        &self,
        metadata: &'static Metadata<'static>,
        target: Option<&str>,
        time: u64,
        text: &[u8],
    ) {
        let own = shard_of_thread();
        for at in own..own + SHARDS {
            let mut shard = match self.shards[at % SHARDS].try_lock() {
                Ok(shard) => shard,
                Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
                Err(TryLockError::WouldBlock) => continue,
            };
            shard.errors += u64::from(*metadata.level() == Level::ERROR);
            match target {
                Some(target) => shard.counts.add_named(target, metadata.level()),
                None => shard.counts.add(metadata.target(), metadata.level()),
            }
            return shard.write(self, metadata, time, text);
        }
        // Other threads have the locks of all shards: the missing number shows that an event was dropped.
        self.next.fetch_add(1, Ordering::SeqCst);
    }

    /// The events from the number `from` on. A number below the `end` of the result that is missing was dropped.
    pub(super) fn read(&self, from: u64) -> Read {
        // A thread with a lower number holds its shard's lock until its event is stored.
        let end = self.count();
        let mut chunks = Vec::new();
        for shard in &self.shards {
            let shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            chunks.extend(shard.waiting.clone());
            if let Some(open) = shard.open.as_ref().filter(|open| open.reaches(from)) {
                chunks.push(Arc::new(open.copy()));
            }
        }
        // A chunk that was just read as open may be in the list by now, but none can be missed.
        let full = self.full.lock().unwrap_or_else(PoisonError::into_inner);
        chunks.extend(full.iter().filter(|chunk| chunk.reaches(from)).cloned());
        drop(full);
        Read::new(chunks, from, end)
    }

    /// The number of events of each target.
    pub(super) fn counts(&self) -> Counts {
        let mut all = Counts::default();
        for shard in &self.shards {
            all.merge(&shard.lock().unwrap_or_else(PoisonError::into_inner).counts);
        }
        all
    }

    /// The number of errors.
    #[cfg(feature = "state-views")]
    pub(super) fn errors(&self) -> u64 {
        let errors = |shard: &Mutex<Shard>| shard.lock().unwrap_or_else(PoisonError::into_inner).errors;
        self.shards.iter().map(errors).sum()
    }

    /// The memory of all chunks, in bytes.
    pub(super) fn taken(&self) -> usize {
        let room = |chunk: &Chunk| chunk.text.capacity() + chunk.heads.capacity() * size_of::<Head>() + 128;
        let shards = self.shards.iter().map(|shard| {
            let shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            shard.open.as_ref().map_or(0, room) + shard.waiting.as_deref().map_or(0, room)
        });
        let full = self.full.lock().unwrap_or_else(PoisonError::into_inner);
        shards.sum::<usize>() + full.iter().map(|chunk| room(chunk)).sum::<usize>()
    }
}

impl Shard {
    fn write(&mut self, ring: &Ring, metadata: &'static Metadata<'static>, time: u64, text: &[u8]) {
        let is_full = |open: &mut Chunk| open.heads.len() == HEADS || open.text.len() + text.len() > TEXT;
        if let Some(full) = self.open.take_if(is_full) {
            self.open = self.close(ring, Arc::new(full));
        }
        let open = self.open.get_or_insert_with(Chunk::new);
        // All events with lower numbers are stored, or their shards are locked.
        let number = ring.next.fetch_add(1, Ordering::SeqCst);
        if open.heads.is_empty() {
            open.since = coarse_clock::now();
        }
        let (start, length) = (open.text.len() as u32, text.len() as u32);
        open.heads.push(Head { number, time, metadata, start, length });
        open.text.extend_from_slice(text);
    }

    /// Puts a chunk into the list. Returns a chunk for reuse: one that was pushed out and that no reader holds. If a reader has the lock of
    /// the list, the chunk waits here, and a chunk that waited before is lost.
    fn close(&mut self, ring: &Ring, chunk: Arc<Chunk>) -> Option<Chunk> {
        let mut full = match ring.full.try_lock() {
            Ok(full) => full,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return Chunk::again(self.waiting.replace(chunk)?),
        };
        full.extend(self.waiting.take());
        full.push_back(chunk);
        let most = ring.most.load(Ordering::Relaxed);
        let mut last = None;
        while full.len() > most {
            last = full.pop_front();
        }
        drop(full);
        last.and_then(Chunk::again)
    }
}

impl Chunk {
    fn new() -> Self {
        Self { since: 0, heads: Vec::with_capacity(HEADS), text: Vec::with_capacity(TEXT) }
    }

    /// The chunk, emptied, if no reader holds it.
    fn again(chunk: Arc<Self>) -> Option<Self> {
        let mut chunk = Arc::into_inner(chunk)?;
        chunk.heads.clear();
        chunk.text.clear();
        Some(chunk)
    }

    /// Whether it has an event of this number or a higher one.
    fn reaches(&self, from: u64) -> bool {
        self.heads.last().is_some_and(|head| head.number >= from)
    }

    fn copy(&self) -> Self {
        Self { since: self.since, heads: self.heads.clone(), text: self.text.clone() }
    }
}

impl Read {
    fn new(chunks: Vec<Arc<Chunk>>, from: u64, end: u64) -> Self {
        let mut order: Vec<(u32, u32)> = Vec::new();
        for (at, chunk) in chunks.iter().enumerate() {
            let first = chunk.heads.partition_point(|head| head.number < from);
            let behind = chunk.heads.partition_point(|head| head.number < end);
            order.extend((first..behind.max(first)).map(|event| (at as u32, event as u32)));
        }
        let mut read = Self { chunks, order: Vec::new(), end };
        order.sort_unstable_by_key(|&place| read.head(place).number);
        order.dedup_by_key(|place| read.head(*place).number);
        read.order = order;
        read
    }

    fn head(&self, (chunk, event): (u32, u32)) -> &Head {
        &self.chunks[chunk as usize].heads[event as usize]
    }

    /// When the chunk of the oldest event began, by the coarse clock. Chunks are dropped as a whole, so this is the time of the oldest
    /// event if all events were read.
    pub(super) fn since(&self) -> Option<u64> {
        self.order.first().map(|&(chunk, _)| self.chunks[chunk as usize].since)
    }

    /// The number of events.
    pub(super) fn len(&self) -> usize {
        self.order.len()
    }

    /// The events, the oldest first.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = (&Head, &[u8])> {
        self.order.iter().map(|&place| {
            let head = self.head(place);
            let text = &self.chunks[place.0 as usize].text;
            (head, &text[head.start as usize..(head.start + head.length) as usize])
        })
    }
}

/// Threads take the shards in turn.
fn shard_of_thread() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local!(static SHARD: Cell<usize> = const { Cell::new(usize::MAX) });
    SHARD.with(|shard| {
        if shard.get() == usize::MAX {
            shard.set(NEXT.fetch_add(1, Ordering::Relaxed) % SHARDS);
        }
        shard.get()
    })
}

const _: () = assert!(size_of::<Head>() <= 32, "as the documentation of the memory says");

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;
    use std::thread;

    use tracing::field::FieldSet;
    use tracing::metadata::Kind;
    use tracing::{Level, callsite::DefaultCallsite, callsite::Identifier};

    use super::*;

    static METADATA: Metadata<'static> = Metadata::new(
        "event",
        "ring",
        Level::INFO,
        None,
        None,
        None,
        FieldSet::new(&[], Identifier(&CALLSITE)),
        Kind::EVENT,
    );
    static CALLSITE: DefaultCallsite = DefaultCallsite::new(&METADATA);

    fn write(ring: &Ring, text: &str) {
        ring.write(&METADATA, None, 0, text.as_bytes());
    }

    fn texts(read: &Read) -> Vec<String> {
        read.iter().map(|(_, text)| String::from_utf8(text.to_vec()).unwrap()).collect()
    }

    #[test]
    fn dropping_the_oldest_leaves_a_gap_in_the_numbers() {
        let ring = Ring::new(0);
        let events = 3 * LEAST / CHUNK * HEADS;
        for number in 0..events {
            write(&ring, &number.to_string());
        }
        let read = ring.read(0);
        assert_eq!(read.end, events as u64);
        let kept = read.len();
        assert!(kept >= (LEAST / CHUNK - OUTSIDE) * HEADS && kept < events, "{kept}");
        assert_eq!(
            texts(&read),
            (events - kept..events).map(|number| number.to_string()).collect::<Vec<_>>()
        );
        let tail = ring.read(events as u64 - 2);
        assert_eq!(
            tail.iter().map(|(head, _)| head.number).collect::<Vec<_>>(),
            [events as u64 - 2, events as u64 - 1]
        );
        let targets = crate::views::logs::targets::list(&ring.counts());
        assert_eq!((targets.len(), targets[0].info), (1, events as u64));
    }

    #[test]
    fn memory_is_bounded_under_writers_and_slow_readers() {
        let ring = Ring::new(LEAST);
        let ends = AtomicBool::new(false);
        thread::scope(|scope| {
            let reader = scope.spawn(|| {
                let mut most = 0;
                while !ends.load(Ordering::Relaxed) {
                    drop(ring.read(0));
                    most = most.max(ring.taken());
                }
                most
            });
            let writers: Vec<_> = (0..8)
                .map(|writer| {
                    let ring = &ring;
                    scope.spawn(move || (0..20_000).for_each(|_| write(ring, &"x".repeat(100 + writer))))
                })
                .collect();
            writers.into_iter().for_each(|writer| writer.join().unwrap());
            ends.store(true, Ordering::Relaxed);
            let most = reader.join().unwrap().max(ring.taken());
            assert!(most <= ring.memory(), "{most} of {}", ring.memory());
            assert!(ring.memory() <= LEAST);
        });
        assert_eq!(ring.count(), 160_000);
    }

    #[test]
    fn a_writer_waits_for_no_reader_of_a_shard_or_the_list() {
        let ring = Ring::new(LEAST);
        let held: Vec<_> = ring.shards.iter().skip(1).map(|shard| shard.lock().unwrap()).collect();
        let list = ring.full.lock().unwrap();
        thread::scope(|scope| {
            scope.spawn(|| (0..4 * HEADS).for_each(|_| write(&ring, "x")));
        });
        drop((held, list));
        // Events that were dropped count as missing.
        let read = ring.read(0);
        assert_eq!((read.end, read.len()), (4 * HEADS as u64, 2 * HEADS));
        let held: Vec<_> = ring.shards.iter().map(|shard| shard.lock().unwrap()).collect();
        write(&ring, "lost");
        drop(held);
        assert_eq!(ring.read(0).end, read.end + 1);
        assert_eq!(ring.read(0).len(), read.len());
    }

    /// A missing number was dropped for good: no event appears below an `end` that was read.
    #[test]
    fn no_event_appears_below_a_read_end() {
        let ring = Ring::new(usize::MAX / 4);
        let ends = AtomicBool::new(false);
        thread::scope(|scope| {
            let reader = scope.spawn(|| {
                let (mut cursor, mut seen) = (0, 0);
                loop {
                    let ended = ends.load(Ordering::Relaxed);
                    let read = ring.read(cursor);
                    seen += read.len() as u64;
                    let numbers: Vec<u64> = read.iter().map(|(head, _)| head.number).collect();
                    assert!(
                        numbers.is_sorted()
                            && numbers.iter().all(|number| (cursor..read.end).contains(number))
                    );
                    cursor = read.end;
                    if ended {
                        return seen;
                    }
                }
            });
            let writers: Vec<_> =
                (0..4).map(|_| scope.spawn(|| (0..5_000).for_each(|_| write(&ring, "x")))).collect();
            writers.into_iter().for_each(|writer| writer.join().unwrap());
            ends.store(true, Ordering::Relaxed);
            let seen = reader.join().unwrap();
            assert_eq!(seen, ring.read(0).len() as u64);
        });
    }
}
