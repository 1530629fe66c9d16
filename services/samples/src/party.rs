//! Companies: names, addresses, tax numbers and bank accounts that check.

use crate::catalogue::Industry;
use crate::chance::Chance;
use crate::check_digits;
use crate::country::{Country, Language};
use crate::places::places;

/// A company as it appears on an invoice.
#[derive(Debug, Clone)]
pub(crate) struct Party {
    pub(crate) country: Country,
    /// The full name with its legal form.
    pub(crate) name: String,
    /// The short name of the letterhead.
    pub(crate) brand: String,
    pub(crate) street: String,
    pub(crate) postcode: String,
    pub(crate) town: String,
    /// As printed, with blanks and dots where the country writes them; the United States have none.
    pub(crate) tax_number: String,
    pub(crate) company_number: String,
    pub(crate) iban: String,
    pub(crate) bank: &'static str,
    pub(crate) phone: String,
    pub(crate) domain: String,
    pub(crate) contact: &'static str,
}

impl Party {
    /// Invents a company of a trade in a country.
    pub(crate) fn invent(chance: &mut Chance, country: Country, language: Language, industry: Industry) -> Self {
        let proper_name = chance.pick(places(country).names);
        let base = industry.company_name(language, proper_name);
        let forms = match industry {
            // Nobody runs a public utility as a sole trader.
            Industry::Utility => &places(country).legal_forms[..1],
            _ => places(country).legal_forms,
        };
        let name = format!("{base} {}", chance.pick(forms));
        Self::with_name(chance, country, name, &base)
    }

    /// Invents the surroundings of a company whose name is known.
    pub(crate) fn with_name(chance: &mut Chance, country: Country, name: String, brand: &str) -> Self {
        let places = places(country);
        let (postcode, town) = chance.pick(places.towns);
        let house = chance.between(1, 148).to_string();
        let (tax_number, company_number) = tax_numbers(chance, country);
        Self {
            country,
            name,
            brand: brand.to_owned(),
            street: chance.pick(places.streets).replace("{}", &house),
            postcode: postcode.to_owned(),
            town: town.to_owned(),
            tax_number,
            company_number,
            iban: iban(chance, country),
            bank: chance.pick(places.banks),
            phone: fill_digits(chance, places.phone),
            domain: domain(brand),
            contact: chance.pick(places.people),
        }
    }

    /// The line with the postcode and the town, in the order of the country.
    pub(crate) fn town_line(&self) -> String {
        match self.country {
            Country::UnitedKingdom => format!("{} {}", self.town, self.postcode),
            Country::UnitedStates => format!("{}, {}", self.town, self.postcode),
            _ => format!("{} {}", self.postcode, self.town),
        }
    }

    /// The address in one line.
    pub(crate) fn address(&self) -> String {
        format!("{}, {}", self.street, self.town_line())
    }

    /// The address as the lines of a letter, without the name.
    pub(crate) fn address_lines(&self) -> Vec<String> {
        vec![self.street.clone(), self.town_line()]
    }

    /// The IBAN in groups of four.
    pub(crate) fn grouped_iban(&self) -> String {
        let characters: Vec<char> = self.iban.chars().collect();
        let groups: Vec<String> = characters.chunks(4).map(|group| group.iter().collect()).collect();
        groups.join(" ")
    }

    /// The VAT id without blanks, dots and hyphens; the United States have none.
    pub(crate) fn vat_id(&self) -> Option<String> {
        let compact: String = self
            .tax_number
            .chars()
            .filter(|character| character.is_alphanumeric())
            .collect();
        self.has_vat_id().then_some(compact)
    }

    /// Whether the tax number is a VAT id; that of the United States is not.
    pub(crate) fn has_vat_id(&self) -> bool {
        self.country != Country::UnitedStates
    }
}

/// Replaces every `#` of a pattern by a random digit.
pub(crate) fn fill_digits(chance: &mut Chance, pattern: &str) -> String {
    pattern
        .chars()
        .map(|character| match character {
            '#' => chance.digits(1),
            other => other.to_string(),
        })
        .collect()
}

fn domain(brand: &str) -> String {
    let mut domain = String::new();
    for character in brand.to_lowercase().chars() {
        match character {
            'ä' | 'æ' => domain.push_str("ae"),
            'ö' | 'ø' => domain.push_str("oe"),
            'ü' => domain.push_str("ue"),
            'å' | 'á' | 'à' => domain.push('a'),
            'é' | 'è' | 'ê' => domain.push('e'),
            'í' => domain.push('i'),
            'a'..='z' | '0'..='9' => domain.push(character),
            ' ' | '-' if !domain.ends_with('-') => domain.push('-'),
            _ => {}
        }
    }
    format!("{}.example", domain.trim_matches('-').replace("--", "-"))
}

/// The tax number as printed and the number in the company register, both with valid check digits.
fn tax_numbers(chance: &mut Chance, country: Country) -> (String, String) {
    match country {
        Country::Germany => {
            let digits = format!("9{}", chance.digits(7));
            let check = check_digits::hybrid_eleven_ten(&digits);
            (format!("DE{digits}{check}"), chance.between(10_000, 99_999).to_string())
        }
        Country::Austria => {
            let digits = format!("9{}", chance.digits(6));
            let check = check_digits::austrian(&digits);
            (
                format!("ATU{digits}{check}"),
                format!("FN {}x", chance.between(100_000, 499_999)),
            )
        }
        Country::Switzerland => {
            let number = repeat_until_valid(chance, "9", 8, &[5, 4, 3, 2, 7, 6, 5, 4]);
            let dotted = format!("CHE-{}.{}.{}", &number[..3], &number[3..6], &number[6..]);
            (format!("{dotted} MWST"), dotted)
        }
        Country::France => french_numbers(chance),
        Country::UnitedKingdom => {
            let digits = format!("9{}", chance.digits(6));
            let check = check_digits::british(&digits);
            let printed = format!("GB {} {} {check:02}", &digits[..3], &digits[3..]);
            (printed, format!("0{}", chance.digits(7)))
        }
        Country::UnitedStates => (format!("00-{}", chance.digits(7)), chance.digits(7)),
        Country::Sweden => {
            let digits = format!("559{}", chance.digits(6));
            let number = format!("{digits}{}", check_digits::luhn(&digits));
            (format!("SE{number}01"), format!("{}-{}", &number[..6], &number[6..]))
        }
        Country::Norway => {
            let number = repeat_until_valid(chance, "99", 8, &[3, 2, 7, 6, 5, 4, 3, 2]);
            let spaced = format!("{} {} {}", &number[..3], &number[3..6], &number[6..]);
            (format!("NO {spaced} MVA"), spaced)
        }
        Country::Italy => {
            let digits = format!("99{}", chance.digits(8));
            let check = check_digits::luhn(&digits);
            (
                format!("IT{digits}{check}"),
                format!("MI-{}", chance.between(1_000_000, 2_999_999)),
            )
        }
        Country::Spain => {
            let digits = format!("99{}", chance.digits(5));
            let check = check_digits::luhn(&digits);
            (
                format!("ESB{digits}{check}"),
                format!("M-{}", chance.between(100_000, 799_999)),
            )
        }
        Country::Netherlands => dutch_numbers(chance),
    }
}

fn french_numbers(chance: &mut Chance) -> (String, String) {
    let digits = format!("99{}", chance.digits(6));
    let number = format!("{digits}{}", check_digits::luhn(&digits));
    let key = check_digits::french_key(&number);
    (format!("FR{key:02}{number}"), number)
}

fn dutch_numbers(chance: &mut Chance) -> (String, String) {
    let number = loop {
        let digits = format!("99{}", chance.digits(6));
        if let Some(check) = check_digits::dutch(&digits) {
            break format!("{digits}{check}");
        }
    };
    let register = chance.between(10_000_000, 89_999_999).to_string();
    (format!("NL{number}B01"), register)
}

fn repeat_until_valid(chance: &mut Chance, start: &str, length: usize, weights: &[u32]) -> String {
    loop {
        let digits = format!("{start}{}", chance.digits(length - start.len()));
        if let Some(check) = check_digits::weighted_eleven(&digits, weights) {
            return format!("{digits}{check}");
        }
    }
}

fn iban(chance: &mut Chance, country: Country) -> String {
    let (code, national) = match country {
        Country::Germany => ("DE", format!("999{}", chance.digits(15))),
        Country::Austria => ("AT", format!("99{}", chance.digits(14))),
        Country::Switzerland => ("CH", format!("09{}", chance.digits(15))),
        Country::France => ("FR", chance.digits(23)),
        Country::UnitedKingdom | Country::UnitedStates => ("GB", format!("MERC{}", chance.digits(14))),
        Country::Sweden => ("SE", format!("9{}", chance.digits(19))),
        Country::Norway => {
            let number = repeat_until_valid(chance, "9", 10, &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2]);
            ("NO", number)
        }
        Country::Italy => ("IT", format!("X{}", chance.digits(22))),
        Country::Spain => ("ES", chance.digits(20)),
        Country::Netherlands => ("NL", format!("DLTA{}", chance.digits(10))),
    };
    format!("{code}{:02}{national}", check_digits::iban(code, &national))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::Purpose;

    #[test]
    fn bank_accounts_check() {
        for index in 0..40 {
            let mut chance = Chance::new(5, Purpose::Supplier, index);
            for country in [
                Country::Germany,
                Country::Norway,
                Country::UnitedKingdom,
                Country::Netherlands,
            ] {
                let iban = iban(&mut chance, country);
                let rearranged = format!("{}{}", &iban[4..], &iban[..4]);
                let rest = rearranged
                    .chars()
                    .filter_map(|character| character.to_digit(36))
                    .flat_map(|value| value.to_string().chars().collect::<Vec<_>>())
                    .filter_map(|digit| digit.to_digit(10))
                    .fold(0, |rest, digit| (rest * 10 + digit) % 97);
                assert_eq!(rest, 1, "{iban}");
            }
        }
    }

    #[test]
    fn names_become_domains() {
        assert_eq!(
            domain("Bürobedarf Krähenfeld & Söhne"),
            "buerobedarf-kraehenfeld-soehne.example"
        );
    }
}
