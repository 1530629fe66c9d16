//! Short texts with a label, for projects made from the template `text-classification`.

use serde::Serialize;

use crate::chance::{Chance, Purpose};

/// One text with its gold, as a line of a JSONL file has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TextSample {
    /// Unique within a seed, such as `text-0007`.
    pub external_id: String,
    /// What somebody wrote to a company.
    pub text: String,
    /// The label.
    pub gold: TextGold,
}

/// The gold of a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TextGold {
    /// One of the options of the template: `question`, `complaint`, `praise` or `other`.
    pub label: &'static str,
}

/// What messages of one label are made of. `{}` in a sentence stands for a subject.
struct Parts {
    label: &'static str,
    openings: &'static [&'static str],
    sentences: &'static [&'static str],
    endings: &'static [&'static str],
}

/// What messages are about.
const SUBJECTS: [&str; 18] = [
    "the blue backpack",
    "my order from Tuesday",
    "invoice 20417",
    "the coffee machine",
    "your app",
    "the delivery to Leeds",
    "the rain jacket",
    "my subscription",
    "the standing desk",
    "the replacement charger",
    "the gift card",
    "last month's bill",
    "the new website",
    "the headset",
    "my account",
    "the garden table",
    "the installation visit",
    "the loyalty programme",
];

const LABELS: [Parts; 4] = [
    Parts {
        label: "question",
        openings: &["", "Hello, ", "Quick one: ", "Hi there, ", "I was wondering, "],
        sentences: &[
            "could you tell me when {} will be ready?",
            "is there any way to change {} after the fact?",
            "how do I return {}?",
            "does the guarantee cover {} as well?",
            "where can I find the details of {}?",
            "who should I talk to about {}?",
            "what would it cost to upgrade {}?",
            "can I share {} with a colleague?",
        ],
        endings: &[
            "",
            " Thanks in advance.",
            " Please let me know.",
            " I could not find it in the help pages.",
        ],
    },
    Parts {
        label: "complaint",
        openings: &[
            "",
            "Honestly, ",
            "This is the second time I write: ",
            "I am not happy. ",
            "Really, ",
        ],
        sentences: &[
            "{} arrived broken and nobody answers the phone.",
            "{} has been wrong for three weeks now.",
            "I was charged twice for {}.",
            "{} stopped working after two days.",
            "nobody turned up for {} and I took a day off for nothing.",
            "{} is nothing like the description.",
            "I have waited far too long for {}.",
            "the problem with {} is still not fixed.",
        ],
        endings: &[
            "",
            " I expect a refund.",
            " Not good enough.",
            " I will not order again.",
            " Please sort this out.",
        ],
    },
    Parts {
        label: "praise",
        openings: &["", "Wow, ", "Just to say: ", "Credit where it is due: ", "Dear team, "],
        sentences: &[
            "I love {}, exactly what I hoped for.",
            "{} was sorted out within an hour, brilliant service.",
            "everyone here is delighted with {}.",
            "thank you for the kind help with {}.",
            "{} works perfectly and looks great.",
            "your colleague explained {} so patiently.",
            "best experience in years with {}.",
            "{} came a day early and well packed.",
        ],
        endings: &["", " Keep it up!", " Five stars from me.", " I will tell my friends."],
    },
    Parts {
        label: "other",
        openings: &["", "For your records: ", "FYI, ", "Good morning, ", "Please note: "],
        sentences: &[
            "I have moved, the new address for {} is attached.",
            "we are closed next week, {} can wait until Monday.",
            "attached is the signed form for {}.",
            "I am out of the office until the 14th, {} is with my deputy.",
            "this is an automatic reply concerning {}.",
            "please forward this about {} to your bookkeeping.",
            "we offer search engine services and noticed {}.",
            "our purchase order for {} follows by post.",
        ],
        endings: &["", " Kind regards, P. Hale", " Sent from my phone", " No reply needed."],
    },
];

/// How often, in a hundred times, a second message with another label follows; the first one counts.
const MIXED_PERCENT: i64 = 12;

/// Makes the first `count` texts of a seed.
#[must_use]
pub fn generate_text_classification(seed: u64, count: usize) -> Vec<TextSample> {
    (1u64..)
        .take(count)
        .map(|position| {
            let mut chance = Chance::new(seed, Purpose::Text, position);
            let first = chance.below(LABELS.len());
            let mut text = message(&LABELS[first], &mut chance);
            if chance.happens(MIXED_PERCENT) {
                let second = (first + 1 + chance.below(LABELS.len() - 1)) % LABELS.len();
                text.push(' ');
                text.push_str(&message(&LABELS[second], &mut chance));
            }
            if chance.happens(8) {
                text = text.to_lowercase();
            }
            TextSample {
                external_id: format!("text-{position:04}"),
                text,
                gold: TextGold {
                    label: LABELS[first].label,
                },
            }
        })
        .collect()
}

fn message(parts: &Parts, chance: &mut Chance) -> String {
    let opening = chance.pick(parts.openings);
    let sentence = chance.pick(parts.sentences).replace("{}", chance.pick(&SUBJECTS));
    let starts_sentence = opening.is_empty() || opening.ends_with(". ");
    let sentence = if starts_sentence {
        capitalised(&sentence)
    } else {
        sentence
    };
    format!("{opening}{sentence}{}", chance.pick(parts.endings))
}

fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    match characters.next() {
        Some(first) => first.to_uppercase().chain(characters).collect(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};

    use super::*;

    #[test]
    fn texts_are_varied_balanced_and_repeatable() {
        let texts = generate_text_classification(4, 400);
        assert_eq!(texts, generate_text_classification(4, 400));
        assert_ne!(texts, generate_text_classification(5, 400));
        let distinct: HashSet<&str> = texts.iter().map(|sample| sample.text.as_str()).collect();
        assert!(distinct.len() > 380, "{}", distinct.len());
        let mut counts: HashMap<&str, usize> = HashMap::new();
        for sample in &texts {
            *counts.entry(sample.gold.label).or_insert(0) += 1;
        }
        assert_eq!(counts.len(), 4);
        assert!(counts.values().all(|count| (70..130).contains(count)), "{counts:?}");
    }

    #[test]
    fn a_text_is_written_as_a_line_of_a_file() {
        let sample = &generate_text_classification(1, 1)[0];
        let line = serde_json::to_value(sample).unwrap();
        assert_eq!(line["external_id"], "text-0001");
        assert!(line["gold"]["label"].is_string());
    }
}
