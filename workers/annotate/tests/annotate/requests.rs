//! What a model is asked, word for word.

use std::sync::Arc;
use std::time::Duration;

use accord_annotate::annotators::{AnnotatorInput, AskedFor, AutomaticAnnotator, Book, Caller, LanguageModelAnnotator};
use accord_annotate::prompt::{PromptInput, PromptLibrary};
use accord_annotate::question::GoldExamples;
use accord_documents::{Document, Limits, Segment, from_segments};
use accord_domain::json_schema::json_schema;
use accord_domain::{AutomaticKind, InputView, LanguageModel, Project};
use accord_store::{ItemFilter, LocalBlobs, PageRequest, SystemEnvironment};
use serde_json::{Value, json};
use tokio_util::task::TaskTracker;

use crate::endpoint::{Endpoint, says};
use crate::house::{House, provider};

const LETTER: &str = "Dear Ann,\nwhat a day! Yours, Ben";

/// Asks once and gives back what the endpoint received.
pub(crate) async fn asked(
    change: impl FnOnce(&mut LanguageModel),
    settings: Value,
    document: Option<Document>,
) -> (Value, Project) {
    let endpoint = Endpoint::serve([says("{}")]).await;
    let house = House::with_letters(&endpoint.base_url, 1).await;
    let AutomaticKind::LanguageModel(mut model) = house.project.definition.annotators[0].kind.clone() else {
        panic!("the annotator is a model")
    };
    change(&mut model);
    let folder = tempfile::tempdir().unwrap();
    let mut tx = house.store.read().await.unwrap();
    let item = tx
        .list_items(house.project.id, &ItemFilter::default(), PageRequest::first(1))
        .await
        .unwrap()
        .rows
        .remove(0);
    drop(tx);
    let annotator = LanguageModelAnnotator {
        model,
        caller: Caller {
            provider: Arc::new(provider(&endpoint.base_url, &settings)),
            store: Arc::clone(&house.store),
            book: Book::open(Arc::clone(&house.store), Arc::new(SystemEnvironment), 5_000),
            environment: Arc::new(SystemEnvironment),
            calls: TaskTracker::new(),
            holds: Arc::default(),
            lease: Duration::from_secs(5),
        },
        prompts: Arc::new(PromptLibrary::open(None).unwrap()),
        gold: Arc::new(GoldExamples::new(Arc::clone(&house.store), Arc::new(SystemEnvironment))),
        blobs: Arc::new(LocalBlobs::new(folder.path()).unwrap()),
        limits: Limits::default(),
    };
    let text = accord_documents::text::document_from_text(LETTER, &Limits::default()).unwrap();
    let input = AnnotatorInput {
        project: Arc::new(house.project.clone()),
        item: Arc::new(item),
        document: Arc::new(document.unwrap_or(text)),
        asked_for: AskedFor::Project,
        repeated: false,
        patience: Duration::from_secs(1),
    };
    annotator.annotate(&input).await.unwrap();
    (endpoint.received().remove(0).body, house.project)
}

#[tokio::test]
async fn everything_that_decides_the_answer_is_in_the_request() {
    let (body, project) = asked(|_| {}, json!({}), None).await;
    let prompt = PromptLibrary::open(None)
        .unwrap()
        .find(&"extract".parse().unwrap())
        .unwrap()
        .render(&PromptInput {
            definition: &project.definition,
            fields: &project.definition.fields,
            document: Some(LETTER),
            schema: None,
            examples: &[],
            values: "",
        })
        .unwrap();
    assert_eq!(
        body,
        json!({
            "model": "tiny",
            "messages": [{"role": "system", "content": prompt.system}, {"role": "user", "content": prompt.user}],
            "stream": false,
            "max_tokens": 300,
            "temperature": 0.5,
            "seed": 9,
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "answers", "strict": true, "schema": json_schema(&project.definition.fields)},
            },
        }),
        "seed 7 and sample 2 make 9"
    );
    let question = body["messages"][1]["content"].as_str().unwrap();
    for expected in [
        "Task: Letters",
        "Read with care.",
        "- sender (name): Sender. Who wrote it",
        "One of: glad, sad.",
        LETTER,
    ] {
        assert!(question.contains(expected), "{expected:?} in {question}");
    }
}

#[tokio::test]
async fn what_a_provider_does_not_take_is_left_out() {
    let settings = json!({
        "structured_output": "json_object", "seed": false, "temperature": false, "logprobs": false,
        "maximum_tokens_parameter": "max_completion_tokens",
    });
    let (body, project) = asked(|model| model.logprobs = true, settings, None).await;
    let keys: Vec<&String> = body.as_object().unwrap().keys().collect();
    assert_eq!(
        keys,
        [
            "model",
            "messages",
            "stream",
            "max_completion_tokens",
            "response_format"
        ]
    );
    assert_eq!(body["response_format"], json!({"type": "json_object"}));
    let schema = json_schema(&project.definition.fields).to_string();
    assert!(
        body["messages"][1]["content"].as_str().unwrap().contains(&schema),
        "the schema stands in the prompt"
    );
    let (body, _) = asked(|_| {}, json!({"structured_output": "none"}), None).await;
    assert!(body.get("response_format").is_none());
}

#[tokio::test]
async fn views_show_different_parts_of_a_document() {
    let segment = |text: &str, left: f32, row: u32| Segment {
        text: text.to_owned(),
        edges: [left, 10.0, left + 50.0, 20.0],
        row,
    };
    let document = from_segments(
        &[
            segment("TOTAL", 10.0, 0),
            segment("12.50", 70.0, 0),
            segment("THANKS", 10.0, 1),
        ],
        200.0,
        100.0,
    );
    let shown = async |view, document: &Document| {
        let (body, _) = asked(|model| model.view = view, json!({}), Some(document.clone())).await;
        body["messages"][1]["content"].as_str().unwrap().to_owned()
    };
    assert!(
        shown(InputView::Rows, &document)
            .await
            .contains("\nTOTAL  12.50\nTHANKS\n")
    );
    assert!(
        shown(InputView::ReadingOrder, &document)
            .await
            .contains("\nTOTAL\n12.50\nTHANKS\n")
    );
    let long = format!("BEGIN {} END", "word ".repeat(4000));
    let long = accord_documents::text::document_from_text(&long, &Limits::default()).unwrap();
    let cut = shown(InputView::HeadAndTail, &long).await;
    assert!(
        cut.contains("BEGIN word") && cut.contains("word  END") && cut.contains("characters left out"),
        "{}",
        cut.len()
    );
    assert!(cut.len() < 10_000);
    assert!(shown(InputView::Rows, &long).await.len() > 20_000);
}

#[tokio::test]
async fn a_page_without_text_is_not_asked_about() {
    let endpoint = Endpoint::serve([says("{}")]).await;
    let house = House::with_letters(&endpoint.base_url, 0).await;
    let data = json!({"lines": []});
    let environment = SystemEnvironment;
    let item = accord_domain::Item {
        id: accord_domain::ItemId::generate(&environment),
        project_id: house.project.id,
        external_id: "blank".to_owned(),
        content_hash: "blank".to_owned(),
        content: accord_domain::ItemContent::Inline {
            data: data.as_object().unwrap().clone(),
        },
        metadata: serde_json::Map::new(),
        state: accord_domain::ItemState::Pending,
        created_at: accord_domain::Timestamp::from_microseconds(0),
    };
    let mut tx = house.store.write().await.unwrap();
    let annotators = tx.annotators_of_project(house.project.id).await.unwrap();
    accord_store::flow::add_items(tx.as_mut(), &environment, &house.project, &annotators, &[item], 0)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(house.worker(Duration::from_secs(60)).work_once().await.unwrap(), 1);
    assert!(endpoint.received().is_empty());
    let annotation = house.annotations().await.remove(0);
    assert!(
        annotation
            .answers
            .values()
            .all(|answer| *answer == accord_domain::Answer::Abstained)
    );
    assert_eq!(
        (annotation.provenance.failure, annotation.provenance.cost),
        (None, None)
    );
}
