//! `accord train-reader`: trains the reader that learns on a project's gold and gives the model to its annotator.

use std::collections::BTreeMap;

use accord_annotate::readers::train;
use accord_datasets::content::document_of_item;
use accord_documents::Document;
use accord_domain::{Answers, AutomaticKind, ItemId, Project};
use accord_store::{PageRequest, flow};
use anyhow::{Context, bail};

use crate::arguments::TrainReaderArguments;
use crate::output::{bar, say};
use crate::wiring::House;

/// The most documents that a model learns from; more add little and need memory.
const MAXIMUM_DOCUMENTS: usize = 5_000;

/// The reader that learns.
const LEARNING_READER: &str = "trained_model";

pub(crate) async fn run(arguments: &TrainReaderArguments, house: &House) -> anyhow::Result<()> {
    let project = house.project(&arguments.project).await?;
    let annotator = learning_annotator(&project, arguments.annotator.as_deref())?.to_owned();
    let hash = train_on_gold(house, &project).await?;
    give_model(house, &project, &annotator, &hash).await?;
    Ok(())
}

/// The annotator of this name, or the only one that learns.
fn learning_annotator<'a>(project: &'a Project, wanted: Option<&str>) -> anyhow::Result<&'a str> {
    let learns =
        |kind: &AutomaticKind| matches!(kind, AutomaticKind::Reader { reader, .. } if reader == LEARNING_READER);
    let annotators = project.definition.annotators.iter();
    let learning: Vec<&str> = annotators
        .filter(|annotator| learns(&annotator.kind))
        .map(|annotator| annotator.name.as_str())
        .collect();
    let name = &project.definition.name;
    match (wanted, learning.as_slice()) {
        (_, []) => bail!(
            "project `{name}` has no annotator that learns: add one of kind \"reader\" with reader = \"{LEARNING_READER}\" to its definition"
        ),
        (Some(wanted), known) => known.iter().find(|known| **known == wanted).copied().with_context(|| {
            format!(
                "`{wanted}` is no annotator of `{name}` that learns: {} is",
                known.join(", ")
            )
        }),
        (None, [only]) => Ok(only),
        (None, several) => bail!(
            "several annotators of `{name}` learn: name one with --annotator: {}",
            several.join(", ")
        ),
    }
}

/// Trains on all gold of the project and keeps the model; returns its content hash.
async fn train_on_gold(house: &House, project: &Project) -> anyhow::Result<String> {
    let gold = read_gold(house, project).await?;
    if gold.is_empty() {
        bail!("project `{}` has no gold to learn from", project.definition.name);
    }
    let progress = bar(u64::try_from(gold.len())?, "read");
    let limits = house.configuration.document_limits();
    let mut samples: Vec<(Document, Answers)> = Vec::with_capacity(gold.len());
    for (item_id, answers) in gold {
        let item = house
            .store
            .read()
            .await?
            .item(item_id)
            .await?
            .context("an item with gold is gone")?;
        let document = document_of_item(house.store.as_ref(), house.blobs.as_ref(), &limits, &item).await?;
        samples.push((document, answers));
        progress.inc(1);
    }
    progress.finish();
    let fields = project.definition.fields.clone();
    let count = samples.len();
    let model = tokio::task::spawn_blocking(move || train(&samples, &fields)).await??;
    let hash = house.blobs.put(serde_json::to_vec(&model)?.into()).await?;
    say(&format!("trained on {count} documents; model {hash}"));
    Ok(hash)
}

async fn read_gold(house: &House, project: &Project) -> anyhow::Result<Vec<(ItemId, Answers)>> {
    let mut transaction = house.store.read().await?;
    let mut by_item: BTreeMap<ItemId, Answers> = BTreeMap::new();
    let mut page = PageRequest::first(1000);
    loop {
        let rows = transaction.list_gold(project.id, page).await?;
        for gold in rows.rows {
            by_item.entry(gold.item_id).or_default().insert(gold.field, gold.answer);
        }
        match rows.next {
            Some(last) if by_item.len() < MAXIMUM_DOCUMENTS => page = page.after(last),
            _ => return Ok(by_item.into_iter().take(MAXIMUM_DOCUMENTS).collect()),
        }
    }
}

/// Items that were voted on keep the votes they have; the model votes on what comes from now on.
async fn give_model(house: &House, project: &Project, name: &str, hash: &str) -> anyhow::Result<()> {
    let mut definition = project.definition.clone();
    let annotator = definition
        .annotators
        .iter_mut()
        .find(|annotator| annotator.name == name)
        .with_context(|| format!("project `{}` has no annotator `{name}`", project.definition.name))?;
    let AutomaticKind::Reader { model, .. } = &mut annotator.kind else {
        bail!("annotator `{name}` is not a reader");
    };
    *model = Some(hash.to_owned());
    let mut transaction = house.store.write().await?;
    let environment = house.environment.as_ref();
    let updated = flow::update_project(
        transaction.as_mut(),
        environment,
        project.id,
        project.version,
        &definition,
    )
    .await?;
    transaction.commit().await?;
    say(&format!(
        "annotator `{name}` of `{}` uses it from version {} on",
        definition.name, updated.version
    ));
    Ok(())
}
