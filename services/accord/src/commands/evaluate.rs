//! `accord evaluate`: annotators and their consensus on documents with gold, cross-fitted by document.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use accord_annotate::annotators::{all_failed, read_invoice};
use accord_annotate::readers::{Reader, ReaderInput, TrainedModel, reader, train};
use accord_documents::Document;
use accord_domain::{Answers, AutomaticKind, FOLD_COUNT, Field, ProjectDefinition, document_of, fold_of};
use accord_score::evaluate::{EvaluatedAnnotator, EvaluatedDocument, FieldEvaluation, VoterEvaluation, evaluate};
use anyhow::{Context, bail};
use rayon::prelude::*;

use super::evaluate_methods::{print_candidates, print_methods};
use super::project::named_template;
use crate::arguments::EvaluateArguments;
use crate::configuration::Configuration;
use crate::documents_with_gold::{DocumentWithGold, read_all};
use crate::output::{bar, complain, number, percent, say, table};

/// The reader that learns; it must not have seen the document it reads.
const LEARNING_READER: &str = "trained_model";

pub(crate) async fn run(
    path: PathBuf,
    arguments: EvaluateArguments,
    configuration: &Configuration,
) -> anyhow::Result<()> {
    let template = arguments
        .template
        .as_deref()
        .context("name the --template whose readers are measured")?;
    let definition = named_template(template)?;
    let limits = configuration.document_limits();
    // The whole of it computes; nothing of it waits.
    let evaluation = tokio::task::spawn_blocking(move || {
        let documents = read_all(&path, &definition.fields, &limits)?;
        let evaluation = evaluate_documents(&definition, &documents)?;
        print(&definition, &documents, &evaluation, &arguments)
    });
    evaluation.await?
}

fn evaluate_documents(
    definition: &ProjectDefinition,
    documents: &[DocumentWithGold],
) -> anyhow::Result<Vec<FieldEvaluation>> {
    let annotators: Vec<EvaluatedAnnotator> = definition
        .annotators
        .iter()
        .map(|annotator| EvaluatedAnnotator {
            name: annotator.name.clone(),
            family: annotator.family.clone().unwrap_or_else(|| annotator.name.clone()),
            from_data: annotator.kind == AutomaticKind::InvoiceXml,
        })
        .collect();
    let progress = bar(u64::try_from(documents.len() * annotators.len())?, "read");
    let mut columns: Vec<Vec<Answers>> = Vec::with_capacity(annotators.len());
    for annotator in &definition.annotators {
        let answers = match &annotator.kind {
            AutomaticKind::InvoiceXml => read_invoices(&definition.fields, documents),
            AutomaticKind::Reader { reader: name, .. } if name == LEARNING_READER => {
                read_cross_fitted(&definition.fields, documents)?
            }
            AutomaticKind::Reader { reader: name, .. } => {
                read_with(&*reader(name, None)?, &definition.fields, documents)
            }
            AutomaticKind::LanguageModel(_) => {
                bail!(
                    "annotator `{}` is a language model: import the documents into a project instead",
                    annotator.name
                )
            }
        };
        progress.inc(u64::try_from(documents.len())?);
        columns.push(answers);
    }
    progress.finish_and_clear();
    let evaluated: Vec<EvaluatedDocument> = documents
        .iter()
        .enumerate()
        .map(|(position, document)| EvaluatedDocument {
            name: document.name.clone(),
            fold: fold_of(&document.content_hash),
            document: document_of(&document.content_hash),
            answers: columns.iter().map(|column| column[position].clone()).collect(),
            gold: document.gold.clone(),
        })
        .collect();
    Ok(evaluate(
        &definition.fields,
        &annotators,
        &evaluated,
        definition.policy.weighting,
    )?)
}

fn read_invoices(fields: &[Field], documents: &[DocumentWithGold]) -> Vec<Answers> {
    let read = |document: &DocumentWithGold| match &document.document {
        Ok(read) => read_invoice(fields, read.invoice_xml.as_deref()),
        Err(reason) => all_failed(fields, reason),
    };
    documents.par_iter().map(read).collect()
}

fn read_with(reader: &dyn Reader, fields: &[Field], documents: &[DocumentWithGold]) -> Vec<Answers> {
    documents
        .par_iter()
        .map(|document| read_one(reader, fields, document))
        .collect()
}

fn read_one(reader: &dyn Reader, fields: &[Field], document: &DocumentWithGold) -> Answers {
    match &document.document {
        Ok(read) => reader.read(&ReaderInput { document: read, fields }),
        Err(reason) => all_failed(fields, reason),
    }
}

/// Each document is read by a model that was trained on the other folds.
fn read_cross_fitted(fields: &[Field], documents: &[DocumentWithGold]) -> anyhow::Result<Vec<Answers>> {
    let readers: BTreeMap<u32, Arc<dyn Reader>> = (0..FOLD_COUNT)
        .into_par_iter()
        .map(|fold| {
            let model = train_without(fold, fields, documents)?;
            let reader = reader(LEARNING_READER, model.as_ref())?;
            Ok((fold, Arc::from(reader)))
        })
        .collect::<anyhow::Result<_>>()?;
    documents
        .par_iter()
        .map(|document| {
            let reader = readers
                .get(&fold_of(&document.content_hash))
                .context("a fold without a reader")?;
            Ok(read_one(reader.as_ref(), fields, document))
        })
        .collect()
}

/// None when the other folds hold too little to learn from: then the reader abstains, as it would in life.
fn train_without(fold: u32, fields: &[Field], documents: &[DocumentWithGold]) -> anyhow::Result<Option<TrainedModel>> {
    let samples: Vec<(Document, Answers)> = documents
        .iter()
        .filter(|document| fold_of(&document.content_hash) != fold)
        .filter_map(|document| Some((document.document.as_ref().ok()?.clone(), document.gold.clone())))
        .collect();
    match train(&samples, fields) {
        Ok(model) => Ok(Some(model)),
        Err(error) => {
            complain(&format!("the reader that learns abstains: {error}"));
            Ok(None)
        }
    }
}

fn print(
    definition: &ProjectDefinition,
    documents: &[DocumentWithGold],
    evaluation: &[FieldEvaluation],
    arguments: &EvaluateArguments,
) -> anyhow::Result<()> {
    let unreadable: Vec<(&str, &str)> = documents
        .iter()
        .filter_map(|document| {
            document
                .document
                .as_ref()
                .err()
                .map(|reason| (document.name.as_str(), reason.as_str()))
        })
        .collect();
    if arguments.json {
        let value = serde_json::json!({
            "template": definition.name,
            "documents": documents.len(),
            "unreadable": unreadable.iter().map(|(name, reason)| serde_json::json!({"name": name, "reason": reason})).collect::<Vec<_>>(),
            "folds": FOLD_COUNT,
            "fields": evaluation,
        });
        say(&serde_json::to_string_pretty(&value)?);
        return Ok(());
    }
    for (name, reason) in unreadable {
        complain(&format!("{name} cannot be read: {reason}"));
    }
    say(&format!(
        "{} documents, {FOLD_COUNT} folds by document; a missing value is a wrong one; confidence is out of fold",
        documents.len()
    ));
    let headings = [
        "field",
        "annotator",
        "scored",
        "answered",
        "accuracy",
        "when answered",
        "match",
        "mean conf.",
        "Brier",
        "ECE",
        "null band",
        "AUROC",
    ];
    let mut rows = Vec::new();
    for field in evaluation {
        for voter in field.annotators.iter().chain([&field.consensus]) {
            if voter.answered > 0 || voter.name == "consensus" {
                rows.push(row(field, voter));
            }
        }
    }
    say(&table(&headings, 2, rows));
    print_methods(evaluation);
    if arguments.candidates {
        print_candidates(evaluation);
    }
    Ok(())
}

fn row(field: &FieldEvaluation, voter: &VoterEvaluation) -> Vec<String> {
    let band = voter
        .null_band
        .map_or_else(|| "–".to_owned(), |[low, high]| format!("{low:.3}–{high:.3}"));
    vec![
        field.field.to_string(),
        voter.name.clone(),
        field.scored.to_string(),
        voter.answered.to_string(),
        percent(voter.accuracy),
        percent(voter.accuracy_when_answered),
        number(voter.mean_match),
        number(voter.mean_confidence),
        voter
            .brier
            .map_or_else(|| "–".to_owned(), |brier| format!("{brier:.4}")),
        number(voter.calibration_error),
        band,
        number(voter.auroc),
    ]
}
