//! Gathering the gold of a project with the votes on it, and fitting calibrators from them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use accord_domain::{
    Annotation, Annotator, AnnotatorId, Answer, Calibrator, CalibratorId, CertificationSet, Environment, Field,
    FieldName, Gold, Item, ItemId, Judgement, MethodComparison, Project, ScoreLevel, Stopped, StoppingFit,
    all_votes_version, document_of, fold_of,
};
use accord_statistics::InvalidInput;
use accord_store::{PageRequest, Store, StoreResult, Transaction};
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use crate::CODE_VERSION;
use crate::ballot::Ballot;
use crate::certification::{score_set_apart, set_apart};
use crate::fit::{FieldGold, FittedField, fit_fields};
use crate::item::cast_votes;
use crate::stopping::Replayed;
use crate::unlabelled::{self, UnlabelledBallot};
use crate::weights::LabelledBallot;

/// Rows of gold read at a time.
const GOLD_PER_PAGE: u32 = 1000;

/// Items whose annotations are read at a time.
const ITEMS_PER_READ: usize = 500;

/// The gold of a project and everything needed to fit on it.
#[derive(Debug, Clone)]
pub struct ProjectGold {
    /// The project.
    pub project: Project,
    /// Its annotators.
    pub annotators: HashMap<AnnotatorId, Annotator>,
    /// The items that have gold.
    pub items: Vec<GoldItem>,
    /// Some items without gold, where a method may learn from them.
    pub unlabelled: Vec<GoldItem>,
    /// Score levels of other projects.
    pub elsewhere: Vec<ScoreLevel>,
    /// The present calibrators.
    pub calibrators: Vec<Calibrator>,
    /// What judges said of the items that have gold; nothing where the project names no judge.
    pub judgements: Vec<Judgement>,
}

/// What a refit comes to.
#[derive(Debug, Clone)]
pub struct Refit {
    /// New calibrators; none when nothing changed since the present ones, or no field has enough gold.
    pub calibrators: Vec<Calibrator>,
    /// A new comparison of confidence methods; none when nothing changed since the last one.
    pub comparison: Option<MethodComparison>,
}

/// A field's gold, what of it is set apart, and what was fitted on the rest.
pub(crate) struct FieldFit<'a> {
    pub(crate) gold: FieldGold<'a>,
    pub(crate) apart: Vec<LabelledBallot<'a>>,
    pub(crate) fitted: Option<FittedField>,
}

/// An item with its votes and its gold, if it has any.
#[derive(Debug, Clone)]
pub struct GoldItem {
    /// The item.
    pub id: ItemId,
    /// Its fold.
    pub fold: u32,
    /// A number for its content; copies share it.
    pub document: u64,
    /// Its annotations.
    pub annotations: Vec<Annotation>,
    /// Its gold by field.
    pub gold: BTreeMap<FieldName, Answer>,
    /// How the asking about it ended; none where everybody was asked or it is not complete.
    pub stopped: Option<Stopped>,
}

impl GoldItem {
    /// Whether this annotator has answered, whatever it said.
    pub(crate) fn has_answer_of(&self, annotator: AnnotatorId) -> bool {
        self.annotations
            .iter()
            .any(|annotation| annotation.annotator_id == annotator)
    }
}

impl ProjectGold {
    /// Reads all of it in one consistent state.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn read(store: &dyn Store, project: Project) -> StoreResult<Self> {
        let mut transaction = store.read().await?;
        let annotators = transaction.annotators_of_project(project.id).await?;
        let calibrators = transaction.current_calibrators(project.id).await?;
        let elsewhere = transaction.current_calibrators_of_all_projects().await?;
        let stopping = &project.definition.policy.stopping;
        let elsewhere = elsewhere
            .into_iter()
            .filter(|calibrator| calibrator.project_id != project.id && calibrator.serves(stopping))
            .flat_map(|calibrator| calibrator.shared_levels().to_vec())
            .collect();
        let mut by_item: BTreeMap<ItemId, BTreeMap<FieldName, Answer>> = BTreeMap::new();
        let mut page = PageRequest::first(GOLD_PER_PAGE);
        loop {
            let rows = transaction.list_gold(project.id, page).await?;
            for Gold {
                item_id, field, answer, ..
            } in rows.rows
            {
                by_item.entry(item_id).or_default().insert(field, answer);
            }
            match rows.next {
                Some(last) => page = page.after(last),
                None => break,
            }
        }
        let fields = &project.definition.fields;
        let unlabelled = if fields.iter().any(|field| unlabelled::are_of_use(&project, field)) {
            unlabelled::find(transaction.as_mut(), &project, |id| by_item.contains_key(id)).await?
        } else {
            Vec::new()
        };
        let ids: Vec<ItemId> = by_item.keys().copied().collect();
        let mut labelled = Vec::with_capacity(ids.len());
        let mut judgements = Vec::new();
        for part in ids.chunks(ITEMS_PER_READ) {
            labelled.extend(transaction.items_by_ids(part).await?);
            if project.definition.judge.is_some() {
                judgements.extend(transaction.judgements_of_items(part).await?);
            }
        }
        let items = with_votes(transaction.as_mut(), labelled, by_item).await?;
        let unlabelled = with_votes(transaction.as_mut(), unlabelled, BTreeMap::new()).await?;
        Ok(Self {
            annotators: annotators
                .into_iter()
                .map(|annotator| (annotator.id, annotator))
                .collect(),
            project,
            items,
            unlabelled,
            elsewhere,
            calibrators,
            judgements,
        })
    }

    /// Hash of everything a fit depends on: gold, votes, votes on items without gold, fields, policy, other projects'
    /// levels.
    #[must_use]
    pub fn data_hash(&self) -> String {
        let mut hash = Sha256::new();
        hash.update(self.project.version.to_be_bytes());
        hash.update(CODE_VERSION.as_bytes());
        for items in [&self.items, &self.unlabelled] {
            let mut parts: Vec<[u8; 32]> = items.iter().map(hash_of_item).collect();
            parts.sort_unstable();
            for part in parts {
                hash.update(part);
            }
        }
        for level in &self.elsewhere {
            hash.update(level.score.to_bits().to_be_bytes());
            hash.update(level.count.to_be_bytes());
            hash.update(level.correct_count.to_be_bytes());
        }
        hex::encode(hash.finalize())
    }

    /// Fits all fields, on the votes that the project's stopping rule asks for. Empty when nothing changed since the present
    /// calibrators, or no field has enough gold.
    ///
    /// # Errors
    /// None that well-formed annotations cause.
    pub fn fit(self, environment: &dyn Environment) -> Result<Vec<Calibrator>, InvalidInput> {
        let data_hash = self.data_hash();
        if self.is_fitted(&data_hash) {
            return Ok(Vec::new());
        }
        self.fit_under_rule(environment, &data_hash)
    }

    /// Fits all fields and compares confidence methods, as far as either is out of date. Methods are compared on all votes
    /// that are there.
    ///
    /// # Errors
    /// None that well-formed annotations cause.
    pub fn refit(self, environment: &dyn Environment, known: Option<&MethodComparison>) -> Result<Refit, InvalidInput> {
        let data_hash = self.data_hash();
        let is_compared = known.is_some_and(|known| known.data_hash == self.comparison_hash());
        let is_fitted = self.is_fitted(&data_hash);
        if !is_fitted && !is_compared && self.is_without_rule() {
            let fits = self.fit_all()?;
            return Ok(Refit {
                comparison: Some(self.comparison_of(environment, &fits)?),
                calibrators: self.calibrators_of(environment, fits, &data_hash, BTreeMap::new())?,
            });
        }
        let comparison = if is_compared {
            None
        } else {
            Some(self.comparison_of(environment, &self.fit_all()?)?)
        };
        let calibrators = if is_fitted {
            Vec::new()
        } else {
            self.fit_under_rule(environment, &data_hash)?
        };
        Ok(Refit {
            calibrators,
            comparison,
        })
    }

    /// Whether all votes count: nobody stops early, and nobody did.
    fn is_without_rule(&self) -> bool {
        let mut items = self.items.iter().chain(&self.unlabelled);
        !self.project.definition.policy.stopping.stops_early() && items.all(|item| item.stopped.is_none())
    }

    /// Fits all fields on the votes that the project's stopping rule asks for.
    fn fit_under_rule(self, environment: &dyn Environment, data_hash: &str) -> Result<Vec<Calibrator>, InvalidInput> {
        let Replayed { gold, fits } = self.under_rule()?;
        gold.calibrators_of(environment, gold.fit_all()?, data_hash, fits)
    }

    /// Whether the present calibrators rest on this very data.
    fn is_fitted(&self, data_hash: &str) -> bool {
        let definition = &self.project.definition;
        // Fields that the project no longer has keep their last calibrators.
        let mut present = self
            .calibrators
            .iter()
            .filter(|known| definition.field(&known.field).is_some())
            .peekable();
        present.peek().is_some() && present.all(|known| known.data_hash == data_hash)
    }

    /// Fits all fields on what is not set apart of their gold.
    pub(crate) fn fit_all(&self) -> Result<Vec<FieldFit<'_>>, InvalidInput> {
        let definition = &self.project.definition;
        let split: Vec<(FieldGold<'_>, Vec<LabelledBallot<'_>>)> = definition
            .fields
            .par_iter()
            .map(|field| Ok(set_apart(self.gold_of_field(field)?, &definition.policy)))
            .collect::<Result<_, InvalidInput>>()?;
        let (fields, apart): (Vec<_>, Vec<_>) = split.into_iter().unzip();
        let fitted = fit_fields(&fields, definition.policy.weighting, &self.elsewhere)?;
        let fits = fields.into_iter().zip(apart).zip(fitted);
        let fits = fits.map(|((gold, apart), fitted)| FieldFit { gold, apart, fitted });
        Ok(fits.collect())
    }

    fn calibrators_of(
        &self,
        environment: &dyn Environment,
        fits: Vec<FieldFit<'_>>,
        data_hash: &str,
        mut stopping: BTreeMap<FieldName, StoppingFit>,
    ) -> Result<Vec<Calibrator>, InvalidInput> {
        let version = self.project.definition.policy.stopping.version();
        let fitted = fits.into_iter().filter_map(|FieldFit { gold, apart, fitted }| {
            let fitted = fitted?;
            let certification = score_set_apart(gold.field, &apart, &fitted.production);
            let name = &gold.field.name;
            Some(certification.map(|certification| Calibrator {
                stopping_version: version.clone(),
                stopping: stopping.remove(name),
                ..self.calibrator(environment, name, (fitted, certification), data_hash)
            }))
        });
        fitted.collect()
    }

    /// The items whose gold says something of a field.
    pub(crate) fn items_with_gold<'a>(&'a self, field: &'a FieldName) -> impl Iterator<Item = &'a GoldItem> {
        let says_something = |item: &&GoldItem| item.gold.get(field).is_some_and(|gold| gold.class().is_some());
        self.items.iter().filter(says_something)
    }

    /// The gold of a field with the votes, in the order of [`Self::items_with_gold`].
    pub(crate) fn gold_of_field<'a>(&'a self, field: &'a Field) -> Result<FieldGold<'a>, InvalidInput> {
        let labelled = self.labelled_ballots(field, self.items_with_gold(&field.name))?;
        let is_of_use = unlabelled::are_of_use(&self.project, field);
        let unlabelled = self.unlabelled.iter().filter(|_| is_of_use);
        let unlabelled = unlabelled.map(|item| {
            let votes = cast_votes(&field.name, &item.annotations, &self.annotators);
            Ok(UnlabelledBallot {
                fold: item.fold,
                document: item.document,
                ballot: Ballot::new(field, votes)?,
            })
        });
        Ok(FieldGold {
            field,
            labelled,
            unlabelled: unlabelled.collect::<Result<_, InvalidInput>>()?,
        })
    }

    /// The votes on a field of these items, those without gold of it left away.
    pub(crate) fn labelled_ballots<'a>(
        &'a self,
        field: &'a Field,
        items: impl Iterator<Item = &'a GoldItem>,
    ) -> Result<Vec<LabelledBallot<'a>>, InvalidInput> {
        let with_gold = items.filter_map(|item| {
            let gold = item.gold.get(&field.name)?;
            gold.class().is_some().then_some((item, gold))
        });
        let labelled = with_gold.map(|(item, gold)| {
            let votes = cast_votes(&field.name, &item.annotations, &self.annotators);
            Ok(LabelledBallot {
                fold: item.fold,
                document: item.document,
                ballot: Ballot::new(field, votes)?,
                gold,
            })
        });
        labelled.collect()
    }

    fn calibrator(
        &self,
        environment: &dyn Environment,
        field: &FieldName,
        (fitted, certification): (FittedField, Option<CertificationSet>),
        data_hash: &str,
    ) -> Calibrator {
        Calibrator {
            id: CalibratorId::generate(environment),
            project_id: self.project.id,
            field: field.clone(),
            rung: fitted.rung,
            weighting: self.project.definition.policy.weighting,
            selection: fitted.selection,
            production: fitted.production,
            folds: fitted.folds,
            gold_count: fitted.gold_count,
            error_count: fitted.error_count,
            levels: fitted.levels,
            pool_levels: fitted.pool_levels,
            report: fitted.report,
            before: fitted.before,
            certification,
            panel: fitted.panel,
            warnings: fitted.warnings,
            stopping_version: all_votes_version(),
            stopping: None,
            data_hash: data_hash.to_owned(),
            code_version: CODE_VERSION.to_owned(),
            created_at: environment.now(),
        }
    }
}

/// Items with their votes, in the order of their identifiers: the database gives them in no certain order, and sums of
/// floating point numbers depend on theirs.
async fn with_votes(
    transaction: &mut dyn Transaction,
    items: Vec<Item>,
    mut gold: BTreeMap<ItemId, BTreeMap<FieldName, Answer>>,
) -> StoreResult<Vec<GoldItem>> {
    let ids: Vec<ItemId> = items.iter().map(|item| item.id).collect();
    let mut annotations: HashMap<ItemId, Vec<Annotation>> = HashMap::new();
    let mut stopped: HashMap<ItemId, Stopped> = HashMap::new();
    for part in ids.chunks(ITEMS_PER_READ) {
        let rows = transaction.consensus_of_items(part).await?;
        stopped.extend(rows.into_iter().filter_map(|row| Some((row.item_id, row.stopped?))));
        for annotation in transaction.annotations_of_items(part).await? {
            annotations.entry(annotation.item_id).or_default().push(annotation);
        }
    }
    let with_votes = items.into_iter().map(|item| GoldItem {
        id: item.id,
        fold: fold_of(&item.content_hash),
        document: document_of(&item.content_hash),
        annotations: annotations.remove(&item.id).unwrap_or_default(),
        gold: gold.remove(&item.id).unwrap_or_default(),
        stopped: stopped.remove(&item.id),
    });
    let mut with_votes: Vec<GoldItem> = with_votes.collect();
    with_votes.sort_by_key(|item| item.id);
    Ok(with_votes)
}

fn hash_of_item(item: &GoldItem) -> [u8; 32] {
    let mut hash = Sha256::new();
    let annotations: BTreeSet<_> = item.annotations.iter().map(|annotation| annotation.id).collect();
    for id in annotations {
        hash.update(id.as_uuid().as_bytes());
    }
    if let Some(stopped) = &item.stopped {
        hash.update(stopped.version.as_bytes());
        for annotator in &stopped.left_out {
            hash.update(annotator.as_uuid().as_bytes());
        }
    }
    for (field, gold) in &item.gold {
        hash.update(field.as_str().as_bytes());
        hash.update([0]);
        hash.update(gold.class().unwrap_or_default().as_bytes());
        hash.update([0]);
    }
    hash.finalize().into()
}
