//! Permutations: one model asked the same question in several ways. They are voters of one family.

use std::fmt;
use std::str::FromStr;

use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::annotator::{InputView, LanguageModel};
use crate::order::Order;
use crate::prompt_reference::PromptReference;

/// The most permutations of one model.
const MOST_PERMUTATIONS: usize = 32;

/// What a permutation of no changes is called.
const PLAIN: &str = "plain";

/// What a paraphrase of a prompt is called when a definition does not say: its name with this behind it.
const PARAPHRASE_ENDING: &str = "-paraphrase";

/// One way to ask a model: the annotator as it is written, with these changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Permutation(Vec<Change>);

/// One change of how a model is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    Fields(Order),
    Chunks(Order),
    Paraphrase,
    View(InputView),
    OtherExamples(u32),
}

/// The permutations of one annotator as a definition writes them: their number, or each by its changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(untagged)]
pub enum Permutations {
    /// So many: as written, fields reversed, a paraphrase, both, fields shuffled, chunks reversed, and further shuffles.
    Count(u32),
    /// These, such as `plain`, `reversed_fields` or `paraphrase+shuffled_fields:2`.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<String>))]
    Named(Vec<Permutation>),
}

impl Permutations {
    /// The permutations in their order.
    ///
    /// # Errors
    /// None, or more than [`MOST_PERMUTATIONS`].
    pub(crate) fn list(&self) -> Result<Vec<Permutation>, String> {
        let (count, list) = match self {
            Self::Count(count) => (
                *count as usize,
                (0..*count).take(MOST_PERMUTATIONS).map(standard).collect(),
            ),
            Self::Named(list) => (list.len(), list.clone()),
        };
        if (1..=MOST_PERMUTATIONS).contains(&count) {
            Ok(list)
        } else {
            Err(format!(
                "`permutations` must be 1 to {MOST_PERMUTATIONS}, it is {count}"
            ))
        }
    }
}

/// The permutation of this number, from 0: the changes that matter most come first, and no two are alike.
fn standard(number: u32) -> Permutation {
    let reversed = Change::Fields(Order::Reversed);
    Permutation(match number {
        0 => Vec::new(),
        1 => vec![reversed],
        2 => vec![Change::Paraphrase],
        3 => vec![Change::Paraphrase, reversed],
        4 => vec![Change::Fields(Order::Shuffled(1))],
        5 => vec![Change::Chunks(Order::Reversed)],
        more => vec![Change::Fields(Order::Shuffled(more - 4))],
    })
}

impl Permutation {
    /// The name that its annotator gets behind the name in the definition.
    #[must_use]
    pub fn ending(&self) -> String {
        self.to_string().replace('+', ".").replace(['_', ':'], "-")
    }

    /// The model asked in this way. `paraphrase` is the prompt that says the same in other words; when none is given it
    /// is taken to have the prompt's name with `-paraphrase` behind it.
    ///
    /// # Errors
    /// It changes what the model is not asked with.
    pub fn apply(&self, model: &LanguageModel, paraphrase: Option<&PromptReference>) -> Result<LanguageModel, String> {
        let mut model = model.clone();
        for change in &self.0 {
            match change {
                Change::Fields(order) => model.field_order = *order,
                Change::Chunks(order) => model.chunk_order = *order,
                Change::View(view) => model.view = *view,
                Change::Paraphrase => {
                    let usual = || PromptReference::named(format!("{}{PARAPHRASE_ENDING}", model.prompt.name));
                    model.prompt = paraphrase.cloned().unwrap_or_else(usual);
                }
                Change::OtherExamples(_) if model.examples == 0 => {
                    return Err(format!(
                        "permutation `{self}` needs `examples`: there are none to change"
                    ));
                }
                Change::OtherExamples(seed) => model.examples_seed = *seed,
            }
        }
        Ok(model)
    }
}

impl fmt::Display for Change {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, order) = match self {
            Self::Paraphrase => return formatter.write_str("paraphrase"),
            Self::View(view) => return formatter.write_str(view.word()),
            Self::OtherExamples(seed) => return write!(formatter, "other_examples:{seed}"),
            Self::Fields(order) => ("fields", order),
            Self::Chunks(order) => ("chunks", order),
        };
        match order {
            Order::Declared => write!(formatter, "declared_{what}"),
            Order::Reversed => write!(formatter, "reversed_{what}"),
            Order::Shuffled(seed) => write!(formatter, "shuffled_{what}:{seed}"),
        }
    }
}

impl FromStr for Change {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unknown = || {
            format!(
                "permutation `{}` is not known: use plain, reversed_fields, shuffled_fields:SEED, paraphrase, reversed_chunks, \
                 shuffled_chunks:SEED, rows, reading_order, head_and_tail, page_image, file or other_examples:SEED, joined by +",
                text.chars().take(80).collect::<String>()
            )
        };
        if let Some(view) = InputView::ALL.into_iter().find(|view| view.word() == text) {
            return Ok(Self::View(view));
        }
        let (word, seed) = match text.split_once(':') {
            Some((word, seed)) => (word, Some(seed.parse().map_err(|_| unknown())?)),
            None => (text, None),
        };
        Ok(match (word, seed) {
            ("paraphrase", None) => Self::Paraphrase,
            ("declared_fields", None) => Self::Fields(Order::Declared),
            ("reversed_fields", None) => Self::Fields(Order::Reversed),
            ("shuffled_fields", Some(seed)) => Self::Fields(Order::Shuffled(seed)),
            ("declared_chunks", None) => Self::Chunks(Order::Declared),
            ("reversed_chunks", None) => Self::Chunks(Order::Reversed),
            ("shuffled_chunks", Some(seed)) => Self::Chunks(Order::Shuffled(seed)),
            ("other_examples", Some(seed)) => Self::OtherExamples(seed),
            _ => return Err(unknown()),
        })
    }
}

impl fmt::Display for Permutation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return formatter.write_str(PLAIN);
        }
        let words: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        formatter.write_str(&words.join("+"))
    }
}

impl FromStr for Permutation {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.trim() == PLAIN {
            return Ok(Self(Vec::new()));
        }
        text.split('+')
            .map(|word| word.trim().parse())
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

impl TryFrom<String> for Permutation {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Permutation> for String {
    fn from(permutation: Permutation) -> Self {
        permutation.to_string()
    }
}

impl<'de> Deserialize<'de> for Permutations {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PermutationsVisitor)
    }
}

struct PermutationsVisitor;

impl<'de> Visitor<'de> for PermutationsVisitor {
    type Value = Permutations;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a number of permutations or a list of them")
    }

    fn visit_u64<E: Error>(self, count: u64) -> Result<Permutations, E> {
        Ok(Permutations::Count(u32::try_from(count).unwrap_or(u32::MAX)))
    }

    fn visit_i64<E: Error>(self, count: i64) -> Result<Permutations, E> {
        self.visit_u64(u64::try_from(count).unwrap_or(0))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Permutations, A::Error> {
        let mut list = Vec::new();
        while let Some(permutation) = access.next_element()? {
            list.push(permutation);
        }
        Ok(Permutations::Named(list))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_permutations_differ_and_have_telling_names() {
        let model = LanguageModel::new("local", "small");
        let list = Permutations::Count(8).list().unwrap();
        let names: Vec<String> = list.iter().map(Permutation::ending).collect();
        assert_eq!(
            names,
            [
                "plain",
                "reversed-fields",
                "paraphrase",
                "paraphrase.reversed-fields",
                "shuffled-fields-1",
                "reversed-chunks",
                "shuffled-fields-2",
                "shuffled-fields-3",
            ]
        );
        let models: Vec<LanguageModel> = list.iter().map(|one| one.apply(&model, None).unwrap()).collect();
        for (position, one) in models.iter().enumerate() {
            assert!(!models[..position].contains(one), "{}", names[position]);
        }
        assert_eq!(models[0], model);
        assert_eq!(models[2].prompt.to_string(), "extract-paraphrase");
    }

    #[test]
    fn changes_are_written_as_they_are_read() {
        for text in [
            "plain",
            "reversed_fields",
            "paraphrase+shuffled_fields:7",
            "reversed_chunks",
            "shuffled_chunks:3",
            "head_and_tail+other_examples:2",
            "page_image",
            "file",
        ] {
            assert_eq!(text.parse::<Permutation>().unwrap().to_string(), text);
        }
        for text in [
            "",
            "reversed",
            "shuffled_fields",
            "shuffled_fields:x",
            "paraphrase:1",
            "plain+rows",
        ] {
            assert!(text.parse::<Permutation>().unwrap_err().contains("not known"), "{text}");
        }
        let changed: Permutation = "other_examples:2".parse().unwrap();
        let error = changed.apply(&LanguageModel::new("local", "small"), None).unwrap_err();
        assert!(error.contains("needs `examples`"), "{error}");
    }
}
