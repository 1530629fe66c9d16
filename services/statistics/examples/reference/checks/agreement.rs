//! Agreement beside krippendorff, irrCAC, statsmodels and scikit-learn.

use std::path::Path;

use accord_statistics::agreement::{
    AgreementSums, AgreementWeights, ChanceCorrected, DisagreementWeights, Level, PairTable, RatingProfiles,
    RatingTable, alpha_standard_error, fleiss_kappa, gwet_coefficient, krippendorff_alpha, percent_agreement,
};
use accord_statistics::{Estimate, Interval};
use serde_json::Value;

use super::Failure;
use super::report::{Section, Verdict};
use super::sets::{VoteSet, read_numbers};

/// The figures of `reference.json` are rounded to six decimals.
const ROUNDING: f64 = 1.01e-6;
/// Figures with all their digits have to be equal to this.
const EXACT: f64 = 1e-9;

/// What the peers say: rounded, and with all digits where they were computed anew.
#[derive(Clone, Copy)]
pub(crate) struct Peers<'a> {
    pub(crate) rounded: &'a Value,
    pub(crate) exact: &'a Value,
}

impl<'a> Peers<'a> {
    pub(crate) fn part(self, key: &str) -> Peers<'a> {
        Peers {
            rounded: &self.rounded[key],
            exact: &self.exact[key],
        }
    }

    fn at(self, index: usize) -> Peers<'a> {
        Peers {
            rounded: &self.rounded[index],
            exact: &self.exact[index],
        }
    }

    /// Adds a row where the peers have the figure.
    fn compare(self, section: &mut Section, figure: &str, ours: Estimate) {
        let (expected, tolerance) = match (self.exact.as_f64(), self.rounded.as_f64()) {
            (Some(exact), Some(_)) => (exact, EXACT),
            (None, Some(rounded)) => (rounded, ROUNDING),
            (_, None) => return,
        };
        let digits = if tolerance == EXACT { 12 } else { 6 };
        let (shown, verdict) = match ours {
            Estimate::Value(ours) if (ours - expected).abs() <= tolerance => {
                (format!("{ours:.digits$}"), Verdict::Met(format!("to {tolerance:.0e}")))
            }
            Estimate::Value(ours) => {
                let why = format!("differs by {:.1e}", (ours - expected).abs());
                (format!("{ours:.digits$}"), Verdict::Missed(why))
            }
            Estimate::Undefined(reason) => (reason.code().to_owned(), Verdict::Missed(reason.to_string())),
        };
        section.add(figure, shown, format!("{expected:.digits$}"), verdict);
    }
}

/// All agreement figures of a set of classes.
pub(crate) fn compare_classes(section: &mut Section, votes: &VoteSet, peers: Peers<'_>) -> Result<(), Failure> {
    let table = RatingTable::from(&votes.table()?);
    alphas(section, &table, votes, peers)?;
    peers.part("mean_pairwise_percent_agreement_items_ge2").compare(
        section,
        "percent agreement",
        percent_agreement(&table),
    );
    let fleiss = fleiss_kappa(&table);
    peers
        .part("fleiss_kappa_statsmodels")
        .compare(section, "Fleiss' kappa (statsmodels)", fleiss.kappa.coefficient);
    peers
        .part("randolph_kappa_statsmodels")
        .compare(section, "Randolph's kappa (statsmodels)", fleiss.free_marginal);
    let identity = peers.part("irrCAC_identity");
    corrected(section, "Fleiss' kappa", &fleiss.kappa, identity.part("fleiss"));
    let gwet = gwet_coefficient(&table, AgreementWeights::Identity);
    corrected(section, "Gwet's AC1", &gwet, identity.part("gwet"));
    let even = identity.part("bp");
    even.part("coef")
        .compare(section, "Brennan-Prediger (free margins)", fleiss.free_marginal);
    let alpha = identity.part("krippendorff");
    alpha.part("coef").compare(
        section,
        "alpha, nominal (irrCAC)",
        AgreementSums::count(&RatingProfiles::from(&table))
            .krippendorff_alpha(Level::Nominal)?
            .alpha,
    );
    alpha
        .part("se")
        .compare(section, "alpha, nominal: standard error", alpha_standard_error(&table));
    weighted(section, &table, peers.part("irrCAC_weighted"))?;
    pair(section, votes, peers.part("cohen_kappa"))
}

fn alphas(section: &mut Section, table: &RatingTable, votes: &VoteSet, peers: Peers<'_>) -> Result<(), Failure> {
    let mut levels = vec![("nominal", Level::Nominal), ("ordinal", Level::Ordinal)];
    if let Some(numbers) = &votes.numbers {
        levels.push(("interval", Level::Interval(numbers)));
    }
    for (name, level) in levels {
        let expected = peers.part(&format!("krippendorff_alpha_{name}"));
        if expected.rounded.is_number() {
            let alpha = krippendorff_alpha(table, level)?.alpha;
            expected.compare(section, &format!("alpha, {name} (krippendorff)"), alpha);
        }
    }
    Ok(())
}

fn corrected(section: &mut Section, name: &str, ours: &ChanceCorrected, peers: Peers<'_>) {
    let limit = |end: fn(Interval) -> f64| ours.interval.map(end);
    for (figure, key, value) in [
        ("", "coef", ours.coefficient),
        (": observed agreement", "pa", ours.observed_agreement),
        (": chance agreement", "pe", ours.chance_agreement),
        (": standard error", "se", ours.standard_error),
    ] {
        peers.part(key).compare(section, &format!("{name}{figure}"), value);
    }
    let interval = peers.part("ci");
    for (index, end, value) in [
        (0, "lower", limit(|interval| interval.lower)),
        (1, "upper", limit(|interval| interval.upper)),
    ] {
        interval
            .at(index)
            .compare(section, &format!("{name}: {end} limit"), value);
    }
}

fn weighted(section: &mut Section, table: &RatingTable, peers: Peers<'_>) -> Result<(), Failure> {
    if !peers.rounded.is_object() {
        return Ok(());
    }
    for (name, weights) in [
        ("linear", AgreementWeights::Linear),
        ("quadratic", AgreementWeights::Quadratic),
        ("ordinal", AgreementWeights::Ordinal),
    ] {
        let gwet = gwet_coefficient(table, weights).coefficient;
        peers
            .part(name)
            .part("gwet")
            .compare(section, &format!("Gwet's AC2, {name}"), gwet);
    }
    let positions: Vec<f64> = (0..table.classes()).map(|class| class as f64).collect();
    let alpha = krippendorff_alpha(table, Level::Interval(&positions))?.alpha;
    let quadratic = peers.part("quadratic").part("krippendorff");
    quadratic.compare(section, "alpha, interval on positions (irrCAC, quadratic)", alpha);
    section.add(
        "weighted Fleiss and Brennan-Prediger, alpha with linear and ordinal weights",
        "none".to_owned(),
        "irrCAC".to_owned(),
        Verdict::Note(
            "no counterpart: the ordinal alpha of Krippendorff ranks by how often a class is used".to_owned(),
        ),
    );
    Ok(())
}

fn pair(section: &mut Section, votes: &VoteSet, peers: Peers<'_>) -> Result<(), Failure> {
    let Some([first, second]) = peers.rounded["annotators"].as_array().map(Vec::as_slice) else {
        return Ok(());
    };
    let column = |name: &Value| votes.column(name.as_str().unwrap_or_default());
    let table = PairTable::from_votes(&column(first), &column(second), votes.classes)?;
    let common = peers.part("common_items");
    common.compare(section, "pair: common items", Estimate::Value(table.items() as f64));
    peers
        .part("percent_agreement")
        .compare(section, "pair: percent agreement", table.percent_agreement());
    for (name, key, weights) in [
        ("Cohen's kappa", "unweighted", DisagreementWeights::Nominal),
        ("Cohen's kappa, linear", "linear", DisagreementWeights::Linear),
        ("Cohen's kappa, quadratic", "quadratic", DisagreementWeights::Quadratic),
    ] {
        peers.part(key).compare(section, name, table.cohen_kappa(weights).kappa);
    }
    Ok(())
}

/// The alphas of a set of numbers, over all and for each part of it (what stands before `/` in an item's name).
pub(crate) fn compare_numbers(section: &mut Section, folder: &Path, peers: Peers<'_>) -> Result<(), Failure> {
    let rows = read_numbers(folder)?;
    let all: Vec<Vec<Option<f64>>> = rows.iter().map(|(_, row)| row.clone()).collect();
    let (table, values) = RatingTable::from_numbers(&all)?;
    for (name, level) in [
        ("nominal", Level::Nominal),
        ("ordinal", Level::Ordinal),
        ("interval", Level::Interval(&values)),
    ] {
        let alpha = krippendorff_alpha(&table, level)?.alpha;
        let expected = peers.part(&format!("krippendorff_alpha_{name}"));
        expected.compare(section, &format!("alpha, {name}, all parts pooled"), alpha);
    }
    let parts = peers.part("per_subtask");
    for name in parts.rounded.as_object().into_iter().flat_map(serde_json::Map::keys) {
        let own = rows
            .iter()
            .filter(|(item, _)| item.split('/').next() == Some(name.as_str()));
        let own: Vec<Vec<Option<f64>>> = own.map(|(_, row)| row.clone()).collect();
        let (table, values) = RatingTable::from_numbers(&own)?;
        let alpha = krippendorff_alpha(&table, Level::Interval(&values))?.alpha;
        let expected = parts.part(name).part("alpha_interval");
        expected.compare(section, &format!("alpha, interval, {name}"), alpha);
    }
    Ok(())
}
