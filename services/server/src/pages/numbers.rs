//! Numbers and moments as people read them.

use accord_domain::Timestamp;
use serde::Serialize;

pub(super) use accord_charts::numbers::{count, figure, percent, probability, rate};

/// A count with its noun: `1 item`, `2 items`.
pub(super) fn counted(number: i64, noun: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{} {noun}{ending}", count(number))
}

/// The share of a part of a whole as whole percent; none of an empty whole.
#[expect(clippy::cast_precision_loss, reason = "counts of items stay far below 2^52")]
pub(super) fn percent_of(part: i64, whole: i64) -> Option<String> {
    (whole > 0).then(|| percent(part as f64 / whole as f64))
}

/// A time span: `450 ms`, `3.2 s`, `1 min 12 s`.
#[expect(
    clippy::cast_precision_loss,
    reason = "spans of time stay far below 2^52 milliseconds"
)]
pub(super) fn span(milliseconds: i64) -> String {
    match milliseconds {
        ..1_000 => format!("{milliseconds} ms"),
        1_000..60_000 => format!("{:.1} s", milliseconds as f64 / 1000.0),
        60_000..3_600_000 => format!("{} min {} s", milliseconds / 60_000, milliseconds % 60_000 / 1000),
        _ => format!(
            "{} h {} min",
            milliseconds / 3_600_000,
            milliseconds % 3_600_000 / 60_000
        ),
    }
}

/// A moment for people and machines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Moment {
    /// RFC 3339.
    machine: String,
    /// `2026-11-23 06:42 UTC`; modules put the person's own time zone in its place.
    shown: String,
}

impl From<Timestamp> for Moment {
    fn from(moment: Timestamp) -> Self {
        let machine = moment.to_string();
        let shown = match (machine.get(0..10), machine.get(11..16)) {
            (Some(day), Some(time)) => format!("{day} {time} UTC"),
            _ => machine.clone(),
        };
        Self { machine, shown }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_have_their_noun_and_empty_wholes_no_share() {
        assert_eq!(counted(1, "item"), "1 item");
        assert_eq!(counted(0, "item"), "0 items");
        assert_eq!(percent_of(1, 0), None);
    }

    #[test]
    fn spans_use_the_unit_that_fits() {
        for (milliseconds, text) in [
            (450, "450 ms"),
            (3_240, "3.2 s"),
            (72_000, "1 min 12 s"),
            (3_660_000, "1 h 1 min"),
        ] {
            assert_eq!(span(milliseconds), text);
        }
    }

    #[test]
    fn moments_name_their_time_zone() {
        let moment = Moment::from(Timestamp::from_microseconds(1_795_415_400_000_000));
        assert_eq!(moment.machine, "2026-11-23T06:30:00Z");
        assert_eq!(moment.shown, "2026-11-23 06:30 UTC");
    }
}
