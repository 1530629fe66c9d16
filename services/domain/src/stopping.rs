//! Stopping rules: how many of a project's language models are asked about an item, in which order, and what is kept of that.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::annotator::AnnotatorDefinition;
use crate::identifiers::{AnnotatorId, ItemId};

/// The seed of the items that all language models are asked about.
const FULL_VOTES_SEED: &[u8] = b"full votes 1";

/// The least share of items on which everybody votes: below it the loss of a rule could hardly be measured.
const LEAST_FULL_VOTES: f64 = 0.02;

/// The version of [`StoppingRule::AllVotes`], under which nobody is left out.
const ALL_VOTES: &str = "all_votes";

/// When no further language model is asked about an item. Readers cost nothing: they always vote, and first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Stopping {
    /// When to stop.
    pub rule: StoppingRule,
    /// Who is asked first.
    pub order: CallOrder,
    /// The share of items about which all are asked all the same, to measure what the rule loses: from 0.02 to 1.
    pub full_votes: f64,
}

/// When no further language model is asked. Every rule but `all_votes` also stops where the remaining votes cannot change
/// the winner, which loses nothing. An item stops when all of its fields do.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum StoppingRule {
    /// Never early.
    #[default]
    AllVotes,
    /// Only where the remaining votes cannot change the winner.
    CannotChange,
    /// Where the two values with most votes give at least this probability that the first is the more frequent one:
    /// a Beta distribution on a flat prior. Families count as one vote each, unless all belong to one.
    Beta(f64),
    /// Where the leading value has at least this posterior probability by the log-odds weights of its voters. Without gold
    /// there are no such weights, and only what cannot change ends the asking.
    Posterior(f64),
    /// Where the votes after the first back it by Wald's sequential probability ratio test.
    Sequential(SequentialTest),
}

/// A test of "a vote agrees with the first one with probability `p1`" against `p0`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SequentialTest {
    /// How often others agree with a value that is not to be backed.
    pub p0: f64,
    /// How often they agree with one that is.
    pub p1: f64,
    /// The probability of backing a value that is not to be backed.
    pub alpha: f64,
    /// The probability of dropping one that is.
    pub beta: f64,
}

/// Who is asked first.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum CallOrder {
    /// One after the other, by the information that a vote gives for its price, as gold shows; in the order of the
    /// definition until there is gold.
    #[default]
    Automatic,
    /// In these stages: all that are named in one are asked at once.
    Stages(Vec<Vec<String>>),
}

/// How the asking about a field ended; kept with its consensus.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Stopped {
    /// The version of the rule.
    pub version: String,
    /// Why nobody else was asked.
    pub reason: StopReason,
    /// Language models that the rule asked; their votes count.
    pub asked_count: u32,
    /// Language models that could be asked: those of the project, or of the run that asked about the item and those that
    /// had voted before.
    pub panel_count: u32,
    /// Language models that voted though the rule would not have asked them: their votes do not count, and tell what the
    /// rule loses.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<AnnotatorId>,
    /// Whether all voted whatever the rule says: the item is drawn, or was complete before the rule. Only such items tell
    /// what the rule loses; of the others, all are asked where they differ.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub in_full: bool,
}

/// Why nobody else was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum StopReason {
    /// There is nobody else.
    AllAsked,
    /// What remains cannot change the winner.
    CannotChange,
    /// The rule is sure enough of the winner.
    Sure,
}

/// What was learned on gold about asking under a rule; kept with a calibrator.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StoppingFit {
    /// In which order the project's language models are asked from now on.
    pub order: Vec<AnnotatorId>,
    /// What the rule loses on this field; none without gold on items that everybody voted on.
    pub loss: Option<StoppingLoss>,
}

/// A stopping rule held against all votes, on items with gold that everybody voted on, with the votes of both counted by
/// weights that had not seen the item.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StoppingLoss {
    /// Items.
    pub count: u32,
    /// Share of them that is right by the votes that the rule asked for.
    pub accuracy: f64,
    /// Share that is right by all votes.
    pub accuracy_of_all: f64,
    /// Interval of the first minus the second, with 95 % confidence (Bonett and Price).
    pub interval: [f64; 2],
    /// Items with another winner than by all votes.
    pub changed_winner_count: u32,
    /// Language models that the rule asked about all these items together.
    pub asked_count: u32,
    /// Language models that voted on all these items together.
    pub panel_count: u32,
}

impl Default for Stopping {
    fn default() -> Self {
        Self {
            rule: StoppingRule::AllVotes,
            order: CallOrder::Automatic,
            full_votes: 0.03,
        }
    }
}

impl Stopping {
    /// Whether it is that of projects that say nothing about it.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// Whether some may not be asked.
    #[must_use]
    pub fn stops_early(&self) -> bool {
        self.rule != StoppingRule::AllVotes
    }

    /// What tells one way of stopping from another: only what was voted on and fitted under the same one goes together.
    #[must_use]
    pub fn version(&self) -> String {
        if !self.stops_early() {
            return all_votes_version();
        }
        short_hash(&(self.rule, &self.order))
    }

    /// The same where a run asks these language models alone: votes that are stopped among them are other votes.
    #[must_use]
    pub fn version_among(&self, models: &BTreeSet<AnnotatorId>) -> String {
        short_hash(&(self.rule, &self.order, models))
    }

    /// Whether everybody votes on this item, to measure what the rule loses. The same items are drawn every time, and stay
    /// drawn when the share grows.
    #[must_use]
    pub fn draws_for_full_votes(&self, item_id: ItemId) -> bool {
        let mut hash = Sha256::new();
        hash.update(FULL_VOTES_SEED);
        hash.update(item_id.as_uuid().as_bytes());
        let digest = hash.finalize();
        let number = digest
            .iter()
            .take(4)
            .fold(0_u32, |sum, byte| (sum << 8) | u32::from(*byte));
        !self.stops_early() || f64::from(number) < self.full_votes * 2_f64.powi(32)
    }

    /// Checks the numbers.
    ///
    /// # Errors
    /// Names the first that is wrong and what was expected.
    pub fn check(&self) -> Result<(), String> {
        if !(LEAST_FULL_VOTES..=1.0).contains(&self.full_votes) {
            return Err(format!(
                "`stopping.full_votes` must lie between {LEAST_FULL_VOTES} and 1, it is {}: without items that everybody votes \
                 on nobody could tell what the rule loses",
                self.full_votes
            ));
        }
        self.rule.check()
    }

    /// Checks the stages against the annotators of the project: every language model stands in one, once, and nobody else.
    ///
    /// # Errors
    /// Names what is wrong and what was expected.
    pub fn check_stages(&self, annotators: &[AnnotatorDefinition]) -> Result<(), String> {
        let CallOrder::Stages(stages) = &self.order else {
            return Ok(());
        };
        let models = annotators.iter().filter(|annotator| annotator.kind.is_language_model());
        let models: BTreeSet<&str> = models.map(|annotator| annotator.name.as_str()).collect();
        let mut named = BTreeSet::new();
        for (position, stage) in stages.iter().enumerate() {
            if stage.is_empty() {
                return Err(format!("`stopping.order.stages[{position}]` names nobody"));
            }
            for name in stage {
                let shown: String = name.chars().take(80).collect();
                if !models.contains(name.as_str()) {
                    return Err(format!(
                        "`stopping.order.stages[{position}]`: `{shown}` is not a language model of the project; those are {} \
                         (readers always vote first)",
                        listed(&models)
                    ));
                }
                if !named.insert(name.as_str()) {
                    return Err(format!("`stopping.order.stages[{position}]`: `{shown}` is named twice"));
                }
            }
        }
        let missing: BTreeSet<&str> = models.difference(&named).copied().collect();
        if missing.is_empty() {
            Ok(())
        } else {
            Err(format!(
                "`stopping.order.stages` must name every language model, it lacks {}",
                listed(&missing)
            ))
        }
    }
}

impl StoppingRule {
    /// The rule in words, after "stops ".
    #[must_use]
    pub fn phrase(self) -> String {
        let safe = "where the rest cannot change the winner";
        match self {
            Self::AllVotes => "never early".to_owned(),
            Self::CannotChange => safe.to_owned(),
            Self::Beta(level) => format!("{safe}, or at {level} by the Beta rule"),
            Self::Posterior(level) => format!("{safe}, or at a posterior of {level}"),
            Self::Sequential(test) => format!(
                "{safe}, or by the sequential test of {} against {} with errors {} and {}",
                test.p1, test.p0, test.alpha, test.beta
            ),
        }
    }

    fn check(self) -> Result<(), String> {
        let level = |name: &str, level: f64| {
            if level > 0.5 && level < 1.0 {
                Ok(())
            } else {
                Err(format!(
                    "`stopping.rule.{name}` must lie between 0.5 and 1, it is {level}"
                ))
            }
        };
        match self {
            Self::AllVotes | Self::CannotChange => Ok(()),
            Self::Beta(value) => level("beta", value),
            Self::Posterior(value) => level("posterior", value),
            Self::Sequential(test) => test.check(),
        }
    }
}

impl SequentialTest {
    fn check(self) -> Result<(), String> {
        let numbers = [
            ("p0", self.p0),
            ("p1", self.p1),
            ("alpha", self.alpha),
            ("beta", self.beta),
        ];
        let outside = numbers.into_iter().find(|(_, value)| !(*value > 0.0 && *value < 1.0));
        if let Some((name, value)) = outside {
            return Err(format!(
                "`stopping.rule.sequential.{name}` must lie between 0 and 1, it is {value}"
            ));
        }
        if self.p0 >= self.p1 {
            return Err(format!(
                "`stopping.rule.sequential.p0` must be less than `p1`, they are {} and {}",
                self.p0, self.p1
            ));
        }
        if self.alpha + self.beta >= 1.0 {
            return Err(format!(
                "`alpha` and `beta` of `stopping.rule.sequential` must come to less than 1, they are {} and {}",
                self.alpha, self.beta
            ));
        }
        Ok(())
    }
}

impl CallOrder {
    /// Whether it is that of projects that say nothing about it.
    #[must_use]
    pub fn is_automatic(&self) -> bool {
        *self == Self::Automatic
    }
}

impl Stopped {
    /// Language models that voted: those that the rule asked and those that it would not have asked.
    #[must_use]
    pub fn called_count(&self) -> u32 {
        let left_out = u32::try_from(self.left_out.len()).unwrap_or(u32::MAX);
        self.asked_count.saturating_add(left_out)
    }

    /// Language models that could be asked and were not.
    #[must_use]
    pub fn unasked_count(&self) -> u32 {
        self.panel_count.saturating_sub(self.called_count())
    }

    /// How the asking ended, in words.
    #[must_use]
    pub fn sentence(&self) -> String {
        let (asked, panel) = (self.asked_count, self.panel_count);
        let left_out = match self.left_out.len() {
            0 => "",
            _ => "; the others voted to measure the rule and do not count",
        };
        match self.reason {
            StopReason::AllAsked => format!("all {panel} language models asked"),
            StopReason::CannotChange => {
                format!("{asked} of {panel} language models asked: the rest could not change it{left_out}")
            }
            StopReason::Sure => {
                format!("{asked} of {panel} language models asked: the stopping rule was sure enough{left_out}")
            }
        }
    }
}

fn short_hash(way: &impl Serialize) -> String {
    let written = serde_json::to_vec(way).unwrap_or_default();
    hex::encode(&Sha256::digest(written)[..8])
}

/// The version of votes of everybody.
#[must_use]
pub fn all_votes_version() -> String {
    ALL_VOTES.to_owned()
}

fn listed(names: &BTreeSet<&str>) -> String {
    if names.is_empty() {
        return "none".to_owned();
    }
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn read(text: &str) -> Result<Stopping, String> {
        let stopping: Stopping = toml::from_str(text).map_err(|error| error.to_string())?;
        stopping.check().map(|()| stopping)
    }

    #[test]
    fn rules_are_read_as_they_are_written() {
        assert!(read("").unwrap().is_default());
        assert_eq!(
            read("rule = \"cannot_change\"").unwrap().rule,
            StoppingRule::CannotChange
        );
        let beta =
            read("rule = { beta = 0.9 }\norder = { stages = [[\"a\", \"b\"], [\"c\"]] }\nfull_votes = 0.05").unwrap();
        assert_eq!(beta.rule, StoppingRule::Beta(0.9));
        let again: Stopping = serde_json::from_value(serde_json::to_value(&beta).unwrap()).unwrap();
        assert_eq!(again, beta);
        let test = "rule = { sequential = { p0 = 0.5, p1 = 0.9, alpha = 0.05, beta = 0.05 } }";
        assert!(matches!(read(test).unwrap().rule, StoppingRule::Sequential(_)));
    }

    #[test]
    fn mistakes_are_named() {
        for (text, part) in [
            ("rule = { beta = 0.4 }", "0.5 and 1"),
            ("rule = { posterior = 1.0 }", "`stopping.rule.posterior`"),
            ("full_votes = 0.01", "0.02"),
            ("full_votes = 1.5", "between"),
            ("rule = \"sometimes\"", "unknown variant"),
            ("rules = \"cannot_change\"", "unknown field"),
            (
                "rule = { sequential = { p0 = 0.9, p1 = 0.5, alpha = 0.1, beta = 0.1 } }",
                "less than `p1`",
            ),
            (
                "rule = { sequential = { p0 = 0.5, p1 = 0.9, alpha = 0.6, beta = 0.5 } }",
                "less than 1",
            ),
            (
                "rule = { sequential = { p0 = 0.0, p1 = 0.9, alpha = 0.1, beta = 0.1 } }",
                "`stopping.rule.sequential.p0`",
            ),
        ] {
            let problem = read(text).unwrap_err();
            assert!(problem.contains(part), "{text}: {problem}");
        }
    }

    #[test]
    fn versions_tell_rules_and_orders_apart_but_not_shares() {
        let of = |text: &str| read(text).unwrap().version();
        assert_eq!(of("full_votes = 0.5"), all_votes_version());
        let beta = of("rule = { beta = 0.9 }");
        assert_eq!(beta, of("rule = { beta = 0.9 }\nfull_votes = 0.5"));
        assert_ne!(beta, of("rule = { beta = 0.95 }"));
        assert_ne!(beta, of("rule = { posterior = 0.9 }"));
        assert_ne!(beta, of("rule = { beta = 0.9 }\norder = { stages = [[\"a\"]] }"));
    }

    #[test]
    fn drawn_items_are_as_many_as_asked_for_and_stay_drawn() {
        let drawn = |share: f64| -> Vec<u128> {
            let stopping = Stopping {
                rule: StoppingRule::CannotChange,
                full_votes: share,
                ..Stopping::default()
            };
            let is_drawn = |number: &u128| stopping.draws_for_full_votes(ItemId::from_uuid(Uuid::from_u128(*number)));
            (0..20_000).filter(is_drawn).collect()
        };
        let few = drawn(0.03);
        // Binomial with 20,000 draws at 0.03: 600, five standard deviations are 121.
        assert!(few.len().abs_diff(600) < 121, "{}", few.len());
        let more = drawn(0.1);
        assert!(few.iter().all(|number| more.contains(number)));
        assert_eq!(drawn(1.0).len(), 20_000);
        assert!(Stopping::default().draws_for_full_votes(ItemId::from_uuid(Uuid::nil())));
    }
}
