//! Which line each vote came from, for as long as that is cheap to know.

/// Lines of consecutive votes at even distances take one entry, however many they are.
#[derive(Debug, Clone, Default)]
pub(super) struct Lines {
    runs: Vec<Run>,
    /// How many votes there are.
    count: u32,
    /// The line that the next vote has if it belongs to the last run.
    expected: u64,
    /// Whether there were too many runs to keep.
    lost: bool,
}

#[derive(Debug, Clone, Copy)]
struct Run {
    /// The first vote.
    start: u32,
    line: u64,
    /// Lines from one vote to the next; 0 until there is a second one.
    stride: u64,
}

/// Runs that are kept at most.
const MOST_RUNS: usize = 1 << 18;

impl Lines {
    #[inline]
    pub(super) fn push(&mut self, line: u64) {
        if line == self.expected {
            self.count += 1;
            self.expected += self.runs.last().map_or(1, |run| run.stride);
        } else {
            self.push_other(line);
        }
    }

    /// As many times [`Self::push`], each with the next line.
    pub(super) fn push_consecutive(&mut self, line: u64, count: usize) {
        let mut next = line;
        let end = line + count as u64;
        while next < end {
            let is_run = next == self.expected && self.runs.last().is_some_and(|run| run.stride == 1);
            if is_run || self.lost {
                self.count += u32::try_from(end - next).unwrap_or(u32::MAX);
                self.expected = if self.lost { u64::MAX } else { end };
                return;
            }
            self.push(next);
            next += 1;
        }
    }

    fn push_other(&mut self, line: u64) {
        let count = self.count;
        self.count += 1;
        if self.lost {
            return;
        }
        if let Some(run) = self.runs.last_mut()
            && run.start + 1 == count
        {
            run.stride = line.saturating_sub(run.line);
            self.expected = line.saturating_add(run.stride);
            return;
        }
        if self.runs.len() == MOST_RUNS {
            self.lost = true;
            self.runs = Vec::new();
            self.expected = u64::MAX;
            return;
        }
        self.runs.push(Run {
            start: count,
            line,
            stride: 1,
        });
        self.expected = line + 1;
    }

    /// The line of a vote, in the order in which they came.
    pub(super) fn get(&self, vote: u32) -> Option<u64> {
        if self.lost {
            return None;
        }
        let after = self.runs.partition_point(|run| run.start <= vote);
        let run = self.runs.get(after.checked_sub(1)?)?;
        Some(run.line + run.stride * u64::from(vote - run.start))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_line_is_known_again(steps in prop::collection::vec((1_u64..4, 1_usize..5), 0..40)) {
            let mut lines = Lines::default();
            let mut all = Vec::new();
            let mut line = 1;
            for (step, times) in steps {
                if step == 1 {
                    lines.push_consecutive(line + 1, times);
                    all.extend(line + 1..=line + times as u64);
                    line += times as u64;
                    continue;
                }
                for _ in 0..times {
                    line += step;
                    lines.push(line);
                    all.push(line);
                }
            }
            for (vote, line) in all.iter().enumerate() {
                prop_assert_eq!(lines.get(vote as u32), Some(*line));
            }
        }
    }

    #[test]
    fn regular_files_take_one_entry() {
        let mut lines = Lines::default();
        (0..100_000).for_each(|vote| lines.push(2 + vote * 7));
        assert_eq!(lines.runs.len(), 1);
        assert_eq!(lines.get(99_999), Some(2 + 99_999 * 7));
    }

    #[test]
    fn too_many_runs_are_forgotten() {
        let mut lines = Lines::default();
        let mut line = 0;
        for vote in 0..3_u64 << 18 {
            line += 1 + (vote * vote) % 5;
            lines.push(line);
        }
        assert_eq!(lines.get(5), None);
    }
}
