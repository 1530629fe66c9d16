//! `accord extract`: one document through all annotators, without storing anything but paid replies.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use accord_annotate::annotators::{
    AnnotatorInput, AnnotatorOutput, AskedFor, AutomaticAnnotator, InvoiceXmlAnnotator, ReaderAnnotator,
};
use accord_annotate::readers::reader;
use accord_documents::{ReadDocument, read_document};
use accord_domain::{
    ABSENT_CLASS, Annotation, AnnotationId, Annotator, AnnotatorId, AnnotatorKind, Answer, AutomaticKind, Calibrator,
    Confidence, Consensus, Decision, Environment, FieldName, Item, ItemContent, ItemId, ItemState, Outcome, Project,
    ProjectId, Provenance, ReviewReason, TaskId,
};
use accord_score::item::{Asker, ItemToScore, score_item};
use accord_score::stopping::{NextStep, next_step};
use accord_store::SystemEnvironment;
use anyhow::{Context, bail};
use sha2::{Digest, Sha256};

use super::project::named_template;
use crate::arguments::ExtractArguments;
use crate::configuration::Configuration;
use crate::output::{complain, say, table};
use crate::wiring::House;

/// How long a person waits for a provider's turn.
const PATIENCE: Duration = Duration::from_secs(60);

/// What is needed to read one document: the project, who votes, what was learned.
struct Panel {
    project: Project,
    annotators: Vec<(Annotator, Box<dyn AutomaticAnnotator>)>,
    calibrators: BTreeMap<FieldName, Calibrator>,
}

pub(crate) async fn run(arguments: ExtractArguments, configuration: Configuration) -> anyhow::Result<()> {
    let environment = SystemEnvironment;
    let limits = configuration.document_limits();
    let file = arguments.file.clone();
    let bytes = tokio::fs::read(&file)
        .await
        .with_context(|| format!("{} cannot be read", file.display()))?;
    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let content_hash = hex::encode(Sha256::digest(&bytes));
    let size_bytes = u64::try_from(bytes.len())?;
    let read = {
        let name = name.clone();
        tokio::task::spawn_blocking(move || read_document(&bytes, Some(&name), &limits)).await?
    };
    let read = read.with_context(|| file.display().to_string())?;
    let panel = match &arguments.project {
        Some(project) => panel_of_project(&House::open(configuration).await?, project).await?,
        None => panel_of_template(&environment, &arguments.template)?,
    };
    let item = Item {
        id: ItemId::generate(&environment),
        project_id: panel.project.id,
        external_id: name.clone(),
        content_hash,
        content: ItemContent::File {
            media_type: read.media_type.as_str().to_owned(),
            file_name: name,
            size_bytes,
        },
        metadata: serde_json::Map::new(),
        state: ItemState::Pending,
        created_at: environment.now(),
    };
    let annotations = vote(&environment, &panel, &item, read).await?;
    let annotators: HashMap<AnnotatorId, Annotator> = panel
        .annotators
        .iter()
        .map(|(annotator, _)| (annotator.id, annotator.clone()))
        .collect();
    let input = ItemToScore {
        project: &panel.project,
        item: &item,
        annotations: &annotations,
        annotators: &annotators,
        calibrators: &panel.calibrators,
        fields_with_gold: &BTreeSet::new(),
        present: &[],
        open_votes: 0,
        has_open_annotations: false,
        asker: Asker::Project,
    };
    // Everybody has voted; under a stopping rule the votes count that it would have asked for.
    let NextStep::Score(voted) = next_step(input)? else {
        bail!(
            "some annotators of project `{}` gave no answer",
            panel.project.definition.name
        );
    };
    let consensus = score_item(&environment, input, &voted)?;
    if arguments.json {
        print_json(&item, &consensus, &annotations, &annotators)
    } else {
        print_table(&arguments.file, &panel, &consensus, &annotations, &annotators);
        Ok(())
    }
}

async fn panel_of_project(house: &House, name: &str) -> anyhow::Result<Panel> {
    let project = house.project(name).await?;
    let factory = house.annotator_factory(house.providers()?)?;
    let mut transaction = house.store.read().await?;
    let known = transaction.annotators_of_project(project.id).await?;
    let calibrators = transaction.current_calibrators(project.id).await?;
    drop(transaction);
    let mut annotators = Vec::new();
    for annotator in known {
        if annotator.active && matches!(annotator.kind, AnnotatorKind::Automatic { .. }) {
            let answering = factory.make(&annotator).await?;
            annotators.push((annotator, answering));
        }
    }
    let stopping = project.definition.policy.stopping.clone();
    Ok(Panel {
        project,
        annotators,
        calibrators: calibrators
            .into_iter()
            .filter(|calibrator| calibrator.serves(&stopping))
            .map(|calibrator| (calibrator.field.clone(), calibrator))
            .collect(),
    })
}

fn panel_of_template(environment: &dyn Environment, name: &str) -> anyhow::Result<Panel> {
    let definition = named_template(name)?;
    let project = Project {
        id: ProjectId::generate(environment),
        definition,
        version: 1,
        created_at: environment.now(),
    };
    let mut annotators: Vec<(Annotator, Box<dyn AutomaticAnnotator>)> = Vec::new();
    for defined in &project.definition.annotators {
        let answering: Box<dyn AutomaticAnnotator> = match &defined.kind {
            AutomaticKind::InvoiceXml => Box::new(InvoiceXmlAnnotator),
            AutomaticKind::Reader { reader: name, .. } => {
                Box::new(ReaderAnnotator::new(Arc::from(reader(name, None)?)))
            }
            AutomaticKind::LanguageModel(_) => {
                bail!("annotator `{}` needs a project: name one with --project", defined.name)
            }
        };
        let annotator = Annotator {
            id: AnnotatorId::generate(environment),
            project_id: project.id,
            name: defined.name.clone(),
            family: defined.family_name().to_owned(),
            kind: AnnotatorKind::Automatic {
                definition: defined.kind.clone(),
            },
            active: true,
            created_at: environment.now(),
        };
        annotators.push((annotator, answering));
    }
    Ok(Panel {
        project,
        annotators,
        calibrators: BTreeMap::new(),
    })
}

async fn vote(
    environment: &dyn Environment,
    panel: &Panel,
    item: &Item,
    read: ReadDocument,
) -> anyhow::Result<Vec<Annotation>> {
    let input = AnnotatorInput {
        project: Arc::new(panel.project.clone()),
        item: Arc::new(item.clone()),
        document: Arc::new(read.document),
        asked_for: AskedFor::Project,
        repeated: false,
        patience: PATIENCE,
    };
    let mut annotations = Vec::with_capacity(panel.annotators.len());
    for (annotator, answering) in &panel.annotators {
        let AnnotatorOutput { answers, provenance } = answering
            .annotate(&input)
            .await
            .unwrap_or_else(|error| without_answer(&panel.project, &annotator.name, &error.to_string()));
        annotations.push(Annotation {
            id: AnnotationId::generate(environment),
            project_id: panel.project.id,
            item_id: item.id,
            annotator_id: annotator.id,
            task_id: TaskId::generate(environment),
            answers,
            provenance,
            submitted_at: environment.now(),
        });
    }
    Ok(annotations)
}

/// An annotator that is lost does not cost the others their votes.
fn without_answer(project: &Project, annotator: &str, reason: &str) -> AnnotatorOutput {
    complain(&format!("annotator `{annotator}` gave no answer: {reason}"));
    let failed = Answer::Failed {
        reason: reason.to_owned(),
    };
    let fields = project.definition.fields.iter();
    AnnotatorOutput {
        answers: fields.map(|field| (field.name.clone(), failed.clone())).collect(),
        provenance: Provenance {
            blind: true,
            failure: Some(reason.to_owned()),
            ..Provenance::default()
        },
    }
}

fn print_json(
    item: &Item,
    consensus: &[Consensus],
    annotations: &[Annotation],
    annotators: &HashMap<AnnotatorId, Annotator>,
) -> anyhow::Result<()> {
    let fields: Vec<serde_json::Value> = consensus
        .iter()
        .map(|row| {
            let votes: Vec<serde_json::Value> = votes_on(&row.field, annotations, annotators)
                .map(|(name, answer)| serde_json::json!({"annotator": name, "answer": answer}))
                .collect();
            serde_json::json!({
                "field": row.field, "outcome": row.outcome, "confidence": row.confidence, "decision": row.decision,
                "vote_count": row.vote_count, "effective_vote_count": row.effective_vote_count, "votes": votes,
            })
        })
        .collect();
    let value = serde_json::json!({"file": item.external_id, "content_hash": item.content_hash, "fields": fields});
    say(&serde_json::to_string_pretty(&value)?);
    Ok(())
}

fn votes_on<'a>(
    field: &'a FieldName,
    annotations: &'a [Annotation],
    annotators: &'a HashMap<AnnotatorId, Annotator>,
) -> impl Iterator<Item = (&'a str, &'a Answer)> {
    annotations.iter().filter_map(move |annotation| {
        let annotator = annotators.get(&annotation.annotator_id)?;
        Some((annotator.name.as_str(), annotation.answers.get(field)?))
    })
}

fn print_table(
    file: &Path,
    panel: &Panel,
    consensus: &[Consensus],
    annotations: &[Annotation],
    annotators: &HashMap<AnnotatorId, Annotator>,
) {
    let rows = consensus
        .iter()
        .map(|row| {
            vec![
                row.field.to_string(),
                value_of(row),
                confidence_of(row),
                decision_of(row),
                votes_in_words(row, annotations, annotators),
            ]
        })
        .collect();
    say(&table(&["field", "value", "confidence", "decision", "votes"], 9, rows));
    if panel.calibrators.is_empty() {
        say(&format!(
            "{}: no calibrator yet, so shares of votes are shown and nothing is accepted; name a --project with gold",
            file.display()
        ));
    }
}

fn value_of(row: &Consensus) -> String {
    match &row.outcome {
        Outcome::Winner { value: Some(value), .. } => shortened(value),
        Outcome::Winner { value: None, .. } => "(absent)".to_owned(),
        Outcome::Tie { canonicals, .. } => format!("tie: {}", shortened(&canonicals.join(" | "))),
        Outcome::Undefined { .. } => "–".to_owned(),
    }
}

/// One line, not too long for a table.
fn shortened(value: &str) -> String {
    const LONGEST: usize = 60;
    let line = value.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= LONGEST {
        return line;
    }
    let start: String = line.chars().take(LONGEST - 1).collect();
    format!("{start}…")
}

fn confidence_of(row: &Consensus) -> String {
    match &row.confidence {
        Confidence::Calibrated {
            probability,
            rung,
            gold_count,
            ..
        } => format!("{probability:.3} · calibrated on {gold_count} ({})", rung.word()),
        Confidence::Uncalibrated { share: Some(share) } => format!("share {share:.2} · uncalibrated"),
        Confidence::Uncalibrated { share: None } => "–".to_owned(),
    }
}

fn decision_of(row: &Consensus) -> String {
    match &row.decision {
        Decision::Accepted { threshold } => format!("accepted at {threshold:.2}"),
        Decision::NeedsReview {
            reason: ReviewReason::Uncalibrated,
            ..
        } => "needs review: not calibrated yet".to_owned(),
        Decision::NeedsReview { reason, .. } => format!("needs review: {}", reason.sentence()),
    }
}

/// Who voted for what, where they differ; how many agree, where they do not.
fn votes_in_words(row: &Consensus, annotations: &[Annotation], annotators: &HashMap<AnnotatorId, Annotator>) -> String {
    let winner = match &row.outcome {
        Outcome::Winner { .. } => row.classes.first(),
        _ => None,
    };
    let supporters = winner.map_or(0, |class| class.vote_count);
    let mut words = format!("{supporters} of {}", row.vote_count);
    let winning: BTreeSet<AnnotationId> = winner
        .map(|class| class.annotation_ids.iter().copied().collect())
        .unwrap_or_default();
    for annotation in annotations
        .iter()
        .filter(|annotation| !winning.contains(&annotation.id))
    {
        let Some(annotator) = annotators.get(&annotation.annotator_id) else {
            continue;
        };
        match annotation.answers.get(&row.field).and_then(Answer::class) {
            Some(ABSENT_CLASS) => words.push_str(&format!("; {}: absent", annotator.name)),
            Some(other) => words.push_str(&format!("; {}: {}", annotator.name, shortened(other))),
            None => {}
        }
    }
    words
}
