//! What a process has used, as the system counts it.

use std::time::Duration;

/// Ticks of the processor's clock in a second, as Linux shows them to programs on every architecture.
const TICKS_PER_SECOND: u64 = 100;

/// What a process has used so far.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Used {
    /// Processor time of the process alone, in its own code and in the system's.
    pub(crate) processor: Duration,
    /// What it holds of the memory now, in bytes.
    pub(crate) resident: u64,
    /// The most it ever held.
    pub(crate) peak: u64,
}

/// What the process of this number has used so far; none when it is gone.
pub(crate) fn used(id: u32) -> Option<Used> {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // The name of the program, which may hold anything, stands in parentheses; user and system time are the twelfth and the
    // thirteenth number behind it.
    let (_, numbers) = stat.rsplit_once(')')?;
    let mut numbers = numbers.split_whitespace().skip(11).map(str::parse::<u64>);
    let ticks = numbers.next()?.ok()? + numbers.next()?.ok()?;
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let kibibytes = |key: &str| {
        let line = status.lines().find(|line| line.starts_with(key))?;
        line.split_whitespace().nth(1)?.parse::<u64>().ok()
    };
    Some(Used {
        processor: Duration::from_millis(ticks * 1000 / TICKS_PER_SECOND),
        resident: kibibytes("VmRSS:")? << 10,
        peak: kibibytes("VmHWM:")? << 10,
    })
}
