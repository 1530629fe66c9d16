//! Exports, read back in each of their formats.

use std::collections::BTreeMap;
use std::sync::Arc;

use accord_datasets::export::{CONSENSUS_COLUMNS, ExportFormat, ExportKind, VOTE_COLUMNS, export};
use accord_domain::{
    Annotation, AnnotationId, Answer, CalibratorId, Confidence, Consensus, ConsensusId, Decision, Environment, ItemId,
    Lease, NormalisedValue, Outcome, Provenance, ReviewReason, Rung, TaskKind,
};
use accord_store::{ClaimRequest, flow};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{Array, RecordBatch};
use bytes::Bytes;
use futures::StreamExt;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::{Map, Value};

use crate::house::{House, field};

const NAUGHTY: [&str; 6] = [
    "=1+1",
    "-5",
    "-cmd|' /C calc'!A0",
    "a \"quoted\", comma\nand break",
    "Grüße 世界 🙂",
    "",
];

fn value(text: &str) -> Answer {
    Answer::Value(NormalisedValue {
        raw: text.to_owned(),
        canonical: text.to_lowercase(),
        parsed: true,
        valid: None,
    })
}

/// Imports lines and lets both annotators answer all of them.
async fn with_votes(count: usize) -> House {
    let house = House::open().await;
    let lines: Vec<String> = (0..count)
        .map(|number| format!("{{\"id\": \"item-{number:06}\", \"text\": \"t\", \"gold\": {{\"label\": null}}}}"))
        .collect();
    house
        .import(accord_datasets::intake::LineFormat::JsonLines, lines.join("\n"))
        .await;
    let request = ClaimRequest {
        kinds: &[TaskKind::Annotate],
        project_id: None,
        worker: "test",
        lease_milliseconds: 600_000,
        limit: 500,
        limits: &[],
    };
    loop {
        let mut tx = house.store.write().await.unwrap();
        let leases = flow::claim(tx.as_mut(), house.environment.as_ref(), &request)
            .await
            .unwrap();
        if leases.is_empty() {
            return house;
        }
        for lease in leases {
            let annotation = annotation(&house, &lease);
            flow::submit_annotation(tx.as_mut(), house.environment.as_ref(), &lease, &annotation)
                .await
                .unwrap();
        }
        tx.commit().await.unwrap();
    }
}

fn annotation(house: &House, lease: &Lease) -> Annotation {
    let item_id = lease.task.item_id.unwrap();
    let text = NAUGHTY[usize::from(item_id.as_uuid().as_bytes()[15]) % NAUGHTY.len()];
    Annotation {
        id: AnnotationId::generate(house.environment.as_ref()),
        project_id: house.project.id,
        item_id,
        annotator_id: lease.task.annotator_id.unwrap(),
        task_id: lease.task.id,
        answers: BTreeMap::from([(field("label"), value(text)), (field("total"), Answer::Absent)]),
        provenance: Provenance {
            blind: true,
            latency_milliseconds: Some(12),
            cost: Some("0.00000125".parse().unwrap()),
            code_version: "test 1".to_owned(),
            ..Provenance::default()
        },
        submitted_at: house.environment.now(),
    }
}

async fn bytes_of(house: &House, kind: ExportKind, format: ExportFormat) -> Vec<u8> {
    let mut pieces = export(Arc::clone(&house.store), house.project.id, kind, format);
    let mut bytes = Vec::new();
    while let Some(piece) = pieces.next().await {
        bytes.extend_from_slice(&piece.unwrap());
    }
    bytes
}

fn json_rows(bytes: &[u8]) -> Vec<Map<String, Value>> {
    std::str::from_utf8(bytes)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn csv_rows(bytes: Vec<u8>) -> (Vec<String>, Vec<Vec<String>>) {
    let mut reader = csv::Reader::from_reader(std::io::Cursor::new(bytes));
    let header = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let rows = reader
        .records()
        .map(|record| record.unwrap().iter().map(str::to_owned).collect())
        .collect();
    (header, rows)
}

fn parquet_batches(bytes: Vec<u8>) -> (Vec<RecordBatch>, usize) {
    let builder = ParquetRecordBatchReaderBuilder::try_new(Bytes::from(bytes)).unwrap();
    let groups = builder.metadata().num_row_groups();
    (builder.build().unwrap().map(Result::unwrap).collect(), groups)
}

/// A cell of a batch as JSON, so that it can be held against the other formats.
fn cell(batch: &RecordBatch, column: &str, row: usize) -> Value {
    let array = batch.column_by_name(column).unwrap();
    if array.is_null(row) {
        return Value::Null;
    }
    match array.data_type() {
        arrow_schema::DataType::Utf8 => array.as_string::<i32>().value(row).into(),
        arrow_schema::DataType::Int64 => array.as_primitive::<Int64Type>().value(row).into(),
        arrow_schema::DataType::Float64 => array.as_primitive::<Float64Type>().value(row).into(),
        arrow_schema::DataType::Boolean => array.as_boolean().value(row).into(),
        other => panic!("{other}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_three_formats_say_the_same_over_many_pages() {
    let house = with_votes(700).await;
    let json = json_rows(&bytes_of(&house, ExportKind::Votes, ExportFormat::JsonLines).await);
    assert_eq!(json.len(), 700 * 2 * 2, "one row for each answer");
    let names: Vec<&str> = VOTE_COLUMNS.iter().map(|column| column.name).collect();
    assert_eq!(json[0].keys().collect::<Vec<_>>(), names);
    let (batches, groups) = parquet_batches(bytes_of(&house, ExportKind::Votes, ExportFormat::Parquet).await);
    assert_eq!(groups, 1);
    let cells: Vec<(&RecordBatch, usize)> = batches
        .iter()
        .flat_map(|batch| (0..batch.num_rows()).map(move |row| (batch, row)))
        .collect();
    assert_eq!(cells.len(), json.len());
    for (row, (batch, position)) in json.iter().zip(&cells) {
        for name in &names {
            assert_eq!(row[*name], cell(batch, name, *position), "{name}");
        }
    }
    let (header, rows) = csv_rows(bytes_of(&house, ExportKind::Votes, ExportFormat::Csv).await);
    assert_eq!(header, names);
    for (row, cells) in json.iter().zip(&rows) {
        for (name, text) in names.iter().zip(cells) {
            let expected = match &row[*name] {
                Value::Null => String::new(),
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            assert_eq!(text.strip_prefix('\'').unwrap_or(text), expected, "{name}");
        }
    }
    let identifiers: std::collections::BTreeSet<&str> =
        json.iter().map(|row| row["external_id"].as_str().unwrap()).collect();
    assert_eq!(identifiers.len(), 700);
    let absent = json.iter().find(|row| row["status"] == "absent").unwrap();
    assert_eq!(
        (&absent["value"], &absent["canonical"], &absent["parsed"]),
        (&Value::Null, &"__ABSENT__".into(), &Value::Null)
    );
    assert_eq!(json[0]["cost"], "0.00000125", "money is no binary fraction");
}

#[tokio::test(flavor = "multi_thread")]
async fn spreadsheets_run_nothing() {
    let house = with_votes(60).await;
    let text = String::from_utf8(bytes_of(&house, ExportKind::Votes, ExportFormat::Csv).await).unwrap();
    let (header, rows) = csv_rows(text.into_bytes());
    let value = header.iter().position(|name| name == "value").unwrap();
    let seen: std::collections::BTreeSet<&str> = rows.iter().map(|row| row[value].as_str()).collect();
    for expected in [
        "'=1+1",
        "-5",
        "'-cmd|' /C calc'!A0",
        "a \"quoted\", comma\nand break",
        "Grüße 世界 🙂",
    ] {
        assert!(seen.contains(expected), "{expected:?} in {seen:?}");
    }
}

#[tokio::test]
async fn an_empty_project_gives_valid_files() {
    let house = House::open().await;
    for (kind, columns) in [
        (ExportKind::Votes, VOTE_COLUMNS),
        (ExportKind::Consensus, CONSENSUS_COLUMNS),
    ] {
        assert!(bytes_of(&house, kind, ExportFormat::JsonLines).await.is_empty());
        let (header, rows) = csv_rows(bytes_of(&house, kind, ExportFormat::Csv).await);
        assert_eq!((header.len(), rows.len()), (columns.len(), 0));
        let bytes = bytes_of(&house, kind, ExportFormat::Parquet).await;
        let builder = ParquetRecordBatchReaderBuilder::try_new(Bytes::from(bytes)).unwrap();
        assert_eq!(builder.schema().fields().len(), columns.len());
        assert_eq!(builder.metadata().file_metadata().num_rows(), 0);
    }
}

/// What the label of an item came to, in one of three forms.
fn result(house: &House, number: usize) -> (Outcome, Confidence, Decision) {
    match number % 3 {
        0 => (
            Outcome::Winner {
                canonical: "__ABSENT__".to_owned(),
                value: None,
                share: 0.75,
            },
            Confidence::Calibrated {
                probability: 0.1 + 0.2,
                calibrator_id: CalibratorId::generate(house.environment.as_ref()),
                rung: Rung::FieldType,
                gold_count: 60,
            },
            Decision::Accepted { threshold: 0.25 },
        ),
        1 => (
            Outcome::Tie {
                canonicals: vec!["a".to_owned(), "b".to_owned()],
                share: 0.5,
            },
            Confidence::Uncalibrated { share: None },
            Decision::NeedsReview {
                reason: ReviewReason::Tie,
                threshold: 0.95,
            },
        ),
        _ => (
            Outcome::Undefined {
                reason: "nobody voted".to_owned(),
            },
            Confidence::Uncalibrated { share: None },
            Decision::NeedsReview {
                reason: ReviewReason::NoVotes,
                threshold: 0.95,
            },
        ),
    }
}

/// Consensus on the label of an item.
fn consensus(house: &House, item_id: ItemId, number: usize) -> Consensus {
    let (outcome, confidence, decision) = result(house, number);
    Consensus {
        id: ConsensusId::generate(house.environment.as_ref()),
        project_id: house.project.id,
        item_id,
        field: field("label"),
        outcome,
        classes: Vec::new(),
        vote_count: 4,
        effective_vote_count: 1.0 / 3.0,
        abstention_count: 1,
        failure_count: 2,
        margin: 0.5,
        entropy: None,
        raw_score: Some(-0.5),
        confidence,
        decision,
        annotation_ids: Vec::new(),
        stopped: None,
        project_version: 1,
        weights_version: "even".to_owned(),
        code_version: "test 1".to_owned(),
        created_at: house.environment.now(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn consensus_comes_with_its_gold_and_words_of_the_api() {
    let house = with_votes(3).await;
    let items = house.items().await;
    let rows: Vec<Consensus> = items
        .iter()
        .enumerate()
        .map(|(number, item)| consensus(&house, item.id, number))
        .collect();
    let mut tx = house.store.write().await.unwrap();
    tx.insert_consensus(&rows).await.unwrap();
    tx.commit().await.unwrap();
    let exported = json_rows(&bytes_of(&house, ExportKind::Consensus, ExportFormat::JsonLines).await);
    assert_eq!(exported.len(), 3);
    let of = |number: usize| {
        let id = items[number].external_id.as_str();
        exported.iter().find(|row| row["external_id"] == id).unwrap()
    };
    let winner = of(0);
    assert_eq!(
        (&winner["outcome"], &winner["canonical"], &winner["value"]),
        (&"winner".into(), &"__ABSENT__".into(), &Value::Null)
    );
    assert_eq!(
        (&winner["gold_status"], &winner["gold_canonical"]),
        (&"absent".into(), &"__ABSENT__".into())
    );
    assert_eq!(winner["probability"].as_f64(), Some(0.1 + 0.2));
    assert_eq!(
        (&winner["rung"], &winner["decision"], &winner["reason"]),
        (&"field_type".into(), &"accepted".into(), &Value::Null)
    );
    assert_eq!(
        (&of(1)["outcome"], &of(1)["reason"], &of(1)["share"]),
        (&"tie".into(), &"tie".into(), &0.5.into())
    );
    assert_eq!(
        (&of(2)["reason"], &of(2)["share"], &of(2)["confidence_kind"]),
        (&"no_votes".into(), &Value::Null, &"uncalibrated".into())
    );
}
