//! How probable a model found its words: asked for where the definition says so, and kept with each value.

use serde_json::{Value, json};

use crate::endpoint::{Endpoint, completion_of_tokens, says};
use crate::house::{House, LETTER, definition};

const GOOD: &str = r#"{"sender": "Ben", "mood": "glad"}"#;

async fn house(endpoint: &Endpoint, logprobs: bool) -> House {
    let mut wanted = definition();
    wanted["annotators"][0]["logprobs"] = logprobs.into();
    House::with_texts(&endpoint.base_url, wanted, &[LETTER.to_owned()]).await
}

fn tokens(texts: &[(&str, f64)]) -> Value {
    let tokens = texts
        .iter()
        .map(|(token, logprob)| json!({"token": token, "logprob": logprob, "top_logprobs": []}));
    json!({"content": tokens.collect::<Vec<Value>>(), "refusal": null})
}

#[tokio::test]
async fn every_value_has_its_own_tokens() {
    let logprobs = tokens(&[
        ("```json\n", -0.5),
        (r#"{"sender": ""#, -0.1),
        ("Be", -0.25),
        (r#"n", "mood": ""#, -0.5),
        ("gl", -2.0),
        ("ad", -1.0),
        (r#""}"#, -0.1),
    ]);
    let message = json!({"role": "assistant", "content": GOOD});
    let endpoint = Endpoint::serve([completion_of_tokens(message, "stop", logprobs)]).await;
    let house = house(&endpoint, true).await;
    house.work().await;
    assert_eq!(endpoint.received()[0].body["logprobs"], true);
    let kept = &house.annotations().await[0].provenance.logprobs;
    let of = |name: &str| {
        let logprob = kept[&name.parse().unwrap()];
        (logprob.tokens, logprob.sum, logprob.minimum)
    };
    assert_eq!((of("sender"), of("mood")), ((2, -0.75, -0.5), (2, -3.0, -2.0)));
}

#[tokio::test]
async fn without_token_probabilities_there_are_votes_and_no_scores() {
    for logprobs in [false, true] {
        let endpoint = Endpoint::serve([says(GOOD)]).await;
        let house = house(&endpoint, logprobs).await;
        house.work().await;
        let asked = endpoint.received()[0].body.get("logprobs").is_some();
        assert_eq!(asked, logprobs, "asked for where it is wanted");
        let annotation = house.annotations().await.remove(0);
        assert!(annotation.provenance.logprobs.is_empty() && annotation.provenance.failure.is_none());
        assert_eq!(annotation.answers[&"mood".parse().unwrap()].class(), Some("glad"));
    }
}
