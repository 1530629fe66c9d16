//! Ways to be sure of a value, side by side on a project's gold: what was measured of each, and what follows from it.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::calibrator::ScoreLevel;
use crate::field::FieldName;
use crate::identifiers::ProjectId;
use crate::time::Timestamp;

/// The share of wrong values at which coverage is told.
pub const TOLERATED_RISK: f64 = 0.05;

/// Fewer different scores than these are too few to choose a threshold from.
pub const FEWEST_LEVELS: usize = 5;

/// Digits of money that are shown.
const MONEY_DIGITS: u32 = 2;

/// A way to be sure of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ConfidenceMethod {
    /// The value that wins the vote; how far it leads.
    Voting,
    /// The value of the one annotator that is best on the other folds; how probable it found the value's tokens.
    Logprobs,
    /// The value that wins the vote; what a judge says of it.
    Judge,
    /// The value that wins the vote; all of that.
    Combined,
}

impl ConfidenceMethod {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Voting, Self::Logprobs, Self::Judge, Self::Combined];

    /// The word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Voting => "voting",
            Self::Logprobs => "logprobs",
            Self::Judge => "judge",
            Self::Combined => "combined",
        }
    }
}

/// The methods on all fields of a project, as of one moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MethodComparison {
    /// The project.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub project_id: ProjectId,
    /// The version of its definition.
    pub project_version: i64,
    /// Every field that has gold and votes.
    pub fields: Vec<FieldMethods>,
    /// Hash of all that it rests on: gold, votes, policy and the judge's ratings.
    pub data_hash: String,
    /// Version of the code that compared.
    pub code_version: String,
    /// When it was computed.
    pub computed_at: Timestamp,
}

impl MethodComparison {
    /// The methods on a field; none where it had no gold or no votes.
    #[must_use]
    pub fn of_field(&self, name: &FieldName) -> Option<&FieldMethods> {
        self.fields.iter().find(|field| field.field == *name)
    }
}

/// The methods on one field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FieldMethods {
    /// The field.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub field: FieldName,
    /// Items with gold and votes: all figures are on these. Gold that is set apart to certify thresholds takes no part.
    pub items: usize,
    /// Each method that has scores.
    pub methods: Vec<MethodEvaluation>,
    /// Methods that have no scores here, and why.
    pub left_out: Vec<LeftOut>,
    /// What the judge's ratings are like; none where it rated nothing.
    pub judge: Option<JudgeFigures>,
    /// The levels of voting by the weights of production, lowest first, with the confidence and the outcome of their items
    /// by what had not seen them; empty where there are more than 50.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub voting_levels: Vec<ScoreLevel>,
    /// How many levels voting would have by plain counting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub even_levels: Option<usize>,
}

/// A method without scores on a field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LeftOut {
    /// The method.
    pub method: ConfidenceMethod,
    /// Why, and what to do.
    pub reason: String,
}

/// What the ratings of a judge are like on a field.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct JudgeFigures {
    /// Values with enough ratings for a score.
    pub values: usize,
    /// Ratings of these values.
    pub ratings: usize,
    /// The mean over values of their mean rating, from 0 to 1.
    pub mean_rating: f64,
    /// The mean over values of the variance of their ratings: how far the judge disagrees with itself.
    pub variance: f64,
    /// Calls whose reply held no readable rating of the value.
    pub unreadable: usize,
}

impl JudgeFigures {
    /// The standard deviation of the ratings of one value: the root of the mean variance.
    #[must_use]
    pub fn standard_deviation(&self) -> f64 {
        self.variance.sqrt()
    }
}

/// How a method did on a field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MethodEvaluation {
    /// The method.
    pub method: ConfidenceMethod,
    /// Items that have a score of their own.
    pub scored: usize,
    /// Share of right values.
    pub accuracy: f64,
    /// Mean probability.
    pub mean_confidence: f64,
    /// Mean squared error of the probability.
    pub brier: f64,
    /// The same of who always says the accuracy on the other folds: what knows nothing of the item.
    pub base_rate_brier: f64,
    /// Expected calibration error.
    pub calibration_error: f64,
    /// 5 % and 95 % quantiles of that error for a perfect calibrator.
    pub null_band: [f64; 2],
    /// How often the right value has the higher probability of a right and a wrong one in the same fold: the area under the
    /// receiver operating characteristic, within folds. Across folds it would tell how folds differ, since one with more right
    /// values than others leaves them with higher curves than its own. None where no fold has both.
    pub auroc: Option<f64>,
    /// Area under the risk-coverage curve: mean share of wrong values among the surest; less is better.
    pub risk_coverage_area: Option<f64>,
    /// That area less the area of voting on the same items; none for voting itself, and where documents are too few.
    pub area_difference: Option<AreaDifference>,
    /// The risk-coverage curve, the surest first, at no more than 100 places.
    pub curve: Vec<CurvePlace>,
    /// The largest share of items of which at most [`TOLERATED_RISK`] are wrong, the surest first. It certifies nothing.
    pub coverage_at_tolerated_risk: f64,
    /// Different scores: so many thresholds there are to choose from.
    pub levels: usize,
    /// What an item takes, on average.
    pub cost: MethodCost,
}

/// A place of a risk-coverage curve.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CurvePlace {
    /// The share of items that are taken, the surest first.
    pub coverage: f64,
    /// The share of wrong values among them.
    pub risk: f64,
}

/// By how much the area under a risk-coverage curve differs from that of voting; below 0 is better than voting.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AreaDifference {
    /// The difference.
    pub value: f64,
    /// Lower end of its interval by paired bootstrap over documents. All methods of a field together keep 95 %.
    pub lower: f64,
    /// Upper end.
    pub upper: f64,
}

/// What a method takes for an item, on average. Of people's votes only the time counts.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MethodCost {
    /// Calls of models.
    pub calls: f64,
    /// Tokens of the questions.
    pub input_tokens: f64,
    /// Tokens of the answers.
    pub output_tokens: f64,
    /// Seconds from question to answer, of one call after another.
    pub seconds: f64,
    /// Money by currency, ISO 4217, of the calls whose price is known.
    #[cfg_attr(feature = "openapi", schema(value_type = BTreeMap<String, String>))]
    pub money: BTreeMap<String, Decimal>,
}

impl MethodCost {
    /// Money of all currencies with two digits that count, such as `0.0012 USD`; none where no price is known.
    #[must_use]
    pub fn money_in_words(&self) -> Option<String> {
        let parts = self.money.iter().map(|(currency, money)| {
            let rounded = money.round_sf(MONEY_DIGITS).unwrap_or(*money).normalize();
            format!("{rounded} {currency}")
        });
        let parts: Vec<String> = parts.collect();
        (!parts.is_empty()).then(|| parts.join(", "))
    }

    /// Calls and money, such as `5 calls and 0.0012 USD`.
    #[must_use]
    pub fn in_words(&self) -> String {
        let rounded = (self.calls * 10.0).round() / 10.0;
        let noun = if rounded == 1.0 { "call" } else { "calls" };
        let calls = if rounded == 0.0 {
            "no call".to_owned()
        } else {
            format!("{rounded} {noun}")
        };
        match self.money_in_words() {
            Some(money) => format!("{calls} and {money}"),
            None => calls,
        }
    }
}

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
    /// The figures of a method.
    #[must_use]
    pub fn evaluation(&self, method: ConfidenceMethod) -> Option<&MethodEvaluation> {
        self.methods.iter().find(|found| found.method == method)
    }

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
    use super::*;

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
