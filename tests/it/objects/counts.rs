//! Counts have to be right for all threads and places that create and drop the objects.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashSet};
use std::fmt;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use backdoor_runtime::objects::{self, Snapshot, TypeInfo};
use backdoor_runtime::{Backdoor, Track, TrackGuard, Tracked};

/// The type whose path ends with this.
#[track_caller]
fn counted(name: &str) -> TypeInfo {
    let types = objects::list();
    types.into_iter().find(|counted| counted.path.ends_with(name)).unwrap_or_else(|| panic!("no {name}"))
}

#[test]
fn counts_are_exact_under_eight_threads() {
    #[derive(Debug)]
    struct Spark(#[expect(dead_code, reason = "it is shown")] usize);
    #[derive(Track)]
    struct Ember {
        track: TrackGuard<Self>,
    }
    const EACH: usize = 20_000;
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        let makers: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    for round in 0..EACH {
                        let (spark, ember) = (Tracked::new(Spark(round)), Ember { track: TrackGuard::new() });
                        let again = ember.track.clone();
                        drop((spark.clone(), again));
                    }
                })
            })
            .collect();
        let looking = scope.spawn(|| {
            let console = Backdoor::testing();
            let mut looks = 0;
            while !stop.load(Ordering::Relaxed) {
                assert!(objects::list().iter().all(|counted| counted.live <= counted.peak));
                assert!(objects::find::<Spark>().count() <= 8 * EACH);
                console.run("fo Spark --limit 1000");
                looks += 1;
            }
            looks
        });
        makers.into_iter().for_each(|maker| maker.join().unwrap());
        stop.store(true, Ordering::Relaxed);
        assert!(looking.join().unwrap() > 0);
    });
    let (spark, ember) = (counted("::Spark"), counted("::Ember"));
    assert_eq!((spark.live, spark.created, spark.oldest), (0, 8 * EACH as u64, None));
    assert!((1..=9).contains(&spark.peak), "{}", spark.peak);
    assert_eq!((ember.live, ember.created), (0, 2 * 8 * EACH as u64));
    assert_eq!(ember.places.len(), 2);
    assert!(ember.places.iter().all(|place| place.live == 0 && place.created == 8 * EACH as u64));
}

#[test]
fn a_peak_is_exact_for_drops_on_any_thread() {
    #[derive(Debug)]
    struct Wave;
    let barrier = Barrier::new(8);
    let made: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    let waves: Vec<Tracked<Wave>> = (0..100).map(|_| Tracked::new(Wave)).collect();
                    barrier.wait();
                    waves
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!((counted("::Wave").live, counted("::Wave").peak), (800, 800));
    drop(made);
    let few: Vec<Tracked<Wave>> = (0..10).map(|_| Tracked::new(Wave)).collect();
    assert_eq!((counted("::Wave").live, counted("::Wave").peak), (10, 800));
    drop(few);
}

#[test]
fn a_large_peak_is_off_by_two_percent_at_most() {
    struct Drop(#[expect(dead_code, reason = "the type has to be alive somewhere")] u8);
    const MANY: u64 = 50_000;
    thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| (0..MANY / 4).map(|_| Tracked::opaque(Drop(0))).collect::<Vec<_>>()))
            .collect();
        let all: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
        assert_eq!(counted("::Drop").live, MANY);
        drop(all);
    });
    let peak = counted("::Drop").peak;
    assert!((MANY - MANY / 50..=MANY).contains(&peak), "{peak}");
}

#[test]
fn guards_of_all_kinds_of_structs() {
    #[derive(Track)]
    struct Tuple<'a>(#[expect(dead_code, reason = "it borrows")] &'a str, #[track(guard)] TrackGuard<Self>);
    #[derive(Track, Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
    struct Generic<T, const N: usize>
    where
        T: fmt::Debug + 'static,
    {
        item: Option<T>,
        #[track(guard)]
        counted: TrackGuard<Self>,
    }
    let text = "borrowed".to_owned();
    let tuple = Tuple(&text, TrackGuard::new());
    assert_eq!(counted("::Tuple<'_>").live, 1);
    assert!(std::ptr::eq(tuple.track_guard(), &tuple.1));
    drop(tuple);
    assert_eq!(counted("::Tuple<'_>").live, 0);

    let one = Generic::<u8, 1> { item: Some(1), counted: TrackGuard::new() };
    let other: Generic<u8, 2> = Generic::default();
    let clone = one.clone();
    assert_eq!((counted("Generic<u8, 1>").live, counted("Generic<u8, 2>").live), (2, 1));
    assert_eq!(one, clone);
    assert_eq!(HashSet::from([one.clone(), clone.clone()]).len(), 1);
    assert_eq!(BTreeSet::from([one, clone]).len(), 1);
    assert_eq!(format!("{other:?}"), "Generic { item: None, counted: TrackGuard }");
    assert_eq!(counted("Generic<u8, 1>").live, 0);
    assert_eq!(counted("Generic<u8, 1>").created, 4);
}

#[test]
fn a_leak_is_found_in_a_test() {
    #[derive(Debug)]
    struct Reply(u32);
    let mut kept = Vec::new();
    let before = Snapshot::now();
    for request in 0..300 {
        let reply = Tracked::new(Reply(request));
        if request % 3 == 0 {
            kept.push(reply);
        }
    }
    let growth = before.growth();
    let grown: Vec<_> =
        growth.iter().filter(|grown| grown.path.ends_with("::a_leak_is_found_in_a_test::Reply")).collect();
    assert_eq!(grown.len(), 1);
    assert_eq!(
        (grown[0].live, grown[0].grown, grown[0].live_there, grown[0].grown_there),
        (100, 100, 100, 100)
    );
    assert!(grown[0].place.contains("objects/counts.rs:"), "{}", grown[0].place);
    let before = Snapshot::now();
    drop(kept.split_off(50));
    kept.push(Tracked::new(Reply(0)));
    assert!(before.growth().iter().all(|grown| !grown.path.ends_with("::a_leak_is_found_in_a_test::Reply")));
    assert_eq!(kept.iter().filter(|reply| reply.0 == 0).count(), 2);
}

#[test]
fn drops_at_the_end_of_a_thread_are_counted() {
    struct Late;
    thread_local!(static KEPT: RefCell<Vec<Tracked<Late>>> = const { RefCell::new(Vec::new()) });
    thread::spawn(|| {
        KEPT.with_borrow_mut(|kept| kept.extend((0..10).map(|_| Tracked::opaque(Late))));
        assert_eq!(counted("::Late").live, 10);
    })
    .join()
    .unwrap();
    assert_eq!(counted("::Late").live, 0);
}
