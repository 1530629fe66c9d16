//! Files of labels: what is written is read again, in every format.

use std::path::Path;

use accord_datasets::label_file::{LabelRow, LabelWriter};
use accord_datasets::table_file::{ColumnRequest, FileFormat, Name, ReadOptions, read_table};
use serde_json::json;

/// Names that need care in one format or another.
const NAMES: [Name<'static>; 6] = [
    Name::Integer(-7),
    Name::Text("a,b"),
    Name::Text("say \"so\""),
    Name::Text("two\nlines\rand more"),
    Name::Text("007"),
    Name::Text("größe|x"),
];

fn rows<'a>(names: &'a [Name<'static>]) -> Vec<LabelRow<'a>> {
    let rows = names.iter().enumerate().map(|(place, name)| {
        let is_tied = place % 2 == 1;
        LabelRow {
            item: *name,
            field: Some("the \"field\", whole"),
            label: (!is_tied).then_some(*name),
            share: 1.0 / (place as f64 + 3.0),
            margin: (place != 2).then_some(1e-9 * place as f64),
            votes: place as u32 * 1000,
            tied: if is_tied { &names[..2] } else { &[] },
        }
    });
    rows.collect()
}

fn write(file: &Path, format: FileFormat, has_fields: bool, rows: &[LabelRow<'_>]) {
    let mut writer = LabelWriter::begin(file, format, "probability", has_fields).unwrap();
    for row in rows {
        writer.write(row).unwrap();
    }
    assert!(!file.exists(), "a file that is not complete has no name");
    writer.finish().unwrap();
}

#[test]
fn csv_says_every_name_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("labels.csv");
    write(&file, FileFormat::Csv, true, &rows(&NAMES));
    let mut reader = csv::Reader::from_path(&file).unwrap();
    let header: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    assert_eq!(
        header,
        ["item", "field", "label", "probability", "margin", "votes", "tie"]
    );
    let mut count = 0;
    for (record, row) in reader.records().zip(rows(&NAMES)) {
        let record = record.unwrap();
        let tie: Vec<String> = row.tied.iter().map(|label| label.to_string()).collect();
        assert_eq!(record[0], row.item.to_string());
        assert_eq!(record[1], *row.field.unwrap());
        assert_eq!(record[2], row.label.map(|label| label.to_string()).unwrap_or_default());
        assert_eq!(record[3].parse(), Ok(row.share));
        assert_eq!(record[4].parse().ok(), row.margin);
        assert_eq!(record[5].parse(), Ok(row.votes));
        assert_eq!(record[6], tie.join("|"));
        count += 1;
    }
    assert_eq!(count, NAMES.len());
}

#[test]
fn json_lines_keep_names_texts_and_ties_lists() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("labels.jsonl");
    write(&file, FileFormat::JsonLines, true, &rows(&NAMES)[..2]);
    let text = std::fs::read_to_string(&file).unwrap();
    let objects: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let field = "the \"field\", whole";
    assert_eq!(
        objects,
        [
            json!({"item": "-7", "field": field, "label": "-7", "probability": 1.0 / 3.0, "margin": 0.0, "votes": 0, "tie": []}),
            json!({"item": "a,b", "field": field, "label": null, "probability": 0.25, "margin": 1e-9, "votes": 1000, "tie": ["-7", "a,b"]}),
        ]
    );
}

#[test]
fn parquet_takes_more_rows_than_are_encoded_at_once() {
    const ROWS: usize = 150_000;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("labels.parquet");
    let labels = rows(&NAMES);
    let many: Vec<LabelRow<'_>> = (0..ROWS)
        .map(|row| LabelRow {
            item: Name::Integer(row as i64 * 3),
            label: Some(NAMES[row % NAMES.len()]),
            ..labels[row % labels.len()]
        })
        .collect();
    write(&file, FileFormat::Parquet, false, &many);
    let requests = [
        ColumnRequest::names("item"),
        ColumnRequest::names("label"),
        ColumnRequest::numbers("probability", "a number", |_| true),
        ColumnRequest::numbers("votes", "a number", |_| true),
        ColumnRequest::names("field").optional(),
    ];
    let mut table = read_table(&file, &requests, ReadOptions::default(), &mut |_| {}).unwrap();
    let (items, labels) = (table.take_names("item").unwrap(), table.take_names("label").unwrap());
    assert!(table.take_names("field").is_none());
    assert_eq!(table.rows, ROWS);
    for row in [0, 1, 65_535, 65_536, ROWS - 1] {
        assert_eq!(items.get(row), Some(many[row].item));
        assert_eq!(
            labels.get(row).map(|label| label.to_string()),
            many[row].label.map(|label| label.to_string())
        );
    }
    let shares: Vec<f64> = many.iter().map(|row| row.share).collect();
    assert_eq!(table.take_numbers("probability"), Some(shares));
}

#[test]
fn what_is_not_finished_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("labels.csv");
    let mut writer = LabelWriter::begin(&file, FileFormat::Csv, "share", false).unwrap();
    writer.write(&rows(&NAMES)[0]).unwrap();
    drop(writer);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
