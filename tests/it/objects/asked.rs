//! Objects whose `Debug` or `Drop` misbehaves: it is reported, and nothing waits for it.

use std::fmt;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;

use backdoor_runtime::{Answer, Backdoor, Tracked, Value};

fn run(line: &str) -> Value {
    super::run(line).value
}

/// Queries once, even if some `Debug` does not return in time.
fn now(line: &str) -> Answer {
    Backdoor::testing().run(line)
}

#[test]
fn a_blocking_debug_is_abandoned_and_repeated_on_demand() {
    struct Held(Arc<Mutex<u8>>);
    impl fmt::Debug for Held {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "{}", self.0.lock().unwrap())
        }
    }
    let lock = Arc::new(Mutex::new(7));
    let kept: Vec<Tracked<Held>> = (0..3).map(|_| Tracked::new(Held(lock.clone()))).collect();
    let held = lock.lock().unwrap();
    let found = now("fo Held").value;
    assert_eq!(found[0]["missing"], "`Debug` did not return within 100 ms");
    let silent = "not shown: `Debug` of this type hung before; --again retries";
    assert_eq!(found[1]["missing"], silent);
    let text = now("fo Held").text;
    assert_eq!(text.matches(&format!("({silent})")).count(), 3, "{text}");
    let searched = now("fo Held --where 7").text;
    assert!(searched.ends_with("(3 not searched: they have no text)\n"), "{searched}");
    drop(held);
    let found = run("fo Held --again");
    let texts: Vec<_> =
        found.as_list().unwrap().iter().filter_map(|object| object["text"].as_str()).collect();
    assert_eq!(texts, ["7", "7", "7"]);
    assert_eq!(run("fo Held")[2]["text"], "7");
    drop(kept);
}

#[test]
fn a_panicking_debug_is_reported_and_not_repeated() {
    struct Fragile;
    impl fmt::Debug for Fragile {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            panic!("handle with care");
        }
    }
    let _kept: Vec<Tracked<Fragile>> = (0..10).map(|_| Tracked::new(Fragile)).collect();
    // The first panic of a process is slow if it prints a backtrace.
    let found = run("fo Fragile");
    let missing: Vec<_> =
        found.as_list().unwrap().iter().filter_map(|object| object["missing"].as_str()).collect();
    assert_eq!(missing.len(), 10);
    assert_eq!(missing[..3], ["panicked: handle with care"; 3]);
    assert_eq!(missing[3..], ["not shown: `Debug` of this type panicked 3 times"; 7]);
}

#[test]
fn a_debug_may_create_objects_of_its_own_type() {
    struct Busy;
    impl fmt::Debug for Busy {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            let others: Vec<Tracked<Busy>> = (0..100).map(|_| Tracked::new(Busy)).collect();
            write!(f, "made {}", others.len())
        }
    }
    let _kept: Vec<Tracked<Busy>> = (0..5).map(|_| Tracked::new(Busy)).collect();
    let found = run("fo Busy");
    let texts: Vec<_> =
        found.as_list().unwrap().iter().filter_map(|object| object["text"].as_str()).collect();
    assert_eq!(texts, ["made 100"; 5]);
    assert_eq!(run("objects Busy")[0]["live"], 5);
}

#[test]
fn a_long_debug_is_cut_and_searched_to_its_limit() {
    struct Long(usize);
    impl fmt::Debug for Long {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            // It ignores that its text is not accepted any more.
            for _ in 0..self.0 {
                let _ = f.write_str("größer ");
            }
            f.write_str("end")
        }
    }
    let _kept = (Tracked::new(Long(1)), Tracked::new(Long(1_000)), Tracked::new(Long(100_000)));
    let found = run("fo Long");
    let objects = &found.as_list().unwrap()[..3];
    let sizes: Vec<_> = objects.iter().map(|object| object["text"].as_str().unwrap().len()).collect();
    let missing: Vec<_> = objects.iter().map(|object| object["missing"].as_str()).collect();
    let cut = Some("the first kilobyte is shown");
    assert!(sizes.iter().all(|size| *size <= 1024), "{sizes:?}");
    // Objects of the same clock tick may be in another order.
    assert_eq!(missing.iter().filter(|missing| **missing == cut).count(), 2);
    assert_eq!(missing.iter().filter(|missing| missing.is_none()).count(), 1);
    let found = run("fo Long --where END");
    assert_eq!(found.as_list().unwrap().len(), 3);
    assert_eq!((&found[2]["cut"], &found[2]["unsearched"]), (&1.into(), &0.into()));
}

/// Its `Debug` returns when the gate opens.
struct Slow {
    says: Mutex<Receiver<()>>,
    begins: Sender<()>,
    ends: Sender<Option<String>>,
}

impl fmt::Debug for Slow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.begins.send(()).unwrap();
        self.says.lock().unwrap().recv().unwrap();
        f.write_str("slow")
    }
}

impl Drop for Slow {
    fn drop(&mut self) {
        let name = thread::current().name().map(str::to_owned);
        let _ = self.ends.send(name);
    }
}

#[test]
fn the_debug_thread_drops_the_last_reference() {
    let ((say, says), (begins, begun), (ends, ended)) = (channel(), channel(), channel());
    let object = Tracked::new(Slow { says: Mutex::new(says), begins, ends });
    thread::scope(|scope| {
        scope.spawn(|| now("fo Slow"));
        begun.recv().unwrap();
        drop(object);
        say.send(()).unwrap();
    });
    assert_eq!(ended.recv().unwrap().as_deref(), Some("backdoor-object"));
    assert_eq!(run("objects Slow")[0]["live"], 0);
}

#[test]
fn an_opaque_object_is_listed_without_a_text() {
    struct Sealed(u8);
    let sealed = Tracked::opaque(Sealed(3)).label("blue");
    let found = run("fo Sealed");
    assert!(found[0]["text"].is_null());
    assert_eq!((&found[0]["label"], &found[0]["strong"]), (&"blue".into(), &1.into()));
    assert_eq!(sealed.0, 3);
}
