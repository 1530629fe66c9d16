//! How an annotator names its prompt template: by name, and if it should never change unseen, by its hash too.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The fewest digits of a hash that tell templates apart.
const FEWEST_DIGITS: usize = 6;

/// The digits of a whole hash.
const ALL_DIGITS: usize = 64;

/// A prompt template by name (`extract`), or pinned to one version of it (`extract@1f0c3a`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PromptReference {
    /// The template's name.
    pub name: String,
    /// The first digits of the hash that the template must have; none when any version will do.
    pub pin: Option<String>,
}

/// A text that names no prompt template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` names no prompt: expected a name such as extract, or a name with the first {FEWEST_DIGITS} to {ALL_DIGITS} digits of a hash such as extract@1f0c3a"
)]
pub struct PromptReferenceError(String);

impl PromptReference {
    /// The template of this name, in any version.
    #[must_use]
    pub fn named(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            pin: None,
        }
    }

    /// Whether a template of this hash is the one that is meant.
    #[must_use]
    pub fn accepts(&self, hash: &str) -> bool {
        self.pin.as_ref().is_none_or(|pin| hash.starts_with(pin.as_str()))
    }
}

impl fmt::Display for PromptReference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.name)?;
        match &self.pin {
            Some(pin) => write!(formatter, "@{pin}"),
            None => Ok(()),
        }
    }
}

impl FromStr for PromptReference {
    type Err = PromptReferenceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, pin) = match text.split_once('@') {
            Some((name, pin)) => (name, Some(pin)),
            None => (text, None),
        };
        let pin_fits = pin.is_none_or(|pin| {
            (FEWEST_DIGITS..=ALL_DIGITS).contains(&pin.len())
                && pin.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
        });
        if is_prompt_name(name) && pin_fits {
            Ok(Self {
                name: name.to_owned(),
                pin: pin.map(str::to_owned),
            })
        } else {
            Err(PromptReferenceError(text.chars().take(80).collect()))
        }
    }
}

impl TryFrom<String> for PromptReference {
    type Error = PromptReferenceError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<PromptReference> for String {
    fn from(reference: PromptReference) -> Self {
        reference.to_string()
    }
}

/// Whether a prompt template may have this name: lower-case letters, digits, hyphens and underscores, a letter first,
/// at most 63 characters.
#[must_use]
pub fn is_prompt_name(name: &str) -> bool {
    let allowed = |character: char| {
        character.is_ascii_lowercase() || character.is_ascii_digit() || matches!(character, '-' | '_')
    };
    name.starts_with(|first: char| first.is_ascii_lowercase()) && name.len() <= 63 && name.chars().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_be_pinned_to_a_hash() {
        let plain: PromptReference = "extract".parse().unwrap();
        assert!(plain.accepts("1f0c3a99") && plain.to_string() == "extract");
        let pinned: PromptReference = "extract@1f0c3a".parse().unwrap();
        assert!(pinned.accepts("1f0c3a99") && !pinned.accepts("1f0c3b99"));
        assert_eq!(pinned.to_string(), "extract@1f0c3a");
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "", "Extract", "a b", "../x", "x@", "x@12345", "x@1F0C3A", "x@zzzzzz", "@1f0c3a",
        ] {
            let error = text.parse::<PromptReference>().unwrap_err().to_string();
            assert!(
                error.contains("names no prompt") && error.contains("extract@1f0c3a"),
                "{error}"
            );
        }
    }
}
