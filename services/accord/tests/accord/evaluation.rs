//! Ways to be sure of a value, compared on a project's own gold; and a real language model, where one is served.

use serde_json::{Value, json};

use crate::program::Program;

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn a_projects_own_gold_tells_which_way_to_be_sure_serves_best() {
    let program = Program::with_project("receipt");
    program
        .run(&["evaluate", "--project", "bills"])
        .complains_of(&["`bills` has no gold"]);
    program
        .run(&["samples", "receipts", "--kind", "receipts", "--count", "40"])
        .well();
    program.run(&["import", "--project", "bills", "receipts"]).well();
    program.run(&["work", "--until-idle"]).well();
    let found = json(&program.run(&["evaluate", "--project", "bills", "--json"]).well());
    let total = found["fields"]
        .as_array()
        .unwrap()
        .iter()
        .find(|field| field["field"] == "total")
        .unwrap();
    let methods: Vec<&str> = total["methods"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|found| found["method"].as_str())
        .collect();
    assert_eq!(methods, ["voting", "combined"]);
    let voting = &total["methods"][0];
    assert_eq!(
        (&voting["scored"], &voting["cost"]["calls"]),
        (&total["items"], &json!(0.0)),
        "readers are no calls"
    );
    assert!(voting["accuracy"].as_f64().unwrap() > 0.5, "{voting}");
    assert_eq!(total["left_out"][0]["method"], "logprobs");
    let printed = program
        .run(&["evaluate", "--project", "bills", "--methods", "voting,logprobs"])
        .well();
    for part in [
        "base rate",
        "levels",
        "total: logprobs is left out: no annotator has token probabilities",
    ] {
        assert!(printed.contains(part), "{part}: {printed}");
    }
}

#[test]
fn documents_and_projects_are_evaluated_by_different_flags() {
    let program = Program::new();
    let cases: [(&[&str], &str); 4] = [
        (&["evaluate"], "<PATH|--project <NAME>>"),
        (&["evaluate", "receipts.jsonl"], "--template"),
        (&["evaluate", "--project", "bills", "--candidates"], "PATH"),
        (
            &[
                "evaluate",
                "receipts.jsonl",
                "--template",
                "receipt",
                "--project",
                "bills",
            ],
            "cannot be used with",
        ),
    ];
    for (arguments, part) in cases {
        let ended = program.run(arguments);
        assert_eq!(ended.code, Some(2), "{}", ended.complaint);
        assert!(ended.complaint.contains(part), "{arguments:?}: {}", ended.complaint);
    }
}

/// Looks at what came about, and at no label or speed: the model is small and the machine may be busy.
#[test]
#[ignore = "asks the model that `make llm` serves"]
fn a_real_model_votes_and_says_how_sure_it_is() {
    const SENTENCES: usize = 30;
    let program = Program::new();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/language-model");
    let read = |name: &str| std::fs::read_to_string(format!("{folder}/{name}")).unwrap();
    program.write(
        "accord.toml",
        read("accord.toml").replace("target/language-model/demo/", ""),
    );
    program.write("topics.toml", read("topics.toml"));
    let sentences: Vec<String> = read("topics.jsonl")
        .lines()
        .take(SENTENCES)
        .map(str::to_owned)
        .collect();
    program.write("topics.jsonl", sentences.join("\n"));
    let run = |arguments: &[&str]| program.run(&[&["--config", "accord.toml"], arguments].concat());
    run(&["provider", "check", "small"]).well();
    run(&["project", "create", "topics.toml"]).well();
    run(&["import", "--project", "topics", "topics.jsonl"]).well();
    run(&["work", "--until-idle"]).well();
    let found = json(&run(&["evaluate", "--project", "topics", "--json"]).well());
    let topic = &found["fields"][0];
    let methods = topic["methods"].as_array().unwrap();
    assert_eq!((&topic["items"], methods.len()), (&json!(SENTENCES), 4), "{topic}");
    for (method, calls) in methods.iter().zip([5.0, 1.0, 8.0, 8.0]) {
        assert_eq!(method["cost"]["calls"], json!(calls), "{method}");
        assert!(
            method["scored"].as_u64().unwrap() as usize >= SENTENCES * 4 / 5,
            "{method}"
        );
        let levels = method["levels"].as_u64().unwrap();
        assert!(
            levels > 5,
            "token probabilities differ from sentence to sentence: {method}"
        );
        assert!(method["auroc"].is_number(), "{method}");
    }
    let ratings = topic["judge"]["ratings"].as_u64().unwrap() as usize;
    assert!(ratings >= 3 * SENTENCES * 4 / 5, "{topic}");
    let voting_tokens = methods[0]["cost"]["input_tokens"].as_f64().unwrap();
    assert!(
        voting_tokens > 4.0 * methods[1]["cost"]["input_tokens"].as_f64().unwrap(),
        "{topic}"
    );
}
