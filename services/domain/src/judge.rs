//! Judges: a model that does not vote but rates the values that won the vote, and what it said of them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::annotation::Provenance;
use crate::annotator::{InputView, LanguageModel};
use crate::answer::Answers;
use crate::field::FieldName;
use crate::identifiers::{ItemId, JudgementId, ProjectId};
use crate::prompt_reference::PromptReference;
use crate::time::Timestamp;

/// The fewest calls whose mean is a score.
const FEWEST_CALLS: u32 = 3;

/// The most calls about one item.
const MOST_CALLS: u32 = 20;

/// The prompt template of judges whose definition names none.
const DEFAULT_PROMPT: &str = "judge";

/// The limit of an answer for judges whose definition names none.
const DEFAULT_MAXIMUM_TOKENS: u32 = 1024;

/// The sampling temperature of judges whose definition names none: at 0 most providers give the same rating every time.
const DEFAULT_TEMPERATURE: f64 = 1.0;

/// A model that rates the values that won the vote. It does not vote.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Judge {
    /// The provider of the program's configuration that answers.
    pub provider: String,
    /// The model's name as the provider knows it; better not one of those that vote, whose errors it would share.
    pub model: String,
    /// The prompt template: its name, or its name and the first digits of its hash.
    #[serde(default = "default_prompt")]
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub prompt: PromptReference,
    /// How often it is asked about an item, 3 to 20 times; its ratings are averaged.
    #[serde(default = "default_calls")]
    pub calls: u32,
    /// The sampling temperature. At 0 most providers give the same rating every time.
    #[serde(default = "default_temperature")]
    pub temperature: f64,
    /// The seed of the first call, for providers that take one; later calls count up from it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<i64>,
    /// The part of the item that the judge sees.
    #[serde(default)]
    pub view: InputView,
    /// The most tokens of an answer.
    #[serde(default = "default_maximum_tokens")]
    pub maximum_tokens: u32,
}

fn default_prompt() -> PromptReference {
    PromptReference::named(DEFAULT_PROMPT)
}

const fn default_calls() -> u32 {
    FEWEST_CALLS
}

const fn default_temperature() -> f64 {
    DEFAULT_TEMPERATURE
}

const fn default_maximum_tokens() -> u32 {
    DEFAULT_MAXIMUM_TOKENS
}

impl Judge {
    /// Checks names and numbers.
    ///
    /// # Errors
    /// What is missing or out of range, and the range.
    pub fn check(&self) -> Result<(), String> {
        for (key, name) in [("provider", &self.provider), ("model", &self.model)] {
            if name.trim().is_empty() {
                return Err(format!("`{key}` is empty"));
            }
        }
        if !(FEWEST_CALLS..=MOST_CALLS).contains(&self.calls) {
            return Err(format!(
                "`calls` must lie between {FEWEST_CALLS} and {MOST_CALLS}, it is {}: the mean of fewer ratings is no score",
                self.calls
            ));
        }
        if !(0.0..=2.0).contains(&self.temperature) {
            return Err(format!(
                "`temperature` must lie between 0 and 2, it is {}",
                self.temperature
            ));
        }
        if self.maximum_tokens == 0 {
            return Err("`maximum_tokens` must be at least 1".to_owned());
        }
        Ok(())
    }

    /// How the model is asked by one of the calls, counted from 0.
    #[must_use]
    pub fn asked(&self, sample: u32) -> LanguageModel {
        let mut model = LanguageModel::new(self.provider.as_str(), self.model.as_str());
        model.prompt = self.prompt.clone();
        model.temperature = self.temperature;
        model.seed = self.seed;
        model.view = self.view;
        model.maximum_tokens = self.maximum_tokens;
        model.sample = sample;
        model
    }
}

/// What a judge said in one call of the values of one item.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Judgement {
    /// Its identifier.
    pub id: JudgementId,
    /// The project.
    pub project_id: ProjectId,
    /// The item.
    pub item_id: ItemId,
    /// How the judge was asked, the sample number included.
    pub asked: LanguageModel,
    /// The values that were judged.
    pub values: Answers,
    /// How probable it is that each is right, from 0 to 1; nothing for a value that it did not rate.
    pub ratings: BTreeMap<FieldName, f64>,
    /// Where it came from and what it cost.
    pub provenance: Provenance,
    /// When it was given.
    pub created_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(rest: &str) -> Result<Judge, String> {
        let text = format!("provider = \"hosted\"\nmodel = \"large\"\n{rest}");
        let judge: Judge = toml::from_str(&text).map_err(|error| error.to_string())?;
        judge.check().map(|()| judge)
    }

    #[test]
    fn what_is_not_said_is_three_warm_calls_by_the_prompt_judge() {
        let judge = judge("").unwrap();
        let asked = judge.asked(2);
        assert_eq!((judge.calls, asked.sample), (3, 2));
        assert_eq!((asked.prompt.to_string().as_str(), asked.temperature), ("judge", 1.0));
        assert!(!asked.logprobs);
    }

    #[test]
    fn bad_numbers_and_unknown_keys_are_named() {
        for (rest, part) in [
            ("calls = 2", "`calls` must lie between 3 and 20, it is 2"),
            ("calls = 21", "`calls` must lie between 3 and 20"),
            ("temperature = 2.5", "`temperature` must lie between 0 and 2"),
            ("temperature = nan", "`temperature` must lie between 0 and 2"),
            ("maximum_tokens = 0", "`maximum_tokens` must be at least 1"),
            ("logprobs = true", "unknown field `logprobs`"),
            ("prompt = \"No Name\"", "names no prompt"),
        ] {
            let problem = judge(rest).unwrap_err();
            assert!(problem.contains(part), "{rest}: {problem}");
        }
        let nameless: Judge = serde_json::from_str(r#"{"provider": " ", "model": "large"}"#).unwrap();
        assert_eq!(nameless.check().unwrap_err(), "`provider` is empty");
    }
}
