//! What is found out about endpoints by tiny calls.

use accord_annotate::provider::{Extra, ProviderCheck, Verdict};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::endpoint::{Behaviour, Endpoint, says, status};
use crate::house::{KEY, provider};

fn reply(content: &str, logprobs: &Value, usage: &Value) -> Behaviour {
    let body = json!({
        "model": "tiny-2", "usage": usage,
        "choices": [{"message": {"content": content}, "finish_reason": "eos", "logprobs": logprobs}],
    });
    Behaviour::Answer(200, Vec::new(), body.to_string())
}

async fn check(plan: Vec<Behaviour>) -> (ProviderCheck, Vec<Value>) {
    let endpoint = Endpoint::serve(plan).await;
    let check = provider(&endpoint.base_url, &json!({})).check("tiny").await.unwrap();
    let bodies = endpoint.received().into_iter().map(|received| received.body).collect();
    (check, bodies)
}

fn verdicts(check: &ProviderCheck) -> Vec<(Extra, Verdict)> {
    check.extras.iter().map(|found| (found.extra, found.verdict)).collect()
}

#[tokio::test]
async fn one_call_tells_what_works() {
    let logprobs = json!({"content": [{"token": "{", "logprob": -0.1}, {"token": "x", "logprob": null}]});
    let usage = json!({"prompt_tokens": 30, "completion_tokens": 9});
    let (found, bodies) = check(vec![reply(r#"{"answer": "amber-17"}"#, &logprobs, &usage)]).await;
    assert_eq!(
        verdicts(&found),
        [
            (Extra::JsonSchema, Verdict::Works),
            (Extra::Logprobs, Verdict::Works),
            (Extra::Seed, Verdict::Accepted),
            (Extra::Temperature, Verdict::Accepted),
        ]
    );
    assert_eq!((found.calls, bodies.len()), (1, 1));
    assert_eq!((found.input_tokens, found.output_tokens), (Some(30), Some(9)));
    assert_eq!(found.answered_as.as_deref(), Some("tiny-2"));
    assert_eq!(found.finish_reason.as_deref(), Some("eos"));
    // The words must not give away what only the schema says.
    assert!(!bodies[0]["messages"].to_string().contains("amber-17"));
}

#[tokio::test]
async fn what_is_ignored_in_silence_is_seen_by_its_result() {
    let (found, _) = check(vec![reply(r#"{"answer": "yes"}"#, &Value::Null, &Value::Null)]).await;
    assert_eq!(
        verdicts(&found)[..2],
        [
            (Extra::JsonSchema, Verdict::Ignored),
            (Extra::Logprobs, Verdict::Ignored)
        ]
    );
    assert_eq!((found.input_tokens, found.output_tokens), (None, None));
}

#[tokio::test]
async fn what_is_refused_is_found_one_by_one() {
    let refused = || {
        status(
            400,
            r#"{"error": {"code": 400, "message": "Logprobs is not supported"}}"#,
        )
    };
    let plain = || says("yes");
    let schema = says(r#"{"answer":"amber-17"}"#);
    let (found, bodies) = check(vec![refused(), plain(), schema, refused(), plain(), plain()]).await;
    assert_eq!(
        verdicts(&found),
        [
            (Extra::JsonSchema, Verdict::Works),
            (Extra::Logprobs, Verdict::Refused),
            (Extra::Seed, Verdict::Accepted),
            (Extra::Temperature, Verdict::Accepted),
        ]
    );
    assert!(found.extras[1].reason.contains("Logprobs is not supported"));
    assert_eq!(found.calls, 6);
    assert_eq!(bodies[1].get("logprobs"), None);
    assert_eq!(bodies[3]["logprobs"], true);
    assert_eq!(found.input_tokens, Some(4000));
}

#[tokio::test]
async fn an_endpoint_that_does_not_answer_is_an_error_without_the_key() {
    let body = format!(r#"{{"error": {{"message": "Incorrect API key: {KEY}"}}}}"#);
    for (plan, part) in [
        (vec![status(401, &body)], "401"),
        (vec![status(400, "no"), status(404, "no such model")], "no such model"),
        (vec![status(200, "{}")], "no choice"),
    ] {
        let endpoint = Endpoint::serve(plan).await;
        let error = provider(&endpoint.base_url, &json!({}))
            .check("tiny")
            .await
            .unwrap_err();
        let words = error.to_string();
        assert!(words.contains(part) && !words.contains(KEY), "{words}");
    }
}

#[tokio::test]
async fn batches_are_tried_where_they_are_configured() {
    let endpoint = Endpoint::serve([says("{}")]).await;
    let configured = provider(&endpoint.base_url, &json!({"batch": {"price_factor": "0.5"}}));
    let found = async |provider: &accord_annotate::provider::Provider| {
        let batches = provider.check("tiny").await.unwrap().batches;
        batches.map(|batches| (batches.verdict, batches.reason))
    };
    assert_eq!(found(&provider(&endpoint.base_url, &json!({}))).await, None);
    let (verdict, reason) = found(&configured).await.unwrap();
    assert_eq!(
        (verdict, reason.as_str()),
        (Verdict::Refused, "provider answered 404: no such path")
    );
    endpoint.has_batches();
    assert_eq!(found(&configured).await.unwrap().0, Verdict::Works);
}

/// An image and a file are behind the words of one call, and the file is one that can be read.
#[tokio::test]
async fn images_and_files_are_tried_where_they_are_configured() {
    let endpoint = Endpoint::serve([says("{}")]).await;
    let settings = json!({"images": true, "files": true});
    let found = provider(&endpoint.base_url, &settings).check("tiny").await.unwrap();
    let tried = [(Extra::Images, Verdict::Accepted), (Extra::Files, Verdict::Accepted)];
    assert_eq!(verdicts(&found)[4..], tried);
    let body = endpoint.received().remove(0).body;
    let parts = body["messages"][1]["content"].as_array().unwrap();
    let kinds: Vec<&Value> = parts.iter().map(|part| &part["type"]).collect();
    assert_eq!(kinds, ["text", "image_url", "file"]);
    let data = parts[2]["file"]["file_data"].as_str().unwrap();
    let file = STANDARD
        .decode(data.strip_prefix("data:application/pdf;base64,").unwrap())
        .unwrap();
    let read = accord_documents::pdf::read_pdf(&file, &accord_documents::Limits::default()).unwrap();
    assert_eq!(read.document.pages.len(), 1);
}
