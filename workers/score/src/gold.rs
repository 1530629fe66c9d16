//! Gathering the gold of a project with the votes on it, and fitting calibrators from them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use accord_domain::{
    Annotation, Annotator, AnnotatorId, Answer, Calibrator, CalibratorId, Environment, FieldName, Gold, ItemId,
    Project, ScoreLevel,
};
use accord_statistics::InvalidInput;
use accord_store::{PageRequest, Store, StoreResult};
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use crate::CODE_VERSION;
use crate::ballot::Ballot;
use crate::fit::{FieldGold, FittedField, fit_fields};
use crate::item::{cast_votes, document_of, fold_of};
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
    /// Score levels of other projects.
    pub elsewhere: Vec<ScoreLevel>,
    /// The present calibrators.
    pub calibrators: Vec<Calibrator>,
}

/// An item that has gold.
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
        let elsewhere = elsewhere
            .into_iter()
            .filter(|calibrator| calibrator.project_id != project.id)
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
        let ids: Vec<ItemId> = by_item.keys().copied().collect();
        let mut items = Vec::with_capacity(ids.len());
        for part in ids.chunks(ITEMS_PER_READ) {
            let mut annotations: HashMap<ItemId, Vec<Annotation>> = HashMap::new();
            for annotation in transaction.annotations_of_items(part).await? {
                annotations.entry(annotation.item_id).or_default().push(annotation);
            }
            for item in transaction.items_by_ids(part).await? {
                items.push(GoldItem {
                    id: item.id,
                    fold: fold_of(&item.content_hash),
                    document: document_of(&item.content_hash),
                    annotations: annotations.remove(&item.id).unwrap_or_default(),
                    gold: by_item.remove(&item.id).unwrap_or_default(),
                });
            }
        }
        // The database gives items in no certain order, and sums of floating point numbers depend on theirs.
        items.sort_by_key(|item| item.id);
        Ok(Self {
            annotators: annotators
                .into_iter()
                .map(|annotator| (annotator.id, annotator))
                .collect(),
            project,
            items,
            elsewhere,
            calibrators,
        })
    }

    /// Hash of everything a fit depends on: gold, votes, fields, policy, other projects' levels.
    #[must_use]
    pub fn data_hash(&self) -> String {
        let mut hash = Sha256::new();
        hash.update(self.project.version.to_be_bytes());
        hash.update(CODE_VERSION.as_bytes());
        let mut parts: Vec<[u8; 32]> = self.items.iter().map(hash_of_item).collect();
        parts.sort_unstable();
        for part in parts {
            hash.update(part);
        }
        for level in &self.elsewhere {
            hash.update(level.score.to_bits().to_be_bytes());
            hash.update(level.count.to_be_bytes());
            hash.update(level.correct_count.to_be_bytes());
        }
        hex::encode(hash.finalize())
    }

    /// Fits all fields. Empty when nothing changed since the present calibrators, or no field has enough gold.
    ///
    /// # Errors
    /// None that well-formed annotations cause.
    pub fn fit(&self, environment: &dyn Environment) -> Result<Vec<Calibrator>, InvalidInput> {
        let data_hash = self.data_hash();
        let definition = &self.project.definition;
        // Fields that the project no longer has keep their last calibrators.
        let mut present = self
            .calibrators
            .iter()
            .filter(|known| definition.field(&known.field).is_some())
            .peekable();
        if present.peek().is_some() && present.all(|known| known.data_hash == data_hash) {
            return Ok(Vec::new());
        }
        let fields: Vec<FieldGold<'_>> = definition
            .fields
            .par_iter()
            .map(|field| self.gold_of_field(field))
            .collect::<Result<_, _>>()?;
        let fitted = fit_fields(&fields, definition.policy.weighting, &self.elsewhere)?;
        Ok(fields
            .iter()
            .zip(fitted)
            .filter_map(|(gold, fitted)| fitted.map(|fitted| (gold, fitted)))
            .map(|(gold, fitted)| self.calibrator(environment, &gold.field.name, fitted, &data_hash))
            .collect())
    }

    fn gold_of_field<'a>(&'a self, field: &'a accord_domain::Field) -> Result<FieldGold<'a>, InvalidInput> {
        let labelled = self
            .items
            .iter()
            .filter_map(|item| item.gold.get(&field.name).map(|gold| (item, gold)))
            .filter(|(_, gold)| gold.class().is_some())
            .map(|(item, gold)| {
                let votes = cast_votes(&field.name, &item.annotations, &self.annotators);
                Ok(LabelledBallot {
                    fold: item.fold,
                    document: item.document,
                    ballot: Ballot::new(field, votes)?,
                    gold,
                })
            })
            .collect::<Result<_, InvalidInput>>()?;
        Ok(FieldGold { field, labelled })
    }

    fn calibrator(
        &self,
        environment: &dyn Environment,
        field: &FieldName,
        fitted: FittedField,
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
            panel: fitted.panel,
            warnings: fitted.warnings,
            data_hash: data_hash.to_owned(),
            code_version: CODE_VERSION.to_owned(),
            created_at: environment.now(),
        }
    }
}

fn hash_of_item(item: &GoldItem) -> [u8; 32] {
    let mut hash = Sha256::new();
    let annotations: BTreeSet<_> = item.annotations.iter().map(|annotation| annotation.id).collect();
    for id in annotations {
        hash.update(id.as_uuid().as_bytes());
    }
    for (field, gold) in &item.gold {
        hash.update(field.as_str().as_bytes());
        hash.update([0]);
        hash.update(gold.class().unwrap_or_default().as_bytes());
        hash.update([0]);
    }
    hash.finalize().into()
}
