//! In which order the language models of a project are asked.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use accord_domain::{Annotation, Annotator, AnnotatorId, Calibrator, CallOrder, Field, ProjectDefinition, Weighting};
use accord_statistics::InvalidInput;
use accord_statistics::adaptive::expected_information;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use crate::weights::{Folds, LabelledBallot, TrackRecords};

/// How much less than the cheapest a model counts that costs nothing: it comes first unless it knows next to nothing.
const FREE_PART: f64 = 0.001;

/// The language models of a project in the stages in which they are asked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CallStages(Vec<Vec<AnnotatorId>>);

impl CallStages {
    /// As the policy says. `learned` is the order that gold shows, for one that is automatic: models that are not in it
    /// come last, in the order of the definition.
    #[must_use]
    pub fn of(
        definition: &ProjectDefinition,
        annotators: &HashMap<AnnotatorId, Annotator>,
        learned: &[AnnotatorId],
    ) -> Self {
        let active = || {
            let all = annotators.values();
            all.filter(|annotator| annotator.active && annotator.kind.is_language_model())
        };
        let by_name: HashMap<&str, AnnotatorId> = active()
            .map(|annotator| (annotator.name.as_str(), annotator.id))
            .collect();
        let named = |name: &String| by_name.get(name.as_str()).copied();
        let stages = match &definition.policy.stopping.order {
            CallOrder::Stages(stages) => {
                let stage = |names: &Vec<String>| names.iter().filter_map(named).collect();
                stages
                    .iter()
                    .map(stage)
                    .filter(|stage: &Vec<_>| !stage.is_empty())
                    .collect()
            }
            CallOrder::Automatic => {
                let mut order: Vec<AnnotatorId> = Vec::new();
                let defined = definition
                    .annotators
                    .iter()
                    .filter_map(|annotator| named(&annotator.name));
                let known = learned
                    .iter()
                    .copied()
                    .filter(|id| active().any(|annotator| annotator.id == *id));
                for model in known.chain(defined) {
                    if !order.contains(&model) {
                        order.push(model);
                    }
                }
                order.into_iter().map(|model| vec![model]).collect()
            }
        };
        Self(stages)
    }

    /// The stages of those of them that are in this panel.
    #[must_use]
    pub fn among(&self, panel: &BTreeSet<AnnotatorId>) -> Self {
        let stages = self.0.iter().map(|stage| {
            let stage = stage.iter().copied();
            stage.filter(|model| panel.contains(model)).collect()
        });
        Self(stages.filter(|stage: &Vec<_>| !stage.is_empty()).collect())
    }

    /// One stage after the other.
    pub fn iter(&self) -> impl Iterator<Item = &[AnnotatorId]> {
        self.0.iter().map(Vec::as_slice)
    }

    /// All models in order.
    pub fn models(&self) -> impl Iterator<Item = AnnotatorId> + '_ {
        self.0.iter().flatten().copied()
    }

    /// How many models there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.iter().map(Vec::len).sum()
    }

    pub(super) fn contains(&self, annotator: AnnotatorId) -> bool {
        self.models().any(|model| model == annotator)
    }

    /// Which stage an annotator belongs to, from 1; 0 for those who vote whatever the rule says.
    pub(super) fn position(&self, annotator: AnnotatorId) -> usize {
        let stage = self.0.iter().position(|stage| stage.contains(&annotator));
        stage.map_or(0, |stage| stage + 1)
    }
}

/// The order that the newest of these calibrators holds; empty without any.
pub(crate) fn learned_order<'a>(calibrators: impl IntoIterator<Item = &'a Calibrator>) -> Vec<AnnotatorId> {
    let newest = calibrators.into_iter().max_by_key(|calibrator| calibrator.created_at);
    let fit = newest.and_then(|calibrator| calibrator.stopping.as_ref());
    fit.map(|fit| fit.order.clone()).unwrap_or_default()
}

/// What gold tells of the order of asking: the right and wrong votes on every field, and what calls cost.
pub(super) struct OrderGold {
    records: Vec<TrackRecords>,
    prices: BTreeMap<AnnotatorId, f64>,
}

impl OrderGold {
    pub(super) fn count<'a>(
        labelled: impl IntoIterator<Item = (&'a Field, &'a [LabelledBallot<'a>])>,
        annotations: impl IntoIterator<Item = &'a Annotation>,
    ) -> Result<Self, InvalidInput> {
        let records = labelled
            .into_iter()
            .map(|(field, labelled)| TrackRecords::count(field, labelled, Weighting::LogOdds))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            records,
            prices: prices(annotations),
        })
    }

    /// These models by the information that their votes give on all fields together for the mean price of a call, the
    /// most first; among equals the order is kept.
    pub(super) fn arrange(&self, models: &[AnnotatorId], folds: Folds) -> Result<Vec<AnnotatorId>, InvalidInput> {
        let mut information = vec![0.0; models.len()];
        for records in &self.records {
            let (accuracies, classes) = records.accuracies(folds)?;
            for (model, sum) in models.iter().zip(&mut information) {
                *sum += expected_information(accuracies.of(*model), classes)?;
            }
        }
        let mean = mean(self.prices.values().copied()).unwrap_or(1.0);
        let worth = |position: usize| {
            let price = self.prices.get(&models[position]).copied().unwrap_or(mean);
            information[position] / price
        };
        let mut order: Vec<usize> = (0..models.len()).collect();
        order.sort_by(|left, right| worth(*right).total_cmp(&worth(*left)));
        Ok(order.into_iter().map(|position| models[position]).collect())
    }
}

/// The mean cost of a call of each annotator. Empty where nothing is known, or currencies differ, so that all count as
/// equally dear. What costs nothing still costs a little, as an order by worth for the price needs.
fn prices<'a>(annotations: impl IntoIterator<Item = &'a Annotation>) -> BTreeMap<AnnotatorId, f64> {
    let mut spent: BTreeMap<AnnotatorId, (Decimal, u32)> = BTreeMap::new();
    let mut currency: Option<&str> = None;
    for annotation in annotations {
        let provenance = &annotation.provenance;
        let (Some(cost), Some(own)) = (provenance.cost, provenance.cost_currency.as_deref()) else {
            continue;
        };
        if currency.is_some_and(|known| known != own) {
            return BTreeMap::new();
        }
        currency = Some(own);
        let (sum, count) = spent.entry(annotation.annotator_id).or_default();
        *sum += cost;
        *count += 1;
    }
    let means = spent.into_iter().map(|(annotator, (sum, count))| {
        let mean = (sum / Decimal::from(count)).to_f64().unwrap_or(0.0);
        (annotator, mean)
    });
    let means: BTreeMap<AnnotatorId, f64> = means.collect();
    let cheapest = means
        .values()
        .copied()
        .filter(|price| *price > 0.0)
        .fold(f64::INFINITY, f64::min);
    if cheapest.is_infinite() {
        return BTreeMap::new();
    }
    let least = cheapest * FREE_PART;
    means
        .into_iter()
        .map(|(annotator, price)| (annotator, price.max(least)))
        .collect()
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) = values.fold((0.0, 0_u32), |(sum, count), value| (sum + value, count + 1));
    (count > 0).then(|| sum / f64::from(count))
}
