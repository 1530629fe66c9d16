//! What follows from the methods on a field: which to use, and whether there are levels enough.

use super::{AreaDifference, ConfidenceMethod, FieldMethods, MethodEvaluation};

/// Fewer different scores than these are too few to choose a threshold from.
const FEWEST_LEVELS: usize = 5;

/// Which method to use on a field, as far as gold can tell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Recommendation<'a> {
    /// Voting has no figures: there is too little gold.
    TooLittleGold,
    /// A method is better than voting, beyond noise.
    Better {
        /// The best of them.
        best: &'a MethodEvaluation,
        /// What it was held against.
        voting: &'a MethodEvaluation,
        /// By how much it is better.
        difference: AreaDifference,
    },
    /// All others are worse than voting, beyond noise; or there are no others.
    Voting {
        /// Its figures.
        voting: &'a MethodEvaluation,
        /// Whether there are others.
        beats_others: bool,
    },
    /// Some differ from voting by no more than noise.
    NotToldApart {
        /// Of these and voting, the one that takes the fewest calls and has a score for nearly every item; voting where it
        /// takes as few.
        cheapest: &'a MethodEvaluation,
        /// Voting's figures.
        voting: &'a MethodEvaluation,
    },
}

impl FieldMethods {
    /// Which method to use. Methods are held against voting, by the area under the risk-coverage curve: it says how few wrong
    /// values there are among those one is surest of, whatever the threshold.
    #[must_use]
    pub fn recommendation(&self) -> Recommendation<'_> {
        let Some(voting) = self.evaluation(ConfidenceMethod::Voting) else {
            return Recommendation::TooLittleGold;
        };
        let others = || self.methods.iter().filter(|other| other.method != voting.method);
        let better = others().filter_map(|other| Some((other, other.area_difference?)));
        let better = better.filter(|(_, difference)| difference.upper < 0.0);
        let best = better.min_by(|(_, left), (_, right)| left.value.total_cmp(&right.value));
        if let Some((best, difference)) = best {
            return Recommendation::Better {
                best,
                voting,
                difference,
            };
        }
        let is_worse =
            |other: &MethodEvaluation| other.area_difference.is_some_and(|difference| difference.lower > 0.0);
        let alike: Vec<&MethodEvaluation> = others().filter(|other| !is_worse(other)).collect();
        if alike.is_empty() {
            return Recommendation::Voting {
                voting,
                beats_others: others().next().is_some(),
            };
        }
        let has_scores = |other: &&MethodEvaluation| other.scored * 10 >= voting.scored * 9;
        let cheapest = std::iter::once(voting)
            .chain(alike.into_iter().filter(has_scores))
            .min_by(|left, right| left.cost.calls.total_cmp(&right.cost.calls));
        Recommendation::NotToldApart {
            cheapest: cheapest.unwrap_or(voting),
            voting,
        }
    }

    /// One sentence or two that answer which method to use, and what it costs.
    #[must_use]
    pub fn advice(&self) -> String {
        let sentence = match self.recommendation() {
            Recommendation::TooLittleGold => {
                return "There is too little gold to measure any method: resolve reviews or import gold.".to_owned();
            }
            Recommendation::Better {
                best,
                voting,
                difference: AreaDifference { value, lower, upper },
            } => format!(
                "Use {}: among the values it is surest of fewer are wrong than by voting (area under the risk-coverage curve \
                 {value:+.3} [{lower:+.3}, {upper:+.3}]). It takes {} an item, voting {}.",
                best.method.word(),
                best.cost.in_words(),
                voting.cost.in_words()
            ),
            Recommendation::Voting { voting, beats_others } => {
                let why = if beats_others {
                    "every other method ranks values worse"
                } else {
                    "no other method has scores"
                };
                format!("Use voting: {why}. It takes {} an item.", voting.cost.in_words())
            }
            Recommendation::NotToldApart { cheapest, voting } => {
                let wrong = (1.0 - voting.accuracy) * self.items as f64;
                let basis = format!(
                    "Gold does not tell the methods apart yet ({} items, {wrong:.0} of them wrong by voting)",
                    self.items
                );
                if cheapest.method == ConfidenceMethod::Voting {
                    format!(
                        "{basis}: voting is as cheap as any, at {} an item.",
                        voting.cost.in_words()
                    )
                } else {
                    format!(
                        "{basis}: the cheapest is {}, at {} an item; voting takes {}.",
                        cheapest.method.word(),
                        cheapest.cost.in_words(),
                        voting.cost.in_words()
                    )
                }
            }
        };
        if self.methods.iter().any(|method| method.brier < method.base_rate_brier) {
            sentence
        } else {
            format!("{sentence} None of them predicts better than the base rate.")
        }
    }

    /// How many levels voting has, and how many it would have by plain counting.
    #[must_use]
    pub fn levels_in_words(&self) -> Option<String> {
        let voting = self.evaluation(ConfidenceMethod::Voting)?;
        let levels = counted_levels(voting.levels);
        Some(match self.even_levels {
            Some(even) if even != voting.levels => format!("Voting has {levels}, {even} by plain counting"),
            Some(_) => format!("Voting has {levels}, as many as by plain counting"),
            None => format!("Voting has {levels}"),
        })
    }

    /// That voting has too few levels to set a threshold by, and what gives more.
    #[must_use]
    pub fn advice_on_levels(&self) -> Option<String> {
        let voting = self.evaluation(ConfidenceMethod::Voting)?;
        if voting.levels >= FEWEST_LEVELS {
            return None;
        }
        let words = self.levels_in_words()?;
        let combined = self
            .evaluation(ConfidenceMethod::Combined)
            .filter(|combined| combined.levels > voting.levels);
        let more = combined.map_or_else(String::new, |combined| {
            format!(", with which there are {} here", combined.levels)
        });
        Some(format!(
            "{words}, so few thresholds are there to choose from. More annotators, unequal weights (`weighting = \"log_odds\"`) or a \
             second signal give more: token probabilities (`logprobs = true` on a model) or a judge (`[judge]`), by the method \
             combined{more}."
        ))
    }
}

fn counted_levels(levels: usize) -> String {
    let noun = if levels == 1 { "level" } else { "levels" };
    format!("{levels} {noun}")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use rust_decimal::Decimal;

    use super::*;
    use crate::confidence_method::MethodCost;

    fn evaluation(method: ConfidenceMethod, calls: f64, difference: Option<(f64, f64)>) -> MethodEvaluation {
        MethodEvaluation {
            method,
            scored: 100,
            accuracy: 0.8,
            mean_confidence: 0.8,
            brier: 0.1,
            base_rate_brier: 0.16,
            calibration_error: 0.02,
            null_band: [0.01, 0.08],
            auroc: Some(0.8),
            risk_coverage_area: Some(0.1),
            area_difference: difference.map(|(lower, upper)| AreaDifference {
                value: f64::midpoint(lower, upper),
                lower,
                upper,
            }),
            curve: Vec::new(),
            coverage_at_tolerated_risk: 0.5,
            levels: 3,
            cost: MethodCost {
                calls,
                money: BTreeMap::from([("USD".to_owned(), Decimal::new(12345, 7))]),
                ..MethodCost::default()
            },
        }
    }

    fn field(methods: Vec<MethodEvaluation>) -> FieldMethods {
        FieldMethods {
            field: "total".parse().unwrap(),
            items: 100,
            methods,
            left_out: Vec::new(),
            judge: None,
            voting_levels: Vec::new(),
            even_levels: None,
        }
    }

    use ConfidenceMethod::{Combined, Judge, Logprobs, Voting};

    #[test]
    fn only_what_exceeds_noise_is_recommended() {
        let voting = || evaluation(Voting, 5.0, None);
        let better = field(vec![
            voting(),
            evaluation(Judge, 8.0, Some((-0.05, -0.01))),
            evaluation(Combined, 8.0, Some((-0.08, -0.02))),
        ]);
        let advice = better.advice();
        assert!(advice.starts_with("Use combined:"), "{advice}");
        assert!(
            advice.contains("-0.050 [-0.080, -0.020]") && advice.contains("8 calls and 0.0012 USD an item"),
            "{advice}"
        );
        let open = field(vec![
            voting(),
            evaluation(Logprobs, 1.0, Some((-0.03, 0.02))),
            evaluation(Judge, 8.0, Some((-0.05, 0.01))),
        ]);
        let advice = open.advice();
        assert!(
            advice.starts_with("Gold does not tell the methods apart yet (100 items, 20 of them wrong by voting)"),
            "{advice}"
        );
        assert!(advice.contains("the cheapest is logprobs, at 1 call and"), "{advice}");
        let worse = field(vec![voting(), evaluation(Logprobs, 1.0, Some((0.01, 0.02)))]);
        assert!(worse.advice().starts_with("Use voting: every other method"));
        assert!(
            field(vec![voting()])
                .advice()
                .starts_with("Use voting: no other method")
        );
        assert!(field(Vec::new()).advice().starts_with("There is too little gold"));
        let unmeasured = field(vec![voting(), evaluation(Combined, 5.0, None)]);
        let advice = unmeasured.advice();
        assert!(advice.contains("voting is as cheap as any, at 5 calls"), "{advice}");
    }

    #[test]
    fn a_method_that_leaves_many_items_without_a_score_is_not_the_cheap_one() {
        let mut logprobs = evaluation(Logprobs, 0.6, Some((-0.03, 0.02)));
        logprobs.scored = 60;
        let advice = field(vec![evaluation(Voting, 5.0, None), logprobs]).advice();
        assert!(advice.contains("voting is as cheap as any"), "{advice}");
    }

    #[test]
    fn what_knows_nothing_is_said_to_know_nothing() {
        let mut voting = evaluation(Voting, 0.0, None);
        voting.brier = 0.16;
        let advice = field(vec![voting]).advice();
        assert!(
            advice.contains("no call and") && advice.ends_with("better than the base rate."),
            "{advice}"
        );
    }

    #[test]
    fn too_few_levels_come_with_a_remedy() {
        let mut combined = evaluation(Combined, 5.0, None);
        combined.levels = 61;
        let mut few = field(vec![evaluation(Voting, 5.0, None), combined]);
        few.even_levels = Some(2);
        let advice = few.advice_on_levels().unwrap();
        assert!(
            advice.starts_with("Voting has 3 levels, 2 by plain counting, so few")
                && advice.contains("there are 61 here"),
            "{advice}"
        );
        let mut voting = evaluation(Voting, 5.0, None);
        voting.levels = FEWEST_LEVELS;
        assert_eq!(field(vec![voting]).advice_on_levels(), None);
    }
}
