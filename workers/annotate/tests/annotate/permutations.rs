//! One model asked in several ways: other orders, other words, other examples; and what is the same question.

use std::collections::BTreeSet;

use accord_domain::{Answer, Gold, GoldId, GoldSource, Order, answer_from_json, document_of, fold_of, is_set_apart};
use accord_store::SystemEnvironment;
use serde_json::{Value, json};

use crate::endpoint::{Behaviour, Endpoint, says};
use crate::house::{House, definition};
use crate::requests::asked;

const GOOD: &str = r#"{"sender": "Ben", "mood": "glad"}"#;

fn question(body: &Value) -> &str {
    body["messages"][1]["content"].as_str().unwrap()
}

fn with_annotator(changes: Value) -> Value {
    let mut definition = definition();
    for (key, value) in changes.as_object().unwrap() {
        definition["annotators"][0][key] = value.clone();
    }
    definition
}

#[tokio::test]
async fn fields_and_options_change_places_in_words_and_schema() {
    let (declared, _) = asked(|_| {}, json!({}), None).await;
    let (reversed, _) = asked(|model| model.field_order = Order::Reversed, json!({}), None).await;
    assert!(question(&declared).find("- sender").unwrap() < question(&declared).find("- mood").unwrap());
    assert!(question(&reversed).find("- mood").unwrap() < question(&reversed).find("- sender").unwrap());
    assert!(question(&declared).contains("One of: glad, sad.") && question(&reversed).contains("One of: sad, glad."));
    let schema = |body: &Value| body["response_format"]["json_schema"]["schema"].clone();
    assert_eq!(schema(&declared)["required"], json!(["sender", "mood"]));
    assert_eq!(schema(&reversed)["required"], json!(["mood", "sender"]));
    assert_eq!(
        schema(&reversed)["properties"]["mood"]["enum"],
        json!(["sad", "glad", null])
    );
    let (turned, _) = asked(|model| model.chunk_order = Order::Reversed, json!({}), None).await;
    assert!(
        question(&turned).contains(">\n[part 2 of 2]\nwhat a day! Yours, Ben\n[part 1 of 2]\nDear Ann,\n</"),
        "{}",
        question(&turned)
    );
}

#[tokio::test]
async fn every_permutation_is_a_question_of_its_own_and_stays_it() {
    let endpoint = Endpoint::serve([says(GOOD)]).await;
    let letter = "Dear Ann,\nwhat a day! Yours, Ben";
    let mut definition = with_annotator(json!({"permutations": 6}));
    definition["fields"][1]["options"] = json!(["glad", "sad", "calm", "cross"]);
    let house = House::with(&endpoint.base_url, definition, &[("one", letter)]).await;
    while house.work().await > 0 {}
    let annotations = house.annotations().await;
    let keys: BTreeSet<_> = annotations
        .iter()
        .map(|one| one.provenance.call_key.clone().unwrap())
        .collect();
    let bodies: BTreeSet<String> = endpoint.received().iter().map(|one| one.body.to_string()).collect();
    assert_eq!((annotations.len(), keys.len(), bodies.len()), (6, 6, 6));
    let prompts: BTreeSet<_> = annotations
        .iter()
        .map(|one| one.provenance.prompt_hash.clone().unwrap())
        .collect();
    assert_eq!(prompts.len(), 2, "the prompt and its paraphrase");
    for hash in prompts {
        let text = house.blobs.get(&hash).await.unwrap().unwrap();
        assert!(
            String::from_utf8_lossy(&text).contains("purpose = \"Extracts all fields"),
            "what was used is kept"
        );
    }
    let mut tx = house.store.read().await.unwrap();
    let families: BTreeSet<String> = tx
        .annotators_of_project(house.project.id)
        .await
        .unwrap()
        .into_iter()
        .map(|one| one.family)
        .collect();
    drop(tx);
    assert_eq!(families, BTreeSet::from(["tiny".to_owned()]), "one model is one family");

    // The same letter again: the same questions, all of them known.
    house.add(&[("two", letter)]).await;
    while house.work().await > 0 {}
    assert_eq!(house.annotations().await.len(), 12);
    assert_eq!(endpoint.received().len(), 6);
}

#[tokio::test]
async fn one_choice_is_one_of_the_options() {
    let mut definition = with_annotator(json!({"prompt": "choose"}));
    definition["fields"].as_array_mut().unwrap().remove(0);
    for (reply, class) in [
        (r#"{"mood": "glad"}"#, Some("glad")),
        (r#"{"mood": null}"#, None),
        (r#"{"mood": "angry"}"#, None),
    ] {
        let endpoint = Endpoint::serve([says(reply)]).await;
        let house = House::with(&endpoint.base_url, definition.clone(), &[("one", "Dear Ann")]).await;
        house.work().await;
        let schema = &endpoint.received()[0].body["response_format"]["json_schema"]["schema"];
        assert_eq!(schema["properties"]["mood"]["enum"], json!(["glad", "sad"]));
        assert_eq!(schema["properties"]["mood"]["type"], "string");
        let answer = house
            .annotations()
            .await
            .remove(0)
            .answers
            .remove(&"mood".parse().unwrap())
            .unwrap();
        assert_eq!(answer.class(), class, "{answer:?}");
        assert!(class.is_some() || matches!(answer, Answer::Failed { .. }), "{answer:?}");
    }
}

/// Letters with gold, and the senders they are from.
async fn with_gold(base_url: &str, changes: Value, count: usize) -> House {
    let letters: Vec<(String, String)> = (0..count)
        .map(|number| {
            (
                format!("letter-{number}"),
                format!("Dear Ann, letter {number}. Yours, Sender{number:03} Ltd"),
            )
        })
        .collect();
    let letters: Vec<(&str, &str)> = letters
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_str()))
        .collect();
    let house = House::with(base_url, with_annotator(changes), &letters).await;
    let environment = SystemEnvironment;
    let mut values = Vec::new();
    for (number, item) in house.items.iter().enumerate() {
        for field in &house.project.definition.fields {
            let value = if field.name.as_str() == "mood" {
                json!("glad")
            } else {
                json!(format!("Sender{number:03} Ltd"))
            };
            values.push(Gold {
                id: GoldId::generate(&environment),
                project_id: house.project.id,
                item_id: item.id,
                field: field.name.clone(),
                answer: answer_from_json(field, &value).unwrap(),
                source: GoldSource::Imported,
                propensity: None,
                user_id: None,
                created_at: item.created_at,
            });
        }
    }
    let mut tx = house.store.write().await.unwrap();
    tx.insert_gold(&values).await.unwrap();
    tx.commit().await.unwrap();
    house
}

#[tokio::test]
async fn examples_come_from_gold_of_other_folds_and_are_on_record() {
    let endpoint = Endpoint::serve([says(GOOD)]).await;
    let house = with_gold(&endpoint.base_url, json!({"examples": 2, "examples_seed": 1}), 20).await;
    while house.work().await > 0 {}
    let annotations = house.annotations().await;
    assert_eq!(annotations.len(), 20);
    for annotation in &annotations {
        let hash_of = |id| {
            let item = house.items.iter().find(|item| item.id == id).unwrap();
            item.content_hash.as_str()
        };
        let own = hash_of(annotation.item_id);
        let examples = &annotation.provenance.example_item_ids;
        assert_eq!(examples.len(), 2);
        for example in examples {
            let hash = hash_of(*example);
            assert_ne!(fold_of(hash), fold_of(own));
            assert!(!is_set_apart(document_of(hash)));
        }
    }
    for received in endpoint.received() {
        let question = question(&received.body);
        assert_eq!(
            question.matches("<document-").count(),
            3,
            "each example stands between marks of its own"
        );
        assert_eq!(
            question.matches(r#"{"sender":"Sender"#).count(),
            2,
            "with its right answer: {question}"
        );
        let (_, own) = question.rsplit_once("Yours, ").unwrap();
        let own = own.split_once('\n').unwrap().0;
        assert_eq!(question.matches(own).count(), 1, "and never its own gold: {question}");
    }
}

#[tokio::test]
async fn what_is_copied_from_an_example_is_no_answer() {
    // A model that answers with the first sender that it reads, which is an example's.
    let copier = |request: &Value| {
        let (_, rest) = question(request).split_once("\"sender\":\"").unwrap();
        let sender = rest.split_once('"').unwrap().0;
        says(&json!({"sender": sender, "mood": "glad"}).to_string())
    };
    let endpoint = Endpoint::serve([Behaviour::Obey(copier)]).await;
    let house = with_gold(&endpoint.base_url, json!({"examples": 3}), 20).await;
    while house.work().await > 0 {}
    for annotation in house.annotations().await {
        let sender = &annotation.answers[&"sender".parse().unwrap()];
        assert!(
            matches!(sender, Answer::Failed { reason } if reason.contains("stands in an example")),
            "{sender:?}"
        );
        assert_eq!(annotation.answers[&"mood".parse().unwrap()].class(), Some("glad"));
    }
}
