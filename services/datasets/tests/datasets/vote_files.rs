//! Files of votes: every format, every kind of bad row.

use std::path::PathBuf;
use std::sync::Arc;

use accord_datasets::table_file::{FileFormat, Name, ReadError, ReadOptions};
use accord_datasets::vote_file::{VoteFile, read_gold, read_votes};
use arrow_array::{ArrayRef, Int8Array, Int16Array, Int32Array, Int64Array, RecordBatch};
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;
use proptest::prelude::*;
use tempfile::TempDir;

const SKIPPING: ReadOptions = ReadOptions {
    format: None,
    skip_bad_rows: true,
};

pub(super) fn file(name: &str, content: impl AsRef<[u8]>) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, content).unwrap();
    (folder, path)
}

fn read(name: &str, content: impl AsRef<[u8]>, options: ReadOptions) -> Result<VoteFile, ReadError> {
    let (_folder, path) = file(name, content);
    read_votes(&path, options, &mut |_| {})
}

/// Votes as `field:item:annotator=label*weight`, in the order of fields, items and rows.
fn shown(votes: &VoteFile) -> Vec<String> {
    let mut lines = Vec::new();
    for field in &votes.fields {
        for item in 0..votes.items.len() {
            for vote in field.starts[item] as usize..field.starts[item + 1] as usize {
                let weight = field
                    .weights
                    .get(vote)
                    .map_or(String::new(), |weight| format!("*{weight}"));
                lines.push(format!(
                    "{}{}:{}={}{weight}",
                    field.name.as_ref().map_or(String::new(), |name| format!("{name}:")),
                    votes.items.text(item as u32),
                    votes.annotators.text(field.annotator_ids[vote]),
                    field.labels.text(u32::from(field.label_ids[vote])),
                ));
            }
        }
    }
    lines
}

fn complaint(name: &str, content: impl AsRef<[u8]>) -> String {
    let error = read(name, content, ReadOptions::default()).unwrap_err().to_string();
    // The folder has a name of its own every time.
    let folder = std::env::temp_dir().display().to_string();
    error
        .lines()
        .map(|line| match line.find(&folder) {
            Some(start) => {
                let end = line[start..].find(name).map_or(start, |end| start + end);
                format!("{}{}", &line[..start], &line[end..])
            }
            None => line.to_owned(),
        })
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn columns_come_in_any_order_and_others_are_ignored() {
    let votes = read(
        "votes.csv",
        "comment,label,item,\"annotator\"\nfine,no,7,ann\n,yes,7,bob\n\"a, \"\"b\"\"\nc\",no,9,ann\n",
        ReadOptions::default(),
    )
    .unwrap();
    assert_eq!(shown(&votes), ["7:ann=no", "7:bob=yes", "9:ann=no"]);
    assert_eq!(votes.fields[0].label_counts(), [2, 1]);
    assert_eq!(votes.items.get(1), Some(Name::Integer(9)));
}

#[test]
fn marks_line_ends_and_blank_lines_do_not_matter() {
    let plain = "item,annotator,label\na,x,1\na,y,2\nb,x,1\n";
    let expected = ["a:x=1", "a:y=2", "b:x=1"];
    for content in [
        plain.to_owned(),
        plain.trim_end().to_owned(),
        plain.replace('\n', "\r\n"),
        plain.trim_end().replace('\n', "\r\n"),
        plain.replace('\n', "\r"),
        format!("\u{feff}{plain}"),
        plain.replace('\n', "\n\n"),
        format!("\n\r\n{}", plain.replace('\n', "\r\n\r\n")),
        plain.replace("a,", "\"a\","),
    ] {
        let votes = read("votes.csv", &content, ReadOptions::default()).unwrap();
        assert_eq!(shown(&votes), expected, "{content:?}");
    }
}

#[test]
fn bad_rows_are_named_by_line_and_nothing_is_computed() {
    let long = "x".repeat(5000);
    let content = format!(
        "item,annotator,label\n1,a,yes\n2,a,\n,a,yes\n3,a\n4,a,yes,no\n\n5,\"b\nc\",yes\n{long},a,no\n1,a,no\n5,,x\n6,a,\"\"\n"
    );
    assert_eq!(
        complaint("votes.csv", content),
        "8 rows of votes.csv are bad, so nothing was computed\n\
         \x20 votes.csv line 3: column `label` is empty, expected a label\n\
         \x20 votes.csv line 4: column `item` is empty, expected a name\n\
         \x20 votes.csv line 5: 2 cells, but the header has 3\n\
         \x20 votes.csv line 6: 4 cells, but the header has 3\n\
         \x20 votes.csv line 10: column `item` is longer than 4096 bytes\n\
         \x20 votes.csv line 11: a second vote of annotator `a` on item `1`; the first is in line 2\n\
         \x20 votes.csv line 12: column `annotator` is empty, expected a name\n\
         \x20 votes.csv line 13: column `label` is empty, expected a label"
    );
}

#[test]
fn bad_rows_can_be_skipped_and_are_counted() {
    let mut content = String::from("item,annotator,label\n1,a,yes\n1,b,no\n");
    for item in 0..20 {
        content.push_str(&format!("{item},c,\n"));
    }
    content.push_str("1,a,no\n");
    let votes = read("votes.csv", &content, SKIPPING).unwrap();
    assert_eq!(shown(&votes), ["1:a=yes", "1:b=no"]);
    assert_eq!(
        votes.skipped.summary(),
        [
            "20 rows: column `label` is empty",
            "1 row: second vote of an annotator on an item"
        ]
    );
    assert_eq!(votes.skipped.first.len(), 10);
    let complaint = complaint("votes.csv", &content);
    assert!(
        complaint.contains("21 rows of votes.csv") && complaint.ends_with("and 11 more"),
        "{complaint}"
    );
    assert_eq!(
        serde_json::to_value(&votes.skipped).unwrap()["total"],
        serde_json::json!(21)
    );
}

#[test]
fn second_votes_are_found_wherever_they_are() {
    let content = "item,annotator,label\n1,a,x\n1,b,y\n2,a,x\n2,b,x\n1,c,x\n1,a,y\n2,b,x\n";
    assert_eq!(
        complaint("votes.csv", content),
        "2 rows of votes.csv are bad, so nothing was computed\n\
         \x20 votes.csv line 7: a second vote of annotator `a` on item `1`; the first is in line 2\n\
         \x20 votes.csv line 8: a second vote of annotator `b` on item `2`; the first is in line 5"
    );
    let votes = read("votes.csv", content, SKIPPING).unwrap();
    assert_eq!(shown(&votes), ["1:a=x", "1:b=y", "1:c=x", "2:a=x", "2:b=x"]);
}

#[test]
fn fields_and_weights_have_columns_of_their_own() {
    let content = "field,item,annotator,label,weight\ntotal,1,a,9.50,1\nmonth,1,a,may,0.5\ntotal,1,b,9.50,2e0\n\
                   month,2,a,june,0\n";
    let votes = read("votes.csv", content, ReadOptions::default()).unwrap();
    let expected = [
        "total:1:a=9.50*1",
        "total:1:b=9.50*2",
        "month:1:a=may*0.5",
        "month:2:a=june*0",
    ];
    assert_eq!(shown(&votes), expected);
    assert_eq!(votes.fields[0].voted_items(), 1);
    let complaint = complaint("votes.csv", content.replace("2e0", "-1").replace("0.5", "heavy"));
    for part in [
        "line 3: column `weight` is `heavy`, expected a number of at least 0",
        "line 4: column `weight` is `-1`",
    ] {
        assert!(complaint.contains(part), "{complaint}");
    }
}

#[test]
fn json_lines_hold_the_same() {
    let content = "{\"label\": true, \"item\": 7, \"annotator\": \"a\\u00e4\", \"text\": [1, {\"item\": 2}]}\n\n\
                   {\"item\": \"7\", \"annotator\": \"b\", \"label\": \"false\"}\r\n{\"item\": 8.0, \"annotator\": \"b\", \"label\": 1.5}";
    for name in ["votes.jsonl", "votes.ndjson", "votes"] {
        let votes = read(name, content, ReadOptions::default()).unwrap();
        assert_eq!(shown(&votes), ["7:aä=true", "7:b=false", "8:b=1.5"]);
    }
    let bad = format!(
        "{content}\n[1]\n{{\"item\": 9, \"annotator\": \"a\"}}\n{{\"item\": 9, \"annotator\": null, \"label\": 1}}\n{{\"item\": 9\n\
         {{\"item\": {{}}, \"annotator\": 1, \"label\": 1}}\n{{\"item\": 1, \"item\": 2, \"annotator\": 1, \"label\": 1}}\n\
         {{\"item\": 9, \"annotator\": 1, \"label\": 1, \"weight\": 2}}\n"
    );
    let complaint = complaint("votes.jsonl", bad);
    for part in [
        "line 5: not a JSON object: invalid type: sequence",
        "line 6: column `label` is empty, expected a label",
        "line 7: column `annotator` is empty",
        "line 8: not a JSON object: EOF",
        "line 9: not a JSON object: invalid type: map, expected text, a number or a boolean in `item`",
        "line 10: not a JSON object: `item` is there twice",
        "line 11: `weight` is there, but not in the first row",
    ] {
        assert!(complaint.contains(part), "{part}: {complaint}");
    }
}

#[test]
fn files_without_votes_say_what_they_lack() {
    for (name, content, parts) in [
        ("votes.csv", "", &["the file is empty"][..]),
        ("votes.csv", "\u{feff}\r\n\n", &["the file is empty"]),
        ("votes.csv", "item,annotator,label\n", &["no votes"]),
        (
            "votes.csv",
            "task,worker,label\n1,2,3\n",
            &[
                "column `item` is missing",
                "`item`, `annotator`, `label`",
                "found: `task`, `worker`, `label`",
            ],
        ),
        (
            "votes.csv",
            "item,item,annotator,label\n1,1,2,3\n",
            &["column `item` twice"],
        ),
        (
            "votes.csv",
            "\"item,annotator,label\n1,2,3\n",
            &["the header has no end"],
        ),
        ("votes.jsonl", "", &["the file is empty"]),
        (
            "votes.jsonl",
            "{\"task\": 1, \"annotator\": 2, \"label\": 3}\n",
            &["column `item` is missing", "found: `task`, `annotator`, `label`"],
        ),
        (
            "votes.parquet",
            "item,annotator,label\n1,2,3\n",
            &["not readable as Parquet"],
        ),
    ] {
        let complaint = complaint(name, content);
        for part in parts {
            assert!(complaint.contains(part), "{part}: {complaint}");
        }
    }
    let missing = read_votes(
        std::path::Path::new("no/such/file.csv"),
        ReadOptions::default(),
        &mut |_| {},
    );
    let complaint = missing.unwrap_err().to_string();
    assert!(complaint.contains("no/such/file.csv cannot be read"), "{complaint}");
}

#[test]
fn bytes_that_are_no_text_and_quotes_left_open_are_named() {
    let mut content = b"item,annotator,label,note\n1,a,caf\xe9,x\n1,b,tea,\xe9\n".to_vec();
    content.extend(b"\"2\",b,\"caf\xe9\",x\n3,a,tea,\"open\n4,a,tea,x\n");
    let complaint = complaint("votes.csv", &content);
    for part in [
        "3 rows of votes.csv",
        "line 2: column `label` is not valid UTF-8 (`caf\u{fffd}`): save the file as UTF-8",
        "line 4: column `label` is not valid UTF-8",
        "line 5: a quoted cell is not closed",
    ] {
        assert!(complaint.contains(part), "{part}: {complaint}");
    }
    let votes = read("votes.csv", &content, SKIPPING).unwrap();
    assert_eq!(shown(&votes), ["1:b=tea"], "what nobody reads may be anything");
}

#[test]
fn huge_lines_are_refused_and_the_next_ones_read() {
    let huge = "y".repeat(9 << 20);
    for (name, content) in [
        (
            "votes.csv",
            format!("item,annotator,label,text\n1,a,x,{huge}\n2,a,x,\"{huge}\"\n3,a,x,\n"),
        ),
        (
            "votes.jsonl",
            format!(
                "{{\"item\":0,\"annotator\":\"a\",\"label\":\"x\"}}\n{{\"item\":1,\"text\":\"{huge}\"}}\n{{\"item\":2,\"text\":\"{huge}\"}}\n\
                 {{\"item\":3,\"annotator\":\"a\",\"label\":\"x\"}}\n"
            ),
        ),
    ] {
        let complaint = complaint(name, &content);
        for line in [2, 3] {
            assert!(
                complaint.contains(&format!("line {line}: longer than 8 MiB")),
                "{complaint}"
            );
        }
        assert!(complaint.starts_with("2 rows"), "{complaint}");
        let votes = read(name, &content, SKIPPING).unwrap();
        assert_eq!(shown(&votes).last().unwrap(), "3:a=x");
    }
}

#[test]
fn gold_is_joined_by_name_and_may_bring_labels() {
    let (_folder, path) = file("votes.csv", "item,annotator,label\nb,x,2\nb,y,10\na,x,10\n");
    let mut votes = read_votes(&path, ReadOptions::default(), &mut |_| {}).unwrap();
    let gold_path = path.with_file_name("gold.csv");
    std::fs::write(&gold_path, "item,label\na,10\nb,7\nc,2\n").unwrap();
    let gold = read_gold(&gold_path, &mut votes, ReadOptions::default()).unwrap();
    let labels: Vec<String> = votes.fields[0].labels.iter().map(|label| label.to_string()).collect();
    assert_eq!(labels, ["2", "7", "10"]);
    assert_eq!(gold.labels, [[Some(1), Some(2)]]);
    assert_eq!(gold.unused, 1);
    assert_eq!(shown(&votes), ["b:x=2", "b:y=10", "a:x=10"]);
    for (content, part) in [
        ("item,label\nz,1\n", "none of its items is among the votes"),
        ("item,label\na,1\na,2\n", "item `a` has two different labels"),
        ("item,gold\na,1\n", "column `label` is missing"),
        ("item,label\na,\n", "line 2: column `label` is empty"),
    ] {
        std::fs::write(&gold_path, content).unwrap();
        let error = read_gold(&gold_path, &mut votes.clone(), ReadOptions::default()).unwrap_err();
        assert!(error.to_string().contains(part), "{part}: {error}");
    }
}

#[test]
fn labels_have_the_order_that_is_declared() {
    let mut votes = read(
        "votes.csv",
        "item,annotator,label\n1,a,bad\n1,b,good\n2,a,fair\n",
        SKIPPING,
    )
    .unwrap();
    let order = ["bad", "poor", "fair", "good"].map(str::to_owned);
    votes.fields[0].order_labels(&order).unwrap();
    assert_eq!(votes.fields[0].label_ids, [0, 3, 2]);
    assert_eq!(votes.fields[0].label_counts(), [1, 0, 1, 1]);
    assert_eq!(shown(&votes), ["1:a=bad", "1:b=good", "2:a=fair"]);
    let error = votes.fields[0].order_labels(&order[..3]).unwrap_err();
    assert!(error.contains("`good`"), "{error}");
    let twice = ["bad", "bad"].map(str::to_owned);
    assert!(votes.fields[0].order_labels(&twice).unwrap_err().contains("twice"));
}

/// Cells as they may come: numbers, words, and what has to be quoted.
fn cell() -> impl Strategy<Value = String> {
    prop_oneof![
        (0..30_i64).prop_map(|number| number.to_string()),
        (-3_000_000_000_i64..3_000_000_000).prop_map(|number| number.to_string()),
        "[a-z]{1,12}",
        "[ -~]{1,9}",
        "(é|ü|\"|,|\n|\r\n| ){1,6}",
    ]
}

proptest! {
    /// Whatever the `csv` crate reads, this reads, row by row.
    #[test]
    fn csv_is_read_as_the_csv_crate_reads_it(
        rows in prop::collection::vec((cell(), cell(), cell(), cell()), 1..40),
        always in any::<bool>(),
        crlf in any::<bool>(),
    ) {
        let style = if always { csv::QuoteStyle::Always } else { csv::QuoteStyle::Necessary };
        let ends = if crlf { csv::Terminator::CRLF } else { csv::Terminator::Any(b'\n') };
        let mut writer = csv::WriterBuilder::new().quote_style(style).terminator(ends).from_writer(Vec::new());
        writer.write_record(["item", "note", "annotator", "label"]).unwrap();
        for (item, note, annotator, label) in &rows {
            writer.write_record([item, note, annotator, label]).unwrap();
        }
        let bytes = writer.into_inner().unwrap();
        let mut reader = csv::Reader::from_reader(bytes.as_slice());
        let mut seen = std::collections::BTreeSet::new();
        let mut expected: Vec<(String, String, String)> = Vec::new();
        let mut items: Vec<String> = Vec::new();
        for record in reader.records() {
            let record = record.unwrap();
            let (item, annotator, label) = (record[0].to_owned(), record[2].to_owned(), record[3].to_owned());
            if !items.contains(&item) {
                items.push(item.clone());
            }
            if seen.insert((item.clone(), annotator.clone())) {
                expected.push((item, annotator, label));
            }
        }
        expected.sort_by_key(|(item, _, _)| items.iter().position(|known| known == item));
        let expected: Vec<String> = expected.iter().map(|(item, annotator, label)| format!("{item}:{annotator}={label}")).collect();
        let votes = read("votes.csv", &bytes, SKIPPING).unwrap();
        prop_assert_eq!(shown(&votes), expected);
        prop_assert_eq!(votes.skipped.total() as usize, rows.len() - votes.votes());
    }
}

/// Columns of a Parquet file.
pub(super) fn parquet(columns: Vec<(&'static str, ArrayRef)>, rows_per_batch: usize) -> Vec<u8> {
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let properties = WriterProperties::builder()
        .set_max_row_group_row_count(Some(rows_per_batch))
        .build();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.into_inner().unwrap()
}

proptest! {
    #[test]
    fn columns_of_whole_numbers_are_read_as_csv_is(
        rows in prop::collection::vec((0_i64..9, -3_i64..6, 0_i8..4, 1_usize..4), 1..60),
        is_sorted in any::<bool>(),
        wide_items in any::<bool>(),
        gap in prop::sample::select(vec![1_i64, 1_000_003]),
        rows_per_batch in prop::sample::select(vec![7_usize, 100]),
    ) {
        let mut rows: Vec<(i64, i64, i8)> = rows
            .into_iter()
            .flat_map(|(item, annotator, label, times)| (0..times as i64).map(move |more| (item * gap, annotator + 7 * more, label)))
            .collect();
        if is_sorted {
            rows.sort_by_key(|row| row.0);
        }
        let csv: String = rows.iter().map(|(item, annotator, label)| format!("{item},{annotator},{label}\n")).collect();
        let items: ArrayRef = if wide_items {
            Arc::new(Int64Array::from_iter_values(rows.iter().map(|row| row.0)))
        } else {
            Arc::new(Int32Array::from_iter_values(rows.iter().map(|row| row.0 as i32)))
        };
        let bytes = parquet(
            vec![
                ("label", Arc::new(Int8Array::from_iter_values(rows.iter().map(|row| row.2)))),
                ("item", items),
                ("annotator", Arc::new(Int16Array::from_iter_values(rows.iter().map(|row| row.1 as i16)))),
            ],
            rows_per_batch,
        );
        let expected = read("votes.csv", format!("item,annotator,label\n{csv}"), SKIPPING).unwrap();
        let found = read("votes.parquet", bytes, SKIPPING).unwrap();
        prop_assert_eq!(shown(&found), shown(&expected));
        prop_assert_eq!(found.skipped.total(), expected.skipped.total());
        prop_assert!(found.items.iter().eq(expected.items.iter()));
        prop_assert!(found.annotators.iter().eq(expected.annotators.iter()));
        prop_assert_eq!(found.fields[0].annotators, expected.fields[0].annotators);
    }
}

#[test]
fn second_votes_in_columns_of_numbers_are_named_by_row() {
    let numbers = |numbers: [i32; 5]| -> ArrayRef { Arc::new(Int32Array::from_iter_values(numbers)) };
    let bytes = parquet(
        vec![
            ("item", numbers([1, 1, 2, 2, 2])),
            ("annotator", numbers([8, 9, 8, 9, 8])),
            ("label", numbers([0, 1, 0, 0, 1])),
        ],
        100,
    );
    let message = complaint("votes.parquet", &bytes);
    assert!(message.contains("row 5"), "{message}");
    assert!(message.contains("the first is in line 3"), "{message}");
    let votes = read("votes.parquet", bytes, SKIPPING).unwrap();
    assert_eq!(shown(&votes), ["1:8=0", "1:9=1", "2:8=0", "2:9=0"]);
}

#[test]
fn the_format_can_be_said() {
    let options = ReadOptions {
        format: Some(FileFormat::Csv),
        ..ReadOptions::default()
    };
    assert_eq!(
        shown(&read("votes.jsonl", "item,annotator,label\n1,a,x\n", options).unwrap()),
        ["1:a=x"]
    );
}
