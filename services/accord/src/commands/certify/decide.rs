//! The threshold of one field.

use std::collections::BTreeMap;

use accord_statistics::Estimate;
use accord_statistics::risk_control::{
    Certification, LevelTest, RiskTarget, Stratum, certify_threshold, conformal_threshold, coverage_steps, plan_audit,
    smallest_sample, stratified_upper_bound,
};
use anyhow::bail;
use serde::Serialize;

use crate::arguments::CertifyArguments;
use crate::commands::score_rows::FieldScores;
use crate::output::{count, percent};

/// Distinct propensities that are taken for strata.
const MOST_STRATA: usize = 10;
/// Chance to pass that more labels are planned for.
const POWER: f64 = 0.8;

/// One threshold that was looked at.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Candidate {
    /// Rows of at least this score would be accepted.
    pub(super) threshold: f64,
    /// Labels it accepts, and errors among them.
    pub(super) accepted: u64,
    pub(super) errors: u64,
    /// Upper bound of the share of errors; for conformal risk control, of the expected joint share.
    pub(super) bound: f64,
    /// P-value against "more than alpha is wrong"; none for strata and conformal risk control.
    pub(super) p_value: Option<f64>,
    /// Whether it and all stricter ones passed.
    pub(super) certified: bool,
}

/// What was found for one field.
#[derive(Debug, Serialize)]
pub(super) struct FieldCertificate {
    pub(super) field: Option<String>,
    /// Labelled units: documents where a document has several rows, else rows.
    pub(super) labels: usize,
    pub(super) errors: usize,
    /// Whether documents with several rows are the units.
    pub(super) units_are_documents: bool,
    /// Strata by propensity; 1 for a simple random sample.
    pub(super) strata: usize,
    pub(super) is_conformal: bool,
    /// Loosest threshold that holds the promise.
    pub(super) threshold: Option<f64>,
    /// Share of the labels it accepts.
    pub(super) coverage: f64,
    /// Labels that are certainly or probably missing, where that can be said.
    pub(super) more_labels: Option<u64>,
    /// The result in words.
    pub(super) result: String,
    /// Thresholds in the order of testing, strictest first.
    pub(super) candidates: Vec<Candidate>,
}

impl FieldCertificate {
    /// The candidate that was chosen.
    pub(super) fn chosen(&self) -> Option<&Candidate> {
        let threshold = self.threshold?;
        self.candidates
            .iter()
            .find(|candidate| candidate.threshold == threshold)
    }
}

/// What is certified: rows, or documents.
struct Units {
    scores: Vec<f64>,
    errors: Vec<bool>,
    propensities: Option<Vec<f64>>,
    are_documents: bool,
}

pub(super) fn certify_field(
    rows: &FieldScores,
    target: RiskTarget,
    arguments: &CertifyArguments,
) -> anyhow::Result<FieldCertificate> {
    let units = units(rows)?;
    let stepped = coverage_steps(&units.scores, arguments.steps)?;
    let strata = strata_of(&units)?;
    let mut found = FieldCertificate {
        field: rows.field.clone(),
        labels: units.scores.len(),
        errors: units.errors.iter().filter(|is_error| **is_error).count(),
        units_are_documents: units.are_documents,
        strata: strata.as_ref().map_or(1, |strata| strata.len()),
        is_conformal: arguments.conformal,
        threshold: None,
        coverage: 0.0,
        more_labels: None,
        result: String::new(),
        candidates: Vec::new(),
    };
    if arguments.conformal {
        conformal(&mut found, &units, target.alpha())?;
    } else if let Some(strata) = strata {
        stratified(&mut found, &units, &stepped, &strata, target, arguments.first_errors)?;
    } else {
        let result = certify_threshold(&stepped, &units.errors, target, arguments.first_errors)?;
        simple(&mut found, result, target)?;
    }
    if let Some(threshold) = found.threshold {
        let accepted = units.scores.iter().filter(|score| **score >= threshold).count();
        found.coverage = accepted as f64 / units.scores.len() as f64;
        found.result = "certified".to_owned();
    }
    Ok(found)
}

/// Rows of one document are not independent: with several, the document is the unit, as good as its worst row.
fn units(rows: &FieldScores) -> anyhow::Result<Units> {
    let errors: Vec<bool> = rows.labels()?.iter().map(|is_correct| !is_correct).collect();
    let mut by_document: BTreeMap<u32, (f64, bool, f64)> = BTreeMap::new();
    for (row, (score, is_error)) in rows.scores.iter().zip(&errors).enumerate() {
        let document = rows.documents.get(row).copied().unwrap_or_default();
        let propensity = rows
            .propensities
            .as_ref()
            .and_then(|values| values.get(row))
            .copied()
            .unwrap_or(1.0);
        let unit = by_document
            .entry(document)
            .or_insert((f64::INFINITY, false, propensity));
        if unit.2 != propensity {
            bail!("the rows of a document have different propensities: documents must be drawn whole");
        }
        unit.0 = unit.0.min(*score);
        unit.1 |= is_error;
    }
    if by_document.len() == rows.scores.len() {
        return Ok(Units {
            scores: rows.scores.clone(),
            errors,
            propensities: rows.propensities.clone(),
            are_documents: false,
        });
    }
    Ok(Units {
        scores: by_document.values().map(|unit| unit.0).collect(),
        errors: by_document.values().map(|unit| unit.1).collect(),
        propensities: rows
            .propensities
            .as_ref()
            .map(|_| by_document.values().map(|unit| unit.2).collect()),
        are_documents: true,
    })
}

/// Positions of the units by propensity; `None` where all have the same.
fn strata_of(units: &Units) -> anyhow::Result<Option<Vec<Vec<usize>>>> {
    let Some(propensities) = &units.propensities else {
        return Ok(None);
    };
    let mut strata: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
    for (unit, propensity) in propensities.iter().enumerate() {
        strata.entry(propensity.to_bits()).or_default().push(unit);
    }
    match strata.len() {
        0 | 1 => Ok(None),
        count if count > MOST_STRATA => bail!(
            "{count} different propensities: certification needs a simple random sample or at most {MOST_STRATA} strata"
        ),
        _ => Ok(Some(strata.into_values().collect())),
    }
}

fn simple(found: &mut FieldCertificate, result: Certification, target: RiskTarget) -> anyhow::Result<()> {
    found.threshold = result.threshold;
    if result.threshold.is_none() {
        let first = result.levels.first();
        (found.more_labels, found.result) = not_enough(found.labels as u64, result.smallest_sample, first, target)?;
    }
    found.candidates = result
        .levels
        .iter()
        .map(|level| Candidate {
            threshold: level.threshold,
            accepted: level.accepted,
            errors: level.errors,
            bound: level.upper_bound,
            p_value: Some(level.p_value),
            certified: level.certified,
        })
        .collect();
    Ok(())
}

/// How many labels are missing, as far as that can be said.
fn not_enough(
    labels: u64,
    needed: u64,
    first: Option<&LevelTest>,
    target: RiskTarget,
) -> anyhow::Result<(Option<u64>, String)> {
    let Some(level) = first else {
        let more = needed.saturating_sub(labels);
        let text = format!("not enough: {} more labels before the first test", count(more as usize));
        return Ok((Some(more), text));
    };
    let seen = level.errors as f64 / level.accepted as f64;
    if seen >= target.alpha() {
        let text = format!("not held: {} wrong from {:.4} on", percent(Some(seen)), level.threshold);
        return Ok((None, text));
    }
    // With no error seen the rule of three says what the rate may well be.
    let rate = if seen > 0.0 { seen } else { target.alpha() / 5.0 };
    Ok(match plan_audit(target, rate, POWER)? {
        Estimate::Value(plan) => {
            // The accepted share of all labels stays what it was.
            let share = level.accepted as f64 / labels as f64;
            let more = ((plan.items as f64 / share).ceil() as u64).saturating_sub(labels);
            let text = format!("not enough: about {} more labels", count(more as usize));
            (Some(more), text)
        }
        Estimate::Undefined(_) => {
            let text = format!(
                "not held: {} wrong is too near {}",
                percent(Some(seen)),
                percent(Some(target.alpha()))
            );
            (None, text)
        }
    })
}

/// Strictest first, each level's strata bounded together; the sizes of the strata come from the propensities.
fn stratified(
    found: &mut FieldCertificate,
    units: &Units,
    stepped: &[f64],
    strata: &[Vec<usize>],
    target: RiskTarget,
    first_errors: u64,
) -> anyhow::Result<()> {
    let needed = smallest_sample(first_errors, target.alpha(), target.delta())?;
    let mut levels = stepped.to_vec();
    levels.sort_by(|left, right| right.total_cmp(left));
    levels.dedup();
    let mut all_passed = true;
    for threshold in levels {
        let counted = strata.iter().map(|members| {
            let accepted = members.iter().filter(|unit| stepped[**unit] >= threshold);
            let errors = accepted.clone().filter(|unit| units.errors[**unit]).count() as u64;
            let weight: f64 = accepted.clone().map(|unit| weight_of(units, *unit)).sum();
            (accepted.count() as u64, errors, weight)
        });
        let counted: Vec<(u64, u64, f64)> = counted.filter(|(accepted, ..)| *accepted > 0).collect();
        let total: f64 = counted.iter().map(|(.., weight)| weight).sum();
        let accepted: u64 = counted.iter().map(|(accepted, ..)| accepted).sum();
        if accepted < needed {
            continue;
        }
        let parts: Vec<Stratum> = counted
            .iter()
            .map(|(items, errors, weight)| Stratum {
                share: weight / total,
                items: *items,
                errors: *errors,
            })
            .collect();
        let bound = stratified_upper_bound(&parts, target.delta())?;
        all_passed &= bound <= target.alpha();
        found.candidates.push(Candidate {
            threshold,
            accepted,
            errors: counted.iter().map(|(_, errors, _)| errors).sum(),
            bound,
            p_value: None,
            certified: all_passed,
        });
    }
    found.threshold = found
        .candidates
        .iter()
        .rfind(|candidate| candidate.certified)
        .map(|level| level.threshold);
    if found.threshold.is_none() {
        let more = needed.saturating_sub(found.labels as u64);
        found.more_labels = (more > 0).then_some(more);
        found.result = if more > 0 {
            format!("not enough: at least {} more labels", count(more as usize))
        } else {
            "not enough labels in every stratum, or too many errors".to_owned()
        };
    }
    Ok(())
}

fn weight_of(units: &Units, unit: usize) -> f64 {
    let propensity = units.propensities.as_ref().and_then(|values| values.get(unit));
    propensity.map_or(1.0, |propensity| 1.0 / propensity)
}

fn conformal(found: &mut FieldCertificate, units: &Units, alpha: f64) -> anyhow::Result<()> {
    if found.strata > 1 {
        bail!("conformal risk control needs a simple random sample: the propensities differ");
    }
    let path = conformal_threshold(&units.scores, &units.errors, alpha)?;
    found.threshold = path.threshold;
    if path.threshold.is_none() {
        // The bound of accepting nothing is 1 / (n + 1).
        let needed = (1.0 / alpha).ceil() as u64;
        let more = needed.saturating_sub(1).saturating_sub(found.labels as u64);
        found.more_labels = (more > 0).then_some(more);
        found.result = if more > 0 {
            format!("not enough: {} more labels before the first test", count(more as usize))
        } else {
            "not held: too many errors at the highest score".to_owned()
        };
    }
    let steps = path.steps.iter().filter_map(|step| {
        let threshold = step.threshold?;
        let accepted = units.scores.iter().filter(|score| **score >= threshold).count() as u64;
        Some(Candidate {
            threshold,
            accepted,
            errors: (step.joint_risk * units.scores.len() as f64).round() as u64,
            bound: step.bound,
            p_value: None,
            certified: step.passes,
        })
    });
    found.candidates = steps.collect();
    Ok(())
}
