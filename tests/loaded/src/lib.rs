//! The console in a library that a program of another language loads with `dlopen`.

use std::time::Duration;

use backdoor_runtime::profile;
use backdoor_runtime::threads::stacks;

/// Takes a profile of the program that loaded this library, and the stacks of its threads; returns the number of samples.
#[unsafe(no_mangle)]
#[allow(unsafe_code, reason = "the name that the program looks for")]
pub extern "C" fn look() -> u64 {
    let taken = profile::begin(999, Duration::from_millis(300), "a test").and_then(|recording| {
        while !recording.wait(Duration::from_secs(1)) {}
        recording.end()
    });
    let stacks = stacks().map_or(0, |stacks| stacks.threads.len());
    taken.map_or(0, |profile| if profile.tells_tasks || stacks == 0 { 0 } else { profile.samples })
}
