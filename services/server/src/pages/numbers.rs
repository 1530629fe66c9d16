//! Numbers and moments as people read them.

use accord_domain::Timestamp;
use serde::Serialize;

/// A count with its thousands set apart: `1,000`.
pub(super) fn count(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3 + 1);
    if number < 0 {
        grouped.push('−');
    }
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A count with its noun: `1 item`, `2 items`.
pub(super) fn counted(number: i64, noun: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{} {noun}{ending}", count(number))
}

/// A probability with three decimals; never rounded to certainty.
pub(super) fn probability(value: f64) -> String {
    if value > 0.9995 && value < 1.0 {
        ">0.999".to_owned()
    } else if value > 0.0 && value < 0.0005 {
        "<0.001".to_owned()
    } else {
        format!("{value:.3}")
    }
}

/// A figure with two decimals and a real minus sign.
pub(super) fn figure(value: f64) -> String {
    let text = format!("{value:.2}");
    if text == "-0.00" {
        return "0.00".to_owned();
    }
    text.replace('-', "−")
}

/// A share as whole percent: `71 %`. What is not all or nothing is not rounded to it.
pub(super) fn percent(share: f64) -> String {
    let rounded = (share * 100.0).round();
    if rounded >= 100.0 && share < 1.0 {
        ">99 %".to_owned()
    } else if rounded <= 0.0 && share > 0.0 {
        "<1 %".to_owned()
    } else {
        format!("{rounded:.0} %")
    }
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
    fn thousands_are_set_apart() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1000, "1,000"),
            (1_234_567, "1,234,567"),
            (-1000, "−1,000"),
        ] {
            assert_eq!(count(number), text);
        }
        assert_eq!(counted(1, "item"), "1 item");
        assert_eq!(counted(0, "item"), "0 items");
    }

    #[test]
    fn nothing_is_rounded_to_certainty() {
        assert_eq!(probability(0.983_4), "0.983");
        assert_eq!(probability(0.999_9), ">0.999");
        assert_eq!(probability(0.000_1), "<0.001");
        assert_eq!(probability(1.0), "1.000");
        assert_eq!(percent(0.999), ">99 %");
        assert_eq!(percent(1.0), "100 %");
        assert_eq!(percent(0.001), "<1 %");
        assert_eq!(percent(0.0), "0 %");
        assert_eq!(percent_of(1, 0), None);
    }

    #[test]
    fn figures_have_no_negative_zero() {
        assert_eq!(figure(-0.001), "0.00");
        assert_eq!(figure(-0.5), "−0.50");
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
