//! The whole way by API: import with gold, votes, consensus, calibration, decisions, agreement, exports.

use std::collections::BTreeMap;

use accord_samples::generate_receipts;
use arrow_array::{Array, RecordBatch, StringArray};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::{Value, json};

use crate::client::Client;
use crate::database::DatabaseKind;
use crate::house::{House, template};

crate::on_both_databases!(receipts_become_calibrated_fields);

/// Receipts in all.
const RECEIPTS: usize = 90;

/// Receipts with gold.
const WITH_GOLD: usize = 70;

/// Fields of the template.
const FIELDS: usize = 4;

async fn receipts_become_calibrated_fields(kind: DatabaseKind) {
    let house = House::open(kind).await;
    let admin = house.administrator().await;
    let definition = template(&house, "receipt", "shop").await;
    let created = admin.post("/api/v1/projects", &definition).await;
    assert!(created.header("location").starts_with("/api/v1/projects/"));
    created.expect(201);
    let conflict = admin.post("/api/v1/projects", &definition).await.expect(409);
    assert!(conflict["type"].as_str().unwrap().contains("conflict"), "{conflict}");

    import(&admin).await;
    let path = "/api/v1/projects/shop/calibrators/current";
    let all_fitted = |calibrators: &Value| calibrators.as_array().unwrap().len() == FIELDS;
    admin.wait_for(path, "calibrators", all_fitted).await;
    let progress = admin.wait_until_idle("shop").await;
    assert_eq!(progress["items"]["total"], json!(RECEIPTS));
    assert_eq!(progress["items"]["pending"], json!(0));
    assert_eq!(progress["gold_count"], json!(WITH_GOLD * FIELDS));

    let rows = check_consensus(&admin, &definition).await;
    check_refit(&admin, &rows).await;
    check_more_gold(&admin).await;
    check_agreement(&admin, &definition).await;
    check_exports(&admin, &definition).await;
}

/// Good lines and bad ones; then the same again, which changes nothing.
async fn import(admin: &Client) {
    let mut lines: Vec<String> = generate_receipts(11, RECEIPTS)
        .iter()
        .enumerate()
        .map(|(position, receipt)| {
            let mut line = serde_json::to_value(receipt).unwrap();
            if position >= WITH_GOLD {
                line.as_object_mut().unwrap().shift_remove("gold");
            }
            line.to_string()
        })
        .collect();
    lines.insert(3, "{ this is not JSON".to_owned());
    lines.insert(10, json!({ "text": "a line without a name" }).to_string());
    lines.insert(
        20,
        json!({ "external_id": "wrong", "text": "t", "gold": { "colour": "red" } }).to_string(),
    );
    let body = lines.join("\n");
    let path = "/api/v1/projects/shop/items";
    for created in [RECEIPTS, 0] {
        let report = admin
            .post_as(path, "application/x-ndjson", body.clone())
            .await
            .expect(200);
        assert_eq!(report["created"], json!(created), "{report}");
        assert_eq!(report["unchanged"], json!(RECEIPTS - created));
        assert_eq!(report["gold"], json!(if created == 0 { 0 } else { WITH_GOLD * FIELDS }));
        let rejections = report["rejections"].as_array().unwrap();
        let places: Vec<&str> = rejections.iter().map(|one| one["place"].as_str().unwrap()).collect();
        assert_eq!(places, ["line 4", "line 11", "line 21"]);
        for (rejection, expected) in rejections.iter().zip(["not valid JSON", "external_id", "colour"]) {
            assert!(rejection["problem"].as_str().unwrap().contains(expected), "{rejection}");
        }
    }
}

/// Every field of every receipt has a row; confidences are calibrated, and exactly those that reach their threshold are
/// accepted.
async fn check_consensus(admin: &Client, definition: &Value) -> Vec<Value> {
    let rows = admin.rows("/api/v1/projects/shop/consensus").await;
    assert_eq!(rows.len(), RECEIPTS * FIELDS);
    let threshold = definition["policy"]["accept_at"].as_f64().unwrap();
    let mut accepted = 0;
    for row in &rows {
        let decision = &row["decision"];
        let probability = row["confidence"]["probability"].as_f64();
        if decision["decision"] == "accepted" {
            accepted += 1;
            assert!(probability.unwrap() >= threshold, "{row}");
            assert_eq!(row["outcome"]["outcome"], "winner", "{row}");
        } else if decision["reason"] == "below_threshold" {
            assert!(probability.unwrap() < threshold, "{row}");
        } else {
            let doubts = ["tie", "no_votes", "required_absent", "unparsed", "inverted_calibrator"];
            assert!(doubts.contains(&decision["reason"].as_str().unwrap()), "{row}");
        }
        let is_winner = row["outcome"]["outcome"] == "winner";
        assert_eq!(row["confidence"]["kind"] == "calibrated", is_winner, "{row}");
    }
    assert!(accepted > RECEIPTS, "{accepted} of {} accepted", rows.len());
    assert!(accepted < rows.len(), "not everything can be certain");
    rows
}

/// A refit on request with nothing new changes no confidence.
async fn check_refit(admin: &Client, before: &[Value]) {
    let path = "/api/v1/projects/shop/calibrators/refit";
    assert_eq!(admin.post(path, &Value::Null).await.status.as_u16(), 202);
    admin.wait_until_idle("shop").await;
    let after = admin.rows("/api/v1/projects/shop/consensus").await;
    let confidences = |rows: &[Value]| -> BTreeMap<(String, String), Option<f64>> {
        rows.iter()
            .map(|row| {
                let key = (row["item_id"].to_string(), row["field"].to_string());
                (key, row["confidence"]["probability"].as_f64())
            })
            .collect()
    };
    assert_eq!(confidences(before), confidences(&after));
}

/// Gold that comes later by API leads to new calibrators by itself.
async fn check_more_gold(admin: &Client) {
    let path = "/api/v1/projects/shop/calibrators/current";
    let before = admin.get(path).await.expect(200);
    let receipts = generate_receipts(11, RECEIPTS);
    let gold: Vec<Value> = receipts
        .iter()
        .skip(WITH_GOLD)
        .map(|receipt| {
            let line = serde_json::to_value(receipt).unwrap();
            json!({ "external_id": name_of(&line), "answers": line["gold"] })
        })
        .chain([json!({ "external_id": "nobody", "answers": { "total": "1.00" } })])
        .collect();
    let report = admin
        .post("/api/v1/projects/shop/gold", &Value::Array(gold))
        .await
        .expect(200);
    assert_eq!(
        (&report["stored"], &report["rejected"]),
        (&json!(RECEIPTS - WITH_GOLD), &json!(1))
    );
    let total_of = |calibrators: &Value| -> u64 {
        let calibrators = calibrators.as_array().unwrap().iter();
        calibrators
            .filter_map(|calibrator| calibrator["gold_count"].as_u64())
            .sum()
    };
    let more = |calibrators: &Value| total_of(calibrators) > total_of(&before);
    admin.wait_for(path, "calibrators on more gold", more).await;
    admin.wait_until_idle("shop").await;
}

fn name_of(line: &Value) -> &Value {
    line.get("external_id").unwrap_or(&line["id"])
}

async fn check_agreement(admin: &Client, definition: &Value) {
    let agreement = admin.get("/api/v1/projects/shop/agreement").await.expect(200);
    let fields = agreement["fields"].as_array().unwrap();
    assert_eq!(fields.len(), definition["fields"].as_array().unwrap().len());
    for field in fields {
        for figure in [&field["alpha"], &field["percent_agreement"]] {
            let [value, lower, upper] = ["value", "lower", "upper"].map(|key| figure[key].as_f64().unwrap());
            assert!(lower <= value && value <= upper && upper <= 1.0, "{field}");
        }
        let alpha = field["alpha"]["value"].as_f64().unwrap();
        assert!(alpha > 0.3, "readers of the same receipts agree: {field}");
    }
}

/// The three formats hold the same rows.
async fn check_exports(admin: &Client, definition: &Value) {
    let annotators = definition["annotators"].as_array().unwrap().len();
    for (kind, count) in [
        ("consensus", RECEIPTS * FIELDS),
        ("votes", RECEIPTS * FIELDS * annotators),
    ] {
        let path = |format: &str| format!("/api/v1/projects/shop/exports/{kind}.{format}");
        let lines = admin.get(&path("jsonl")).await;
        let lines: Vec<Value> = lines
            .text()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(lines.len(), count, "{kind}");

        let table = admin.get(&path("csv")).await;
        assert!(table.header("content-type").starts_with("text/csv"));
        let mut reader = csv::Reader::from_reader(table.body.as_slice());
        let headers: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
        let records: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        assert_eq!(
            headers,
            lines[0].as_object().unwrap().keys().cloned().collect::<Vec<_>>()
        );

        let batches = read_parquet(admin.get(&path("parquet")).await.body);
        for column in ["item_id", "external_id", "field", "value", "canonical"] {
            let position = headers.iter().position(|header| header == column).unwrap();
            let text = |value: &Value| value.as_str().map(str::to_owned);
            let expected: Vec<Option<String>> = lines.iter().map(|line| text(&line[column])).collect();
            assert_eq!(texts_of(&batches, column), expected, "{kind}.parquet: {column}");
            let cells: Vec<String> = records.iter().map(|record| record[position].to_owned()).collect();
            let expected: Vec<String> = expected.into_iter().map(Option::unwrap_or_default).collect();
            // What a spreadsheet would run as a formula has an apostrophe before it.
            let unguarded: Vec<String> = cells
                .iter()
                .map(|cell| cell.trim_start_matches('\'').to_owned())
                .collect();
            let plain: Vec<String> = expected
                .iter()
                .map(|cell| cell.trim_start_matches('\'').to_owned())
                .collect();
            assert_eq!(unguarded, plain, "{kind}.csv: {column}");
        }
    }
    assert_eq!(
        admin
            .get("/api/v1/projects/shop/exports/votes.xlsx")
            .await
            .status
            .as_u16(),
        404
    );
}

fn read_parquet(body: Vec<u8>) -> Vec<RecordBatch> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(body)).unwrap();
    builder.build().unwrap().map(Result::unwrap).collect()
}

fn texts_of(batches: &[RecordBatch], column: &str) -> Vec<Option<String>> {
    let of_batch = |batch: &RecordBatch| -> Vec<Option<String>> {
        let array = batch.column_by_name(column).unwrap();
        let array = array.as_any().downcast_ref::<StringArray>().unwrap();
        array.iter().map(|text| text.map(str::to_owned)).collect()
    };
    batches.iter().flat_map(of_batch).collect()
}
