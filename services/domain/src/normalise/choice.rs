//! Declared options, and yes or no.

use serde_json::Value;

use crate::normalise::Reading;
use crate::normalise::fold::fold;

/// Folded words for yes in English, German, French, Swedish, Spanish, Italian, Dutch, Portuguese, Polish and Finnish.
const YES: &str =
    "yes y true t 1 on ja j wahr oui vrai sant sí si verdadero sì vero waar sim verdadeiro tak kyllä ✓ ✔ ☑ ☒";
/// Folded words for no in the same languages.
const NO: &str = "no n false f 0 off nein falsch non faux nej falskt falso nee onwaar não nao nie ei ✗ ✘ ☐";

/// Reads one of the options: itself, or the only one of the same folded text.
#[must_use]
pub(crate) fn read_choice(raw: &str, options: &[String]) -> Option<Reading> {
    Options::new(options)
        .find(raw)
        .map(|(_, option)| Reading::of(option.to_owned()))
}

/// Reads any number of options, from a JSON list or from text parted by commas, semicolons, bars or lines.
///
/// The canonical text is a JSON list in declared order without repetition. None when any part is no option.
#[must_use]
pub(crate) fn read_choices(raw: &str, options: &[String]) -> Option<Reading> {
    let options = Options::new(options);
    let named: Vec<String> = match serde_json::from_str::<Vec<String>>(raw) {
        Ok(named) => named,
        Err(_) if options.find(raw).is_some() => vec![raw.to_owned()],
        Err(_) => {
            let parts = raw
                .split([',', ';', '|', '\n'])
                .map(str::trim)
                .filter(|part| !part.is_empty());
            let named: Vec<String> = parts.map(str::to_owned).collect();
            if named.is_empty() {
                return None;
            }
            named
        }
    };
    let mut found = named
        .iter()
        .map(|name| options.find(name))
        .collect::<Option<Vec<_>>>()?;
    found.sort_unstable();
    found.dedup();
    let in_order = found.into_iter().map(|(_, option)| Value::from(option)).collect();
    Some(Reading::of(Value::Array(in_order).to_string()))
}

/// Reads yes or no into `true` or `false`.
#[must_use]
pub(crate) fn read_boolean(raw: &str) -> Option<Reading> {
    let folded = fold(raw);
    let word = folded.trim_end_matches(['.', '!']);
    let lists = |words: &str| words.split_ascii_whitespace().any(|known| known == word);
    match (lists(YES), lists(NO)) {
        (true, false) => Some(Reading::of("true".to_owned())),
        (false, true) => Some(Reading::of("false".to_owned())),
        _ => None,
    }
}

/// The declared options with their folded texts.
struct Options<'a> {
    declared: &'a [String],
    folded: Vec<String>,
}

impl<'a> Options<'a> {
    fn new(declared: &'a [String]) -> Self {
        Self {
            declared,
            folded: declared.iter().map(|option| fold(option)).collect(),
        }
    }

    fn find(&self, raw: &str) -> Option<(usize, &'a str)> {
        let position = self.declared.iter().position(|option| option == raw).or_else(|| {
            let folded = fold(raw);
            let mut alike = self.folded.iter().enumerate().filter(|(_, option)| **option == folded);
            match (alike.next(), alike.next()) {
                (Some((position, _)), None) => Some(position),
                _ => None,
            }
        })?;
        self.declared.get(position).map(|option| (position, option.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn options_are_found_by_folded_text() {
        let declared = options(&["Invoice", "Credit note", "A", "a"]);
        let read = |raw| read_choice(raw, &declared).map(|reading| reading.canonical);
        assert_eq!(read(" INVOICE ").as_deref(), Some("Invoice"));
        assert_eq!(read("credit  note").as_deref(), Some("Credit note"));
        assert_eq!(read("a").as_deref(), Some("a"));
        assert_eq!(read("A ").as_deref(), None);
        assert_eq!(read("receipt"), None);
    }

    #[test]
    fn several_options_stand_in_declared_order() {
        let declared = options(&["red", "green", "blue, dark"]);
        let read = |raw| read_choices(raw, &declared).map(|reading| reading.canonical);
        assert_eq!(read("green, RED, red").as_deref(), Some(r#"["red","green"]"#));
        assert_eq!(read("blue, dark").as_deref(), Some(r#"["blue, dark"]"#));
        assert_eq!(
            read(r#"["blue, dark","red"]"#).as_deref(),
            Some(r#"["red","blue, dark"]"#)
        );
        assert_eq!(read("[]").as_deref(), Some("[]"));
        assert_eq!(read("red, yellow"), None);
        assert_eq!(read(" "), None);
    }

    #[test]
    fn yes_and_no_are_known_in_several_languages() {
        let read = |raw| read_boolean(raw).map(|reading| reading.canonical);
        for yes in ["Yes", "JA", "oui", "Sì", "1", "true"] {
            assert_eq!(read(yes).as_deref(), Some("true"), "{yes}");
        }
        for no in ["No.", "nein", "NEJ", "não", "0", "false"] {
            assert_eq!(read(no).as_deref(), Some("false"), "{no}");
        }
        assert_eq!(read("maybe"), None);
    }
}
