//! Names of the months.

/// The months with the folded beginnings of their names in English, German, French, Dutch, Swedish, Danish, Norwegian, Italian, Spanish,
/// Portuguese and Malay.
const MONTHS: [&[&str]; 12] = [
    &["jan", "janner", "jenner", "gen", "ene"],
    &["feb", "fev", "febr"],
    &["mar", "mrz", "maerz", "mrt", "maart", "maj", "mac"],
    &["apr", "avr", "abr"],
    &["may", "mai", "mei", "mag", "maj", "maio", "mayo"],
    &["jun", "juin", "giu"],
    &["jul", "juil", "lug"],
    &["aug", "aou", "aout", "ago", "ogo"],
    &["sep", "set", "sept"],
    &["oct", "okt", "ott", "out"],
    &["nov"],
    &["dec", "dez", "des", "dic", "dis"],
];

/// Beginnings that would otherwise match the wrong month.
const EXCEPTIONS: [(&str, i8); 12] = [
    ("maj", 5),
    ("mai", 5),
    ("may", 5),
    ("mei", 5),
    ("mag", 5),
    ("maio", 5),
    ("mayo", 5),
    ("maggio", 5),
    ("juillet", 7),
    ("juil", 7),
    ("luglio", 7),
    ("juin", 6),
];

/// Names in full, against words that merely begin like a month.
const FULL_NAMES: &str = "january januar janvier januari janner gennaio enero janeiro februari februar february fevrier febbraio febrero fevereiro \
march marz maerz mars maart marzo marco april avril aprile abril may mai mei maj maggio mayo maio june juni juin giugno junio junho \
july juli juillet luglio julio julho august aout augustus augusti agosto ogos september septembre settembre septiembre setembro \
october oktober octobre ottobre octubre outubro november novembre noviembre novembro december dezember decembre desember dicembre \
diciembre dezembro disember mac jun julai";

/// The number of a month from its folded name, written in full or cut to three or four letters.
pub(crate) fn month_number(folded: &str) -> Option<i8> {
    if let Some((_, number)) = EXCEPTIONS.iter().find(|(name, _)| *name == folded) {
        return Some(*number);
    }
    let full = FULL_NAMES.split_whitespace().any(|name| name == folded);
    if !full && folded.len() > 5 {
        return None;
    }
    let position = MONTHS.iter().position(|beginnings| {
        beginnings.iter().any(|beginning| {
            if full {
                folded.starts_with(beginning)
            } else {
                folded == *beginning
            }
        })
    })?;
    i8::try_from(position + 1).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_known_in_many_languages() {
        let expected = [
            ("januar", 1),
            ("gennaio", 1),
            ("enero", 1),
            ("fevrier", 2),
            ("marz", 3),
            ("maart", 3),
            ("mars", 3),
            ("abril", 4),
            ("maj", 5),
            ("maggio", 5),
            ("giugno", 6),
            ("juillet", 7),
            ("luglio", 7),
            ("aout", 8),
            ("settembre", 9),
            ("ottobre", 10),
            ("nov", 11),
            ("dezember", 12),
            ("desember", 12),
        ];
        for (name, number) in expected {
            assert_eq!(month_number(name), Some(number), "{name}");
        }
        for name in ["marketing", "second", "decor", "total", "market"] {
            assert_eq!(month_number(name), None, "{name}");
        }
    }
}
