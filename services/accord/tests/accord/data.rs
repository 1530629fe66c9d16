//! Projects, import, export and extraction.

use serde_json::Value;

use crate::program::Program;

const RECEIPT: &str = "SHOP LTD\n1 HIGH STREET\n12/03/2018\nTOTAL 12.50\n";

#[test]
fn projects_come_from_templates_and_from_edited_copies_of_them() {
    let program = Program::new();
    let made = program.run(&["project", "create", "--template", "receipt"]).well();
    assert!(made.contains("`receipt`") && made.contains("4 fields"), "{made}");
    program
        .run(&["project", "create", "--template", "receipt"])
        .complains_of(&["receipt"]);
    program
        .run(&["project", "create", "--template", "recipe"])
        .complains_of(&["`recipe`", "invoice, receipt, text-classification"]);
    let text = program.run(&["project", "template", "receipt"]).well();
    program.write("mine.toml", text.replace("name = \"receipt\"", "name = \"mine\""));
    program.run(&["project", "create", "mine.toml"]).well();
    program.write("wrong.toml", text.replace("type = \"money\"", "type = \"cash\""));
    program
        .run(&["project", "create", "wrong.toml"])
        .complains_of(&["wrong.toml", "cash", "money"]);
    program
        .run(&["project", "update", "mine", "wrong.toml"])
        .complains_of(&["wrong.toml"]);
    let listed = program.run(&["project", "list"]).well();
    assert!(listed.contains("receipt") && listed.contains("mine"), "{listed}");
    program
        .run(&["project", "show", "yours"])
        .complains_of(&["`yours`", "accord project list"]);
}

#[test]
fn what_can_be_imported_is_and_the_rest_is_named() {
    let program = Program::with_project("receipt");
    program.write("mail/one.txt", RECEIPT);
    program.write("mail/two.txt", RECEIPT.replace("12.50", "13.50"));
    program.write("mail/two.gold.json", r#"{"gold": {"total": "13.50"}}"#);
    program.write("mail/three.txt", RECEIPT);
    program.write("mail/three.gold.json", "not json");
    program.write("mail/four.pdf", "%PDF-1.7\nnothing that follows is a PDF");
    program.write(
        "mail/more.jsonl",
        "{\"id\": \"five\", \"text\": \"TOTAL 1.00\"}\n{\"text\": \"nameless\"}\n",
    );
    let ended = program.run(&["import", "--project", "bills", "mail"]);
    assert_eq!(ended.code, Some(2), "{}", ended.complaint);
    assert_eq!(ended.output, "3 new, 0 there already, 3 rejected, 1 gold values\n");
    for part in [
        "line 2",
        "`external_id` is missing",
        "four.pdf",
        "three.gold.json is not a JSON object",
    ] {
        assert!(ended.complaint.contains(part), "{part}: {}", ended.complaint);
    }
    program.write("mail/three.gold.json", r#"{"gold": {"total": "12.50"}}"#);
    let again = program
        .run(&[
            "import",
            "--project",
            "bills",
            "mail/three.txt",
            "mail/one.txt",
            "--json",
        ])
        .well();
    let summary: Value = serde_json::from_str(&again).unwrap();
    assert_eq!(
        (&summary["created"], &summary["unchanged"], &summary["gold"]),
        (&1.into(), &1.into(), &1.into())
    );
}

#[test]
fn nothing_is_imported_when_a_path_is_wrong() {
    let program = Program::with_project("receipt");
    program.write("one.txt", RECEIPT);
    program
        .run(&["import", "--project", "bills", "one.txt", "two.txt"])
        .complains_of(&["two.txt does not exist"]);
    std::fs::create_dir(program.path("empty")).unwrap();
    program
        .run(&["import", "--project", "bills", "one.txt", "empty"])
        .complains_of(&["empty holds nothing", "pdf", "jsonl"]);
    program
        .run(&["import", "--project", "nothing", "one.txt"])
        .complains_of(&["`nothing`"]);
    assert!(
        program
            .run(&["project", "show", "bills"])
            .well()
            .contains("has no items yet")
    );
    program.write("page.csv", "text\nhello\n");
    program
        .run(&["import", "--project", "bills", "page.csv"])
        .complains_of(&["page.csv", "external_id"]);
}

#[test]
fn exports_take_their_format_from_the_file() {
    let program = Program::with_project("receipt");
    let line = serde_json::json!({"id": "one", "text": RECEIPT});
    program.write("one.jsonl", format!("{line}\n"));
    program.run(&["import", "--project", "bills", "one.jsonl"]).well();
    program.run(&["work", "--until-idle"]).well();
    for (file, start) in [
        ("votes.csv", "item_id,"),
        ("votes.jsonl", "{\"item_id\""),
        ("votes.parquet", "PAR1"),
    ] {
        assert_eq!(
            program
                .run(&["export", "--project", "bills", "votes", "-o", file])
                .well(),
            ""
        );
        assert!(
            std::fs::read(program.path(file)).unwrap().starts_with(start.as_bytes()),
            "{file}"
        );
        assert!(!program.path(&format!("{file}.partial")).exists());
    }
    let lines = program.run(&["export", "--project", "bills", "consensus"]).well();
    assert_eq!(lines.lines().count(), 4);
    let rows = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let total = rows.into_iter().find(|row| row["field"] == "total").unwrap();
    assert_eq!(
        (&total["value"], &total["confidence_kind"], &total["reason"]),
        (&"12.50".into(), &"uncalibrated".into(), &"uncalibrated".into())
    );
    program
        .run(&["export", "--project", "bills", "votes", "-o", "votes.xlsx"])
        .complains_of(&["xlsx", "parquet", "--format"]);
    program
        .run(&["export", "--project", "bills", "votes", "-o", "nowhere/votes.csv"])
        .complains_of(&["nowhere"]);
}

#[test]
fn one_document_is_read_without_a_project() {
    let program = Program::new();
    program.write("receipt.txt", RECEIPT);
    let shown = program.run(&["extract", "receipt.txt", "--template", "receipt"]).well();
    assert!(
        shown.contains("12.50") && shown.contains("uncalibrated") && shown.contains("needs review"),
        "{shown}"
    );
    let json = program
        .run(&["extract", "receipt.txt", "--template", "receipt", "--json"])
        .well();
    let read: Value = serde_json::from_str(&json).unwrap();
    let total = read["fields"]
        .as_array()
        .unwrap()
        .iter()
        .find(|field| field["field"] == "total")
        .unwrap();
    assert_eq!(total["outcome"]["value"], "12.50", "{total}");
    assert_eq!(total["confidence"]["kind"], "uncalibrated");
    assert!(!program.path("accord-data").exists(), "nothing is stored");
    program
        .run(&["extract", "nothing.pdf"])
        .complains_of(&["nothing.pdf cannot be read"]);
    program
        .run(&["extract", "receipt.txt", "--template", "recipe"])
        .complains_of(&["recipe"]);
    program.write("archive.zip", "PK\u{3}\u{4} and so on");
    program.run(&["extract", "archive.zip"]).complains_of(&["archive.zip"]);
}

#[test]
fn a_lost_model_does_not_keep_the_readers_from_a_document() {
    let program = Program::new();
    program.write("receipt.txt", RECEIPT);
    let template = program.run(&["project", "template", "receipt"]).well();
    let model =
        "\n[[annotators]]\nname = \"model\"\nkind = \"language_model\"\nprovider = \"local\"\nmodel = \"tiny\"\n";
    program.write("receipt.toml", format!("{template}{model}"));
    program.run(&["project", "create", "receipt.toml"]).well();
    program.write(
        "accord.toml",
        "[providers.local]\nbase_url = \"http://127.0.0.1:9/v1\"\n",
    );
    let ended = program.run(&[
        "--config",
        "accord.toml",
        "extract",
        "receipt.txt",
        "--project",
        "receipt",
    ]);
    assert!(
        ended
            .complaint
            .contains("annotator `model` gave no answer: the connection failed"),
        "{}",
        ended.complaint
    );
    assert!(ended.well().contains("12.50"));
}

#[test]
fn the_demonstration_leaves_other_peoples_folders_alone() {
    let program = Program::new();
    program.write("mine/notes.txt", "precious");
    program
        .run(&["demo", "--folder", "mine", "--no-serve"])
        .complains_of(&["mine holds other things", "--folder"]);
    assert_eq!(std::fs::read(program.path("mine/notes.txt")).unwrap(), b"precious");
}

#[test]
fn samples_are_written_where_asked() {
    let program = Program::new();
    program
        .run(&["samples", "out", "--kind", "receipts", "--count", "3"])
        .well();
    let lines = std::fs::read_to_string(program.path("out/receipts.jsonl")).unwrap();
    assert_eq!(lines.lines().count(), 3);
    assert!(
        lines
            .lines()
            .all(|line| serde_json::from_str::<Value>(line).unwrap()["gold"].is_object())
    );
    program.run(&["samples", "out", "--count", "2"]).well();
    assert!(program.path("out/sample-000.pdf").is_file() || program.path("out/sample-001.pdf").is_file());
}

#[test]
fn training_says_what_is_missing_before_it_takes_time() {
    let program = Program::with_project("receipt");
    let train = |more: &[&str]| program.run(&[&["train-reader", "--project", "bills"], more].concat());
    train(&[]).complains_of(&["`bills` has no gold"]);
    train(&["--annotator", "nobody"]).complains_of(&["`nobody`", "trained-model is"]);
    let undecided = program.run(&["project", "create"]);
    assert_eq!(undecided.code, Some(2));
    assert!(undecided.complaint.contains("--template"), "{}", undecided.complaint);
}
