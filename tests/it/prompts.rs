//! Prompts against a scripted model: one tried by hand, and one model asked in five ways that is one witness.

use std::time::Duration;

use serde_json::{Value, json};

use crate::database::DatabaseKind;
use crate::house::House;
use crate::scripted::ScriptedModel;
use crate::scripted::action::{COMPLETION_TOKENS, PROMPT_TOKENS, answer, says};

crate::on_both_databases!(five_permutations_of_one_model_count_as_one_vote);

const PERMUTATIONS: [&str; 5] = [
    "tiny.paraphrase",
    "tiny.paraphrase.reversed-fields",
    "tiny.plain",
    "tiny.reversed-fields",
    "tiny.shuffled-fields-1",
];

fn definition() -> Value {
    json!({
        "name": "letters",
        "fields": [
            { "name": "label", "type": "choice", "options": ["praise", "complaint", "question"] },
            { "name": "amount", "type": "decimal", "locale": "en" },
        ],
        "annotators": [
            { "name": "tiny", "kind": "language_model", "provider": "scripted", "model": "tiny", "permutations": 5 },
            { "name": "other", "kind": "language_model", "provider": "scripted", "model": "other", "prompt": "classify" },
        ],
    })
}

async fn five_permutations_of_one_model_count_as_one_vote(kind: DatabaseKind) {
    // The model takes the option that is named first, as weak models do; the other model does not.
    let model = ScriptedModel::start(Duration::from_millis(2), |call| {
        let schema = &call.body["response_format"]["json_schema"]["schema"];
        let label = match call.model {
            "tiny" => schema["properties"]["label"]["enum"][0].clone(),
            _ => json!("complaint"),
        };
        answer(&json!({ "label": label, "amount": 12.5 }))
    })
    .await;
    let variables = model.provider("scripted", &[]);
    let variables: Vec<(&str, &str)> = variables.iter().map(|(name, value)| (&**name, &**value)).collect();
    let house = House::open_with(kind, &variables, &[]).await;
    let admin = house.administrator().await;
    admin.post("/api/v1/projects", &definition()).await.expect(201);
    admin
        .import("letters", &[json!({ "external_id": "one", "text": "Thank you!\nAnn" })])
        .await;
    admin.wait_until_idle("letters").await;

    let annotators = admin.get("/api/v1/projects/letters/annotators").await.expect(200);
    let annotators = annotators.as_array().unwrap();
    let mut names: Vec<&str> = annotators
        .iter()
        .filter(|one| one["family"] == "tiny")
        .map(|one| one["name"].as_str().unwrap())
        .collect();
    names.sort_unstable();
    assert_eq!(names, PERMUTATIONS, "one family, whatever the prompt");

    let prompts: std::collections::BTreeSet<String> = admin
        .rows("/api/v1/projects/letters/annotations")
        .await
        .iter()
        .map(|row| row["provenance"]["prompt_hash"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(prompts.len(), 3);
    assert_eq!(model.total_calls(), 6, "every permutation is a question of its own");
    for row in admin.rows("/api/v1/projects/letters/consensus").await {
        assert_eq!(row["vote_count"], 6, "{row}");
        let effective = row["effective_vote_count"].as_f64().unwrap();
        assert!(
            (effective - 2.0).abs() < 1e-9,
            "two models are two witnesses at most: {row}"
        );
        if row["field"] == "label" {
            let first = &row["classes"][0];
            assert_eq!(
                (&first["canonical"], &first["vote_count"]),
                (&json!("complaint"), &json!(2)),
                "each label has two votes: {row}"
            );
            assert!(
                (first["share"].as_f64().unwrap() - 0.6).abs() < 1e-9,
                "1.2 of 2 witnesses: {row}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_prompt_is_tried_on_one_document_and_nothing_is_stored() {
    let model = ScriptedModel::start(Duration::from_millis(2), |call| match call.model {
        "tiny" => says(
            "Sure: {\"label\": \"praise\", \"amount\": \"1,2,3\", \"gold\": 1}",
            "stop",
        ),
        _ => says("{\"label\": \"pra", "length"),
    })
    .await;
    let prices = [("INPUT_PRICE", "2.50"), ("OUTPUT_PRICE", "10"), ("CURRENCY", "USD")];
    let variables = model.provider("scripted", &prices);
    let variables: Vec<(&str, &str)> = variables.iter().map(|(name, value)| (&**name, &**value)).collect();
    let house = House::open_with(DatabaseKind::Sqlite, &variables, &["--no-workers"]).await;
    std::fs::write(house.folder().join("letters.json"), definition().to_string()).unwrap();
    std::fs::write(house.folder().join("letter.txt"), "Thank you!\nAnn").unwrap();
    let arguments = [
        "prompt",
        "try",
        "classify",
        "--project",
        "letters.json",
        "--text",
        "letter.txt",
    ];
    let with = |flags: &[&'static str]| [&arguments[..], flags].concat();

    let printed = house
        .surroundings
        .run(&with(&["--annotator", "tiny.plain", "--json"]))
        .await;
    let tried: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(tried["answers"]["label"]["canonical"], "praise");
    assert_eq!(tried["answers"].as_object().unwrap().len(), 2);
    assert_eq!(
        (&tried["input_tokens"], &tried["output_tokens"]),
        (&json!(PROMPT_TOKENS), &json!(COMPLETION_TOKENS))
    );
    assert_eq!((&tried["cost"], &tried["currency"]), (&json!("0.00035"), &json!("USD")));
    assert_eq!(
        (&tried["prompt"]["name"], &tried["answered_as"]),
        (&json!("classify"), &json!("tiny-2026"))
    );
    assert!(tried["user_characters"].as_u64().unwrap() > 50 && tried["latency_milliseconds"].as_i64().unwrap() >= 0);

    let words = house
        .surroundings
        .run(&with(&["--provider", "scripted", "--model", "tiny"]))
        .await;
    for part in [
        "classify@",
        "characters of rules",
        "praise",
        "not readable as its type",
        "0.00035 USD",
        "100 tokens in, 10 out",
    ] {
        assert!(words.contains(part), "{part}: {words}");
    }
    let failed = house
        .surroundings
        .run_with_input(&with(&["--provider", "scripted", "--model", "cut"]), "")
        .await;
    assert_eq!(failed.status.code(), Some(1));
    let complaint = String::from_utf8_lossy(&failed.stderr);
    assert!(
        complaint.contains("cut off at the token limit") && complaint.contains("{\\\"label"),
        "{complaint}"
    );
    assert_eq!(model.total_calls(), 3, "nothing is kept, so every try asks");
}
