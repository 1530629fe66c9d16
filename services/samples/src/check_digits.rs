//! Check digits of tax numbers, company numbers and bank accounts.

/// ISO 7064 Mod 11,10: the check digit behind the first eight digits of a German VAT id.
pub(crate) fn hybrid_eleven_ten(digits: &str) -> u32 {
    let mut product = 10;
    for digit in values(digits) {
        let sum = match (digit + product) % 10 {
            0 => 10,
            other => other,
        };
        product = (2 * sum) % 11;
    }
    match 11 - product {
        10 => 0,
        check => check,
    }
}

/// The Luhn check digit (ISO/IEC 7812) behind `digits`.
pub(crate) fn luhn(digits: &str) -> u32 {
    let sum: u32 = values(digits)
        .collect::<Vec<_>>()
        .into_iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| match place % 2 {
            0 => digit * 2 / 10 + digit * 2 % 10,
            _ => digit,
        })
        .sum();
    (10 - sum % 10) % 10
}

/// The weighted modulo-11 check digit, or nothing where the number cannot exist (check value 10).
pub(crate) fn weighted_eleven(digits: &str, weights: &[u32]) -> Option<u32> {
    let sum = weighted_sum(digits, weights);
    match (11 - sum % 11) % 11 {
        10 => None,
        check => Some(check),
    }
}

/// The eighth digit of an Austrian VAT id behind its first seven.
pub(crate) fn austrian(digits: &str) -> u32 {
    let sum: u32 = values(digits)
        .enumerate()
        .map(|(place, digit)| match place % 2 {
            0 => digit,
            _ => digit * 2 / 10 + digit * 2 % 10,
        })
        .sum();
    (10 - (sum + 4) % 10) % 10
}

/// The two check digits of a British VAT number behind its first seven digits.
pub(crate) fn british(digits: &str) -> u32 {
    97 - weighted_sum(digits, &[8, 7, 6, 5, 4, 3, 2]) % 97
}

/// The two-digit key before the nine digits of a French company number.
pub(crate) fn french_key(company_number: &str) -> u32 {
    (12 + 3 * remainder(company_number, 97)) % 97
}

/// The ninth digit of a Dutch company number behind its first eight ("eleven test").
pub(crate) fn dutch(digits: &str) -> Option<u32> {
    match weighted_sum(digits, &[9, 8, 7, 6, 5, 4, 3, 2]) % 11 {
        10 => None,
        check => Some(check),
    }
}

/// The two check digits of an IBAN (ISO 13616) for a country and its national account number.
pub(crate) fn iban(country: &str, national: &str) -> u32 {
    let text = format!("{national}{country}00");
    let digits: String = text
        .chars()
        .filter_map(|character| character.to_digit(36))
        .map(|value| value.to_string())
        .collect();
    98 - remainder(&digits, 97)
}

fn values(digits: &str) -> impl Iterator<Item = u32> {
    digits.chars().filter_map(|character| character.to_digit(10))
}

fn weighted_sum(digits: &str, weights: &[u32]) -> u32 {
    values(digits).zip(weights).map(|(digit, weight)| digit * weight).sum()
}

fn remainder(digits: &str, divisor: u32) -> u32 {
    values(digits).fold(0, |rest, digit| (rest * 10 + digit) % divisor)
}

#[cfg(test)]
mod tests {
    use super::*;

    // The expected values are the published examples of each scheme.
    #[test]
    fn published_examples_hold() {
        assert_eq!(hybrid_eleven_ten("13669597"), 6);
        assert_eq!(luhn("7992739871"), 3);
        assert_eq!(austrian("1358562"), 7);
        assert_eq!(british("9807806"), 84);
        assert_eq!(french_key("303265045"), 40);
        assert_eq!(dutch("00449544"), Some(5));
        assert_eq!(iban("DE", "370400440532013000"), 89);
        assert_eq!(iban("GB", "WEST12345698765432"), 82);
        assert_eq!(iban("NO", "86011117947"), 93);
        assert_eq!(weighted_eleven("98807791", &[3, 2, 7, 6, 5, 4, 3, 2]), Some(7));
    }
}
