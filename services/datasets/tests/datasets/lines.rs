//! Lines of JSONL and rows of CSV.

use std::collections::BTreeMap;

use accord_datasets::intake::{ImportError, LineFormat};
use accord_domain::{GoldSource, ItemContent, TaskKind};
use accord_store::flow::{self, GoldAnswers};

use crate::house::{House, field, rejections};

const JSONL: LineFormat = LineFormat::JsonLines;

fn data(item: &accord_domain::Item, key: &str) -> String {
    match &item.content {
        ItemContent::Inline { data } => data[key].as_str().unwrap().to_owned(),
        ItemContent::File { .. } => panic!("a line is data"),
    }
}

#[tokio::test]
async fn good_lines_are_kept_and_bad_ones_named() {
    let house = House::open().await;
    let input = concat!(
        "{\"external_id\": \"a\", \"text\": \"one\", \"gold\": {\"label\": \"x\", \"total\": null}, \"metadata\": {\"day\": 1}}\n",
        "\n",
        "{\"external_id\": \"b\", \"text\": 5}\r\n",
        "not json\n",
        "{\"external_id\": \"c\", \"text\": \"three\", \"gold\": {\"colour\": \"red\"}}\n",
        "{\"text\": \"nameless\"}\n",
        "{\"external_id\": \"d\", \"text\": \"Grüße, 世界\"}",
    );
    let summary = house.import(JSONL, input).await;
    assert_eq!(
        (summary.created, summary.unchanged, summary.rejected, summary.gold),
        (2, 0, 4, 2)
    );
    let rejections = rejections(&summary);
    let expected = [
        ("line 3", "`text` must be a string"),
        ("line 4", "not valid JSON"),
        ("line 5", "gold: "),
        ("line 6", "`external_id` is missing"),
    ];
    for (place, problem) in expected {
        assert!(
            rejections
                .iter()
                .any(|(at, what)| *at == place && what.contains(problem)),
            "{place}: {rejections:?}"
        );
    }
    assert_eq!(
        summary
            .rejections
            .iter()
            .find(|one| one.place == "line 5")
            .unwrap()
            .external_id
            .as_deref(),
        Some("c")
    );
    assert_eq!(data(&house.item("d").await, "text"), "Grüße, 世界");
    let first = house.item("a").await;
    assert_eq!(first.metadata["day"], 1);
    let gold = BTreeMap::from([
        ("label".to_owned(), "x".to_owned()),
        ("total".to_owned(), "__ABSENT__".to_owned()),
    ]);
    assert_eq!(house.gold(first.id).await, gold);
    assert_eq!(house.planned(TaskKind::Annotate).await, 4);
    assert_eq!(house.planned(TaskKind::Refit).await, 1);
}

#[tokio::test]
async fn importing_again_adds_nothing() {
    let house = House::open().await;
    let input = "{\"id\": 1, \"text\": \"one\", \"gold\": {\"label\": \"x\"}}\n{\"id\": 2, \"text\": \"two\"}\n";
    let first = house.import(JSONL, input).await;
    let again = house.import(JSONL, input).await;
    assert_eq!((first.created, first.gold), (2, 1));
    assert_eq!(
        (again.created, again.unchanged, again.rejected, again.gold),
        (0, 2, 0, 0)
    );
    assert_eq!(first.items[0].item_id, again.items[0].item_id);
    assert_eq!(house.planned(TaskKind::Annotate).await, 4);
    let changed = house.import(JSONL, "{\"id\": 1, \"text\": \"another\"}").await;
    assert_eq!(changed.rejected, 1);
    assert!(
        changed.rejections[0].problem.contains("other content"),
        "{:?}",
        changed.rejections
    );
    assert_eq!(data(&house.item("1").await, "text"), "one");
}

#[tokio::test]
async fn the_last_gold_of_an_item_counts_however_often_it_is_imported() {
    let house = House::open().await;
    let input = "{\"id\": \"a\", \"text\": \"t\", \"gold\": {\"label\": \"first\"}}\n{\"id\": \"a\", \"text\": \"t\", \"gold\": {\"label\": \"second\"}}\n";
    for round in 0..3 {
        house.import(JSONL, input).await;
        let gold = house.gold(house.item("a").await.id).await;
        assert_eq!(gold["label"], "second", "round {round}");
    }
}

#[tokio::test]
async fn what_a_person_resolved_outranks_a_repeated_import() {
    let house = House::open().await;
    let input = "{\"id\": \"a\", \"text\": \"t\", \"gold\": {\"label\": \"imported\", \"total\": \"5.00\"}}";
    house.import(JSONL, input).await;
    let item = house.item("a").await.id;
    let answer =
        accord_domain::normalise::answer_from_json(&house.project.definition.fields[0], &"resolved".into()).unwrap();
    let gold = GoldAnswers {
        item_id: item,
        answers: BTreeMap::from([(field("label"), answer)]),
    };
    let mut tx = house.store.write().await.unwrap();
    flow::import_gold(
        tx.as_mut(),
        house.environment.as_ref(),
        &house.project,
        &[gold],
        GoldSource::Adjudicated,
        None,
    )
    .await
    .unwrap();
    tx.commit().await.unwrap();
    let changed = "{\"id\": \"a\", \"text\": \"t\", \"gold\": {\"label\": \"imported\", \"total\": \"6.00\"}}";
    let summary = house.import(JSONL, changed).await;
    assert_eq!(summary.gold, 1, "only the total is new");
    let gold = house.gold(item).await;
    assert_eq!(gold["label"], "resolved");
    assert!(gold["total"].contains('6'), "{gold:?}");
}

#[tokio::test]
async fn csv_cells_may_hold_line_breaks_quotes_and_commas() {
    let house = House::open().await;
    let input = concat!(
        "\u{feff}external_id, text ,gold.label,metadata.page\r\n",
        "a,\"one,\r\ntwo \"\"three\"\"\nfour\",x,7\r\n",
        "\r\n",
        "b,a pipe of 5\" width,,\r\n",
        "c,\"short\",\r\n",
        "d,\"\",,\r\n",
        "e,last,y,8",
    );
    let summary = house.import(LineFormat::Csv, input).await;
    assert_eq!(
        (summary.created, summary.rejected, summary.gold),
        (3, 2, 2),
        "{:?}",
        summary.rejections
    );
    let rejections = rejections(&summary);
    assert!(
        rejections.contains(&("line 7", "3 cells, but the header has 4")),
        "{rejections:?}"
    );
    assert!(rejections.contains(&("line 8", "`text` is empty")), "{rejections:?}");
    let first = house.item("a").await;
    assert_eq!(data(&first, "text"), "one,\r\ntwo \"three\"\nfour");
    assert_eq!(first.metadata["page"], "7");
    assert_eq!(data(&house.item("b").await, "text"), "a pipe of 5\" width");
    assert_eq!(data(&house.item("e").await, "text"), "last");
}

#[tokio::test]
async fn headers_that_cannot_be_used_are_refused_as_a_whole() {
    let house = House::open().await;
    for (input, expected) in [
        ("text,label\na,b\n", "no column `external_id`"),
        ("external_id,text,text\na,b,c\n", "column `text` twice"),
        ("external_id,text\ra,b\rc,d\r", "carriage return"),
    ] {
        match house.try_import(LineFormat::Csv, input.as_bytes()).await {
            Err(ImportError::Form(problem)) => assert!(problem.contains(expected), "{problem}"),
            other => panic!("{input:?}: {other:?}"),
        }
    }
    assert!(house.items().await.is_empty());
}

#[tokio::test]
async fn empty_input_is_an_empty_import() {
    let house = House::open().await;
    for (format, input) in [
        (JSONL, ""),
        (JSONL, "\n\n \n"),
        (LineFormat::Csv, ""),
        (LineFormat::Csv, "id,text\n"),
    ] {
        assert_eq!(
            house.import(format, input).await,
            accord_datasets::intake::ImportSummary::default(),
            "{input:?}"
        );
    }
}

#[tokio::test]
async fn bytes_that_are_no_text_cost_their_line_only() {
    let house = House::open().await;
    let mut input = b"{\"id\": \"a\", \"text\": \"one\"}\n{\"id\": \"b\", \"text\": \"\xff\xfe\"}\n".to_vec();
    input.extend_from_slice(b"{\"id\": \"c\", \"text\": \"three\"}\n");
    let summary = house.import(JSONL, input).await;
    assert_eq!((summary.created, summary.rejected), (2, 1));
    assert_eq!(
        rejections(&summary),
        [("line 2", "not valid UTF-8: save the file as UTF-8")]
    );
}

#[tokio::test]
async fn a_huge_line_is_passed_over() {
    let house = House::open().await;
    let mut input = b"{\"id\": \"a\", \"text\": \"".to_vec();
    input.resize(9 << 20, b'x');
    input.extend_from_slice(b"\"}\n{\"id\": \"b\", \"text\": \"two\"}\n");
    let summary = house.import(JSONL, input).await;
    assert_eq!((summary.created, summary.rejected), (1, 1));
    assert_eq!(rejections(&summary), [("line 1", "longer than 8 MiB")]);
}

#[tokio::test]
async fn a_quote_left_open_is_found_in_good_time() {
    let house = House::open().await;
    let mut input = "id,text\na,one\nb,\"never closed\n".to_owned();
    for number in 0..200_000 {
        input.push_str(&format!("{number},a line like any other in this file\n"));
    }
    let started = std::time::Instant::now();
    let importer = house.importer();
    let mut first = None;
    let unclosed = importer.import_lines(
        &house.project,
        LineFormat::Csv,
        &input.as_bytes()[..9_000_000.min(input.len())],
        |summary, _| {
            first.get_or_insert(summary.clone());
        },
    );
    let summary = unclosed.await.unwrap();
    assert!(
        started.elapsed() < std::time::Duration::from_secs(60),
        "the time grows with the square of the rows"
    );
    assert_eq!(summary.created, 1);
    assert!(
        summary.rejections[0].place == "line 3" && summary.rejected == 1,
        "{:?}",
        summary.rejections
    );
    assert!(
        summary.rejections[0].problem.contains("not closed"),
        "{:?}",
        summary.rejections
    );
}

#[tokio::test]
async fn names_of_items_are_checked() {
    let house = House::open().await;
    let long = "n".repeat(501);
    let lines = ["  ", "a\\u0000b", &long]
        .map(|name| format!("{{\"id\": \"{name}\", \"text\": \"t\"}}"))
        .join("\n");
    let summary = house.import(JSONL, lines).await;
    assert_eq!((summary.created, summary.rejected), (0, 3));
    let problems: Vec<&str> = rejections(&summary).into_iter().map(|(_, problem)| problem).collect();
    assert!(
        problems[0].contains("empty") && problems[1].contains("control") && problems[2].contains("500 bytes"),
        "{problems:?}"
    );
}

#[tokio::test]
async fn more_lines_than_one_transaction_takes_keep_their_numbers() {
    let house = House::open().await;
    let lines: Vec<String> = (1..=2345)
        .map(|number| {
            if number % 500 == 0 {
                "broken".to_owned()
            } else {
                format!("{{\"id\": {number}, \"text\": \"line {number}\"}}")
            }
        })
        .collect();
    let mut seen = Vec::new();
    let importer = house.importer();
    let text = lines.join("\n");
    let summary = importer
        .import_lines(&house.project, JSONL, text.as_bytes(), |summary, bytes| {
            seen.push((summary.created, bytes))
        })
        .await
        .unwrap();
    assert_eq!((summary.created, summary.rejected), (2341, 4));
    let places: Vec<&str> = rejections(&summary).into_iter().map(|(place, _)| place).collect();
    assert_eq!(places, ["line 500", "line 1000", "line 1500", "line 2000"]);
    assert_eq!(summary.items.len(), 1000, "lists are cut, counts are not");
    assert_eq!(seen.len(), 3);
    assert_eq!(seen.last(), Some(&(2341, text.len() as u64)));
}
