//! Ways to be sure of a value, side by side on a project's gold: what was measured of each, and what follows from it.

mod advice;

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::calibrator::ScoreLevel;
use crate::field::FieldName;
use crate::identifiers::ProjectId;
use crate::time::Timestamp;

pub use advice::Recommendation;

/// The share of wrong values at which coverage is told.
pub const TOLERATED_RISK: f64 = 0.05;

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

impl FieldMethods {
    /// The figures of a method.
    #[must_use]
    pub fn evaluation(&self, method: ConfidenceMethod) -> Option<&MethodEvaluation> {
        self.methods.iter().find(|found| found.method == method)
    }
}
