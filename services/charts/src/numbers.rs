//! Numbers as people read them, in charts and beside them.

/// A count with its thousands set apart: `1,000`.
#[must_use]
pub fn count(number: i64) -> String {
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

/// A count of things in memory or of rows.
#[must_use]
pub fn whole(number: u64) -> String {
    count(i64::try_from(number).unwrap_or(i64::MAX))
}

/// A probability with three decimals; never rounded to certainty.
#[must_use]
pub fn probability(value: f64) -> String {
    if value > 0.9995 && value < 1.0 {
        ">0.999".to_owned()
    } else if value > 0.0 && value < 0.0005 {
        "<0.001".to_owned()
    } else {
        format!("{value:.3}")
    }
}

/// A figure with two decimals and a real minus sign.
#[must_use]
pub fn figure(value: f64) -> String {
    let text = format!("{value:.2}");
    if text == "-0.00" {
        return "0.00".to_owned();
    }
    text.replace('-', "−")
}

/// A share as whole percent: `71 %`. What is not all or nothing is not rounded to it.
#[must_use]
pub fn percent(share: f64) -> String {
    let rounded = (share * 100.0).round();
    if rounded >= 100.0 && share < 1.0 {
        ">99 %".to_owned()
    } else if rounded <= 0.0 && share > 0.0 {
        "<1 %".to_owned()
    } else {
        format!("{rounded:.0} %")
    }
}

/// A small share in percent with one decimal, two below 1 %: `1.5 %`, `0.94 %`.
#[must_use]
pub fn rate(share: f64) -> String {
    let hundredths = share * 100.0;
    if hundredths > 0.0 && hundredths < 0.005 {
        "<0.01 %".to_owned()
    } else if hundredths.abs() < 0.995 && hundredths != 0.0 {
        format!("{hundredths:.2} %")
    } else {
        format!("{hundredths:.1} %")
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
    }

    #[test]
    fn figures_have_no_negative_zero() {
        assert_eq!(figure(-0.001), "0.00");
        assert_eq!(figure(-0.5), "−0.50");
    }

    #[test]
    fn small_rates_keep_their_digits() {
        for (share, text) in [
            (0.0, "0.0 %"),
            (0.009_4, "0.94 %"),
            (0.01, "1.0 %"),
            (0.000_01, "<0.01 %"),
            (0.153, "15.3 %"),
        ] {
            assert_eq!(rate(share), text);
        }
    }
}
