//! A library with the console that was loaded by `dlopen`: its signal handler must not allocate, because the interrupted thread may be
//! allocating.

use std::ffi::CString;
use std::hint::black_box;
use std::mem;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::{PATIENCE, spawn};

const THREADS: usize = 10;

/// The bytes that each thread has allocated.
static ALLOCATED: [AtomicUsize; THREADS] = [const { AtomicUsize::new(0) }; THREADS];

fn allocate_for_ever(of: usize) {
    let mut size = of + 1;
    loop {
        size = size.wrapping_mul(1_103_515_245).wrapping_add(12_345);
        black_box(Vec::<u8>::with_capacity(2048 + size / 256 % 63_000));
        ALLOCATED[of].fetch_add(1, Ordering::Relaxed);
    }
}

/// Builds the library, in the profile of this program.
fn library() -> String {
    let built = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--package", "loaded", "--message-format=json"])
        .args(if cfg!(debug_assertions) { &[][..] } else { &["--release"] })
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(built.status.success(), "the library does not build");
    let messages = String::from_utf8(built.stdout).unwrap();
    let file = messages.lines().find_map(|line| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        (message["target"]["name"] == "loaded")
            .then(|| message["filenames"][0].as_str().map(str::to_owned))?
    });
    file.unwrap()
}

pub(crate) fn a_profile() {
    let path = CString::new(library()).unwrap();
    for of in 0..THREADS {
        spawn("allocates", move || allocate_for_ever(of));
    }
    // SAFETY: the library stays loaded, and `look` takes nothing and returns a number.
    let look: extern "C" fn() -> u64 = unsafe {
        let library = libc::dlopen(path.as_ptr(), libc::RTLD_NOW);
        assert!(!library.is_null());
        let look = libc::dlsym(library, c"look".as_ptr());
        assert!(!look.is_null());
        mem::transmute(look)
    };
    let deadline = Instant::now() + PATIENCE;
    let mut samples = 0;
    while samples < 200 {
        samples += look();
        assert!(Instant::now() < deadline, "{samples}");
    }
    // Each thread continues.
    for allocated in &ALLOCATED {
        let before = allocated.load(Ordering::Relaxed);
        while allocated.load(Ordering::Relaxed) == before {
            assert!(Instant::now() < deadline, "a thread hangs");
            thread::sleep(Duration::from_millis(1));
        }
    }
}
