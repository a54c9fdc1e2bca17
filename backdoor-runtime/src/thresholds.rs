//! The thresholds of `doctor`, with the reason of each.

use std::time::Duration;

/// When `doctor` counts something as a finding.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Thresholds {
    /// The shortest wait for a lock. Default: 1 s, because a request that waits longer has usually failed.
    pub wait: Duration,
    /// The longest poll of a task. Default: 100 ms, which other tasks of the worker notice.
    pub poll: Duration,
    /// A growth is a finding if its limit is reached within this time. Default: 10 min, the time to react.
    pub limit_within: Duration,
    /// The percentage from which a limit is near. Default: 80.
    pub near_limit: f64,
    /// The least growth of memory in bytes per second. Default: 1 MiB, which is 84 GiB a day.
    pub memory_growth: u64,
    /// The least growth of descriptors, threads or tasks per second. Default: 10; a burst of connections ends within seconds.
    pub count_growth: u64,
    /// The least growth of a tracked type per second. Default: 50.
    pub object_growth: u64,
    /// The percentage of a core from which a thread burns it. Default: 95, because a thread that works on requests also waits.
    pub core: f64,
    /// The percentage of the window that a thread waits for a processor. Default: 50: work takes twice as long.
    pub processor_wait: f64,
    /// The least bytes in a queue of a socket that does not move. Default: 64 KiB, more than one message on its way.
    pub queue: u64,
    /// The number of connections that only the peer has closed. Default: 50, more than a server closes late.
    pub half_closed: usize,
    /// The percentage of the last 10 s that was lost by waiting for a processor, memory or a disk. Default: 20.
    pub pressure: f64,
    /// The percentage of the periods of processor time in which the control group was throttled. Default: 5; bursts throttle now and
    /// then.
    pub throttled: f64,
}

impl Thresholds {
    pub(crate) const DEFAULT: Self = Self {
        wait: Duration::from_secs(1),
        poll: Duration::from_millis(100),
        limit_within: Duration::from_secs(600),
        near_limit: 80.0,
        memory_growth: 1 << 20,
        count_growth: 10,
        object_growth: 50,
        core: 95.0,
        processor_wait: 50.0,
        queue: 64 << 10,
        half_closed: 50,
        pressure: 20.0,
        throttled: 5.0,
    };
}

impl Default for Thresholds {
    fn default() -> Self {
        Self::DEFAULT
    }
}
