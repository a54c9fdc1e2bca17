//! The history of a number in fixed memory: each second of the last minute, each minute of the last hour, and each hour of the last day.

/// How many seconds and minutes are kept.
pub(super) const SIXTY: usize = 60;

/// How many hours are kept.
pub(super) const HOURS: usize = 24;

/// The history of one number, by seconds since an origin. It takes 1.4 KB, and numbers have seven digits.
pub(super) struct Ring {
    /// The number of each second, at that second modulo 60; NaN if nothing was measured.
    seconds: [f32; SIXTY],
    minutes: [Bin; SIXTY],
    hours: [Bin; HOURS],
    minute: Sum,
    hour: Sum,
    /// The latest second with a number.
    last: Option<u64>,
}

/// The measurements within a span of time; all three are NaN if there were none.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bin {
    pub(super) min: f32,
    pub(super) avg: f32,
    pub(super) max: f32,
}

/// The sums for the current bin.
#[derive(Clone, Copy, Default)]
struct Sum {
    sum: f64,
    numbers: u32,
}

impl Ring {
    pub(super) fn new() -> Self {
        Self {
            seconds: [f32::NAN; SIXTY],
            minutes: [Bin::GAP; SIXTY],
            hours: [Bin::GAP; HOURS],
            minute: Sum::default(),
            hour: Sum::default(),
            last: None,
        }
    }

    /// The latest second with a number.
    pub(super) fn last(&self) -> Option<u64> {
        self.last
    }

    /// Stores the number of this second. Late numbers and numbers that are not finite are ignored.
    pub(super) fn push(&mut self, second: u64, number: f64) {
        if !number.is_finite() || self.last.is_some_and(|last| second <= last) {
            return;
        }
        // The limits of `f32`, which no real number reaches, instead of infinity.
        let number = number.clamp(f64::from(f32::MIN), f64::from(f32::MAX));
        let last = self.last.replace(second);
        forget(&mut self.seconds, last, second, f32::NAN);
        self.seconds[second as usize % SIXTY] = number as f32;
        let over = |span: u64| last.map(|last| last / span);
        add(&mut self.minutes, &mut self.minute, over(60), second / 60, number);
        add(&mut self.hours, &mut self.hour, over(3600), second / 3600, number);
    }

    /// The last 60 seconds before `now`, the oldest first.
    pub(super) fn seconds(&self, now: u64) -> impl Iterator<Item = Bin> {
        let bins = self.seconds.map(|number| Bin { min: number, avg: number, max: number });
        view(bins, self.last, now)
    }

    /// The last 60 minutes, the oldest first; the last one is incomplete.
    pub(super) fn minutes(&self, now: u64) -> impl Iterator<Item = Bin> {
        view(self.minutes, self.last.map(|last| last / 60), now / 60)
    }

    /// The last 24 hours, the oldest first; the last one is incomplete.
    pub(super) fn hours(&self, now: u64) -> impl Iterator<Item = Bin> {
        view(self.hours, self.last.map(|last| last / 3600), now / 3600)
    }
}

impl Bin {
    pub(super) const GAP: Self = Self { min: f32::NAN, avg: f32::NAN, max: f32::NAN };

    pub(super) fn is_gap(self) -> bool {
        self.avg.is_nan()
    }
}

/// Clears the bins between the last step and this one, which hold values from a full turn ago.
fn forget<T: Copy>(bins: &mut [T], last: Option<u64>, now: u64, gap: T) {
    let Some(last) = last else { return };
    let turn = bins.len() as u64;
    for step in (last + 1).max(now.saturating_sub(turn - 1))..=now {
        bins[(step % turn) as usize] = gap;
    }
}

fn add<const N: usize>(bins: &mut [Bin; N], open: &mut Sum, last: Option<u64>, now: u64, number: f64) {
    forget(bins, last, now, Bin::GAP);
    if last != Some(now) {
        *open = Sum::default();
    }
    open.sum += number;
    open.numbers += 1;
    let bin = &mut bins[now as usize % N];
    let number = number as f32;
    // The minimum of a number and NaN is the number.
    bin.min = bin.min.min(number);
    bin.max = bin.max.max(number);
    bin.avg = ((open.sum / f64::from(open.numbers)) as f32).clamp(bin.min, bin.max);
}

fn view<const N: usize>(bins: [Bin; N], last: Option<u64>, now: u64) -> impl Iterator<Item = Bin> {
    (0..N as u64).map(move |at| {
        let back = N as u64 - 1 - at;
        match (now.checked_sub(back), last) {
            // Bins more than a turn before the last number were overwritten.
            (Some(step), Some(last)) if step <= last && last - step < N as u64 => bins[step as usize % N],
            _ => Bin::GAP,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn averages(bins: impl Iterator<Item = Bin>) -> Vec<Option<f32>> {
        bins.map(|bin| (!bin.is_gap()).then_some(bin.avg)).collect()
    }

    #[test]
    fn the_last_minute_is_there_second_by_second() {
        let mut ring = Ring::new();
        (0..=100).for_each(|second| ring.push(second, second as f64));
        let expected: Vec<_> = (41..=100).map(|second| Some(second as f32)).collect();
        assert_eq!(averages(ring.seconds(100)), expected);
        // Twenty seconds later, without a new number.
        let seen = averages(ring.seconds(120));
        assert_eq!((seen[0], seen[39], seen[40]), (Some(61.0), Some(100.0), None));
        assert!(averages(ring.seconds(1_000)).iter().all(Option::is_none));
    }

    #[test]
    fn minutes_and_hours_have_least_mean_and_most() {
        let mut ring = Ring::new();
        (0..7_200).for_each(|second| ring.push(second, if second % 60 == 7 { 61.0 } else { 1.0 }));
        let minutes: Vec<Bin> = ring.minutes(7_199).collect();
        assert!(minutes.iter().all(|bin| (bin.min, bin.avg, bin.max) == (1.0, 2.0, 61.0)));
        let hours: Vec<Bin> = ring.hours(7_199).collect();
        assert!(hours[..22].iter().all(|bin| bin.is_gap()));
        assert!(hours[22..].iter().all(|bin| (bin.min, bin.avg, bin.max) == (1.0, 2.0, 61.0)));
    }

    #[test]
    fn a_suspended_process_leaves_a_gap() {
        let mut ring = Ring::new();
        (0..3_600).for_each(|second| ring.push(second, 5.0));
        ring.push(3_620, 6.0);
        let seen = averages(ring.seconds(3_620));
        assert!(seen[..39].iter().all(|number| *number == Some(5.0)));
        assert!(seen[39..59].iter().all(Option::is_none), "{seen:?}");
        assert_eq!(seen[59], Some(6.0));
        // Half an hour later, and then a day later.
        ring.push(5_400, 7.0);
        let seen = averages(ring.minutes(5_400));
        assert!(seen[31..59].iter().all(Option::is_none), "{seen:?}");
        ring.push(5_400 + 86_400, 8.0);
        assert_eq!(averages(ring.hours(5_400 + 86_400)).iter().flatten().count(), 1);
        assert_eq!(averages(ring.minutes(5_400 + 86_400)).iter().flatten().count(), 1);
    }

    #[test]
    fn non_numbers_and_late_values_are_left_out() {
        let mut ring = Ring::new();
        for (second, number) in
            [(3, -2.5), (4, f64::NAN), (5, f64::INFINITY), (6, f64::NEG_INFINITY), (2, 9.0)]
        {
            ring.push(second, number);
        }
        ring.push(7, f64::MAX);
        ring.push(8, f64::MIN);
        let expected = [Some(-2.5), None, None, None, Some(f32::MAX), Some(f32::MIN)];
        assert_eq!(averages(ring.seconds(8))[54..], expected);
        assert!(ring.minutes(8).last().is_some_and(|bin| bin.avg.is_finite()));
    }

    #[test]
    fn size_is_as_documented() {
        assert!(size_of::<Ring>() <= 1_400, "{}", size_of::<Ring>());
    }
}
