//! What the runs have in common: the items, and the watch over a process while calls go on.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::Arguments;
use crate::model::Totals;
use crate::process::{Used, used};
use crate::report::Run;

/// Between two looks.
const LOOK: Duration = Duration::from_millis(20);

/// How long a run lasts at the ideal speed, unless it is the longest.
const SECONDS_OF_RUN: usize = 10;

/// The text of an item, as long as a short letter.
pub(crate) fn text_of(number: usize) -> String {
    format!(
        "Letter {number} of 2026\n\nDear Sir or Madam,\n\non the 4th of last month I ordered twelve lamps from you, which came \
         in time and well packed. Eleven of them burn as they should; the twelfth hums, and my neighbour says that it does so \
         at night as well. I have paid the whole invoice already and would rather keep the lamp than send it back, since I have \
         grown used to it. Would you let me know whether the hum is to be expected, and whether there is anything that I could \
         do about it myself? Apart from that I am content, and have told others so.\n\nWith kind regards,\nA. Customer"
    )
}

/// How many calls a run makes.
pub(crate) fn calls_of_run(arguments: &Arguments, in_flight: usize) -> usize {
    if Some(&in_flight) == arguments.in_flight.last() {
        return arguments.calls;
    }
    let ideal = in_flight * 1000 / usize::try_from(arguments.latency).unwrap();
    (ideal * SECONDS_OF_RUN).min(arguments.calls)
}

/// Watches the memory of a process while calls go on.
pub(crate) struct Watch {
    latency: Duration,
    /// What it held when so many calls had been made.
    resident: BTreeMap<usize, u64>,
    marks: Vec<usize>,
}

impl Watch {
    /// Over so many calls to a server that thinks so long.
    pub(crate) fn new(calls: usize, latency: Duration) -> Self {
        let mut marks: Vec<usize> = [10, 50, 100].iter().map(|percent| calls * percent / 100).collect();
        marks.dedup();
        Self {
            latency,
            resident: BTreeMap::new(),
            marks,
        }
    }

    pub(crate) async fn pause(&self) {
        tokio::time::sleep(LOOK).await;
    }

    pub(crate) fn look(&mut self, id: u32, calls: usize) {
        let Some(mark) = self.marks.iter().find(|mark| !self.resident.contains_key(mark)) else {
            return;
        };
        if calls >= *mark
            && let Some(used) = used(id)
        {
            self.resident.insert(*mark, used.resident);
        }
    }

    pub(crate) fn end(mut self, in_flight: usize, totals: &Totals, callers: Used, model: Used) -> Run {
        if let Some(last) = self.marks.last() {
            self.resident.entry(*last).or_insert(callers.resident);
        }
        Run {
            in_flight,
            latency: self.latency,
            calls: totals.calls,
            elapsed: Duration::from_micros(totals.microseconds),
            callers,
            model,
            resident: self.resident.into_iter().collect(),
            scored_after: None,
        }
    }
}
