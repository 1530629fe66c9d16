//! The worker's way with a task: done, tried again, set aside, kept alive.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use accord_domain::{Answer, TaskKind, TaskState};
use accord_store::{ClaimRequest, SystemEnvironment, flow};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::endpoint::{Behaviour, Endpoint, completion, says, status, with_header};
use crate::house::{House, KEY};

const GOOD: &str = r#"{"sender": "Ben Miller Ltd.", "mood": "glad", "unasked": 1}"#;

#[tokio::test]
async fn a_reply_becomes_votes_with_where_they_came_from() {
    let endpoint = Endpoint::serve([says(GOOD)]).await;
    let house = House::with_letters(&endpoint.base_url, 1).await;
    assert_eq!(house.work().await, 1);
    let annotation = house.annotations().await.remove(0);
    let class = |name: &str| annotation.answers[&name.parse().unwrap()].class().map(str::to_owned);
    assert_eq!(class("mood").as_deref(), Some("glad"));
    assert_eq!(
        class("sender").as_deref(),
        Some("benmillerltd"),
        "as names are compared"
    );
    assert_eq!(annotation.answers.len(), 2, "what was not asked is no answer");
    let provenance = &annotation.provenance;
    assert!(provenance.blind && provenance.failure.is_none());
    assert_eq!(
        (provenance.input_tokens, provenance.output_tokens),
        (Some(1000), Some(100))
    );
    assert_eq!(provenance.cost, Some("0.0035".parse().unwrap()));
    assert_eq!(provenance.cost_currency.as_deref(), Some("EUR"));
    assert_eq!(provenance.model.as_deref(), Some("tiny-2026-11-01"));
    assert_eq!(provenance.prompt_hash.as_deref().map(str::len), Some(64));
    assert!(provenance.raw_output.as_deref().unwrap().contains("chatcmpl-1"));
    let key = provenance.call_key.clone().unwrap();
    let kept = house.store.read().await.unwrap().call(&key).await.unwrap().unwrap();
    assert_eq!(Some(kept.response), provenance.raw_output);
    assert_eq!(house.tasks(TaskKind::Annotate).await[0].state, TaskState::Done);
    assert_eq!(house.tasks(TaskKind::Score).await.len(), 1, "the panel is complete");
}

#[tokio::test]
async fn the_same_question_is_paid_for_once() {
    let endpoint = Endpoint::serve([says(GOOD)]).await;
    let house = House::with_letters(&endpoint.base_url, 3).await;
    for _ in 0..3 {
        assert_eq!(house.work().await, 1);
    }
    let annotations = house.annotations().await;
    assert_eq!((annotations.len(), endpoint.received().len()), (3, 1));
    assert!(
        annotations
            .windows(2)
            .all(|pair| pair[0].provenance.call_key == pair[1].provenance.call_key)
    );
}

#[tokio::test]
async fn replies_that_hold_no_answer_are_failures_and_are_not_asked_for_again() {
    let message = |content: &str| json!({"role": "assistant", "content": content});
    let cases = [
        (says("```json\n{\"mood\": \"sad\"}\n```"), None),
        (says("Sure! Here you are: {\"mood\": \"sad\"}"), None),
        (
            says("Either {\"mood\": \"sad\"} or {\"mood\": \"glad\"}"),
            Some("not a JSON object: there is more than one object"),
        ),
        (says("[]"), Some("it is a list")),
        (
            completion(
                json!({"role": "assistant", "content": null, "refusal": "I cannot"}),
                "stop",
            ),
            Some("refused: I cannot"),
        ),
        (completion(message("{\"mood\": \"sa"), "length"), Some("cut off")),
        (completion(message(""), "content_filter"), Some("content filter")),
        (
            Behaviour::Answer(200, Vec::new(), "{\"choices\": []}".to_owned()),
            Some("holds no answer"),
        ),
        (
            Behaviour::Answer(200, Vec::new(), "[1]".to_owned()),
            Some("not a chat completion"),
        ),
    ];
    for (behaviour, failure) in cases {
        let endpoint = Endpoint::serve([behaviour]).await;
        let house = House::with_letters(&endpoint.base_url, 1).await;
        house.work().await;
        assert_eq!(house.tasks(TaskKind::Annotate).await[0].state, TaskState::Done);
        let annotation = house.annotations().await.remove(0);
        match failure {
            None => assert_eq!(annotation.answers[&"mood".parse().unwrap()].class(), Some("sad")),
            Some(text) => {
                let reason = annotation.provenance.failure.unwrap();
                assert!(reason.contains(text), "{reason}");
                assert!(
                    annotation
                        .answers
                        .values()
                        .all(|answer| matches!(answer, Answer::Failed { .. }))
                );
                assert!(annotation.provenance.raw_output.is_some(), "what was paid for is kept");
            }
        }
        assert_eq!(
            house.tasks(TaskKind::Score).await.len(),
            1,
            "the item does not wait for it"
        );
    }
}

#[tokio::test]
async fn one_wrong_field_does_not_spoil_the_others() {
    let endpoint = Endpoint::serve([says(r#"{"sender": {"name": "Ben"}, "mood": null}"#)]).await;
    let house = House::with_letters(&endpoint.base_url, 1).await;
    house.work().await;
    let annotation = house.annotations().await.remove(0);
    assert!(
        matches!(annotation.answers[&"sender".parse().unwrap()], Answer::Failed { .. }),
        "{:?}",
        annotation.answers
    );
    assert_eq!(annotation.answers[&"mood".parse().unwrap()], Answer::Absent);
    assert_eq!(annotation.provenance.failure, None);
}

#[tokio::test]
async fn a_busy_provider_is_asked_again_after_the_pause_it_asks_for() {
    let busy = with_header(
        status(429, r#"{"error": {"message": "slow down"}}"#),
        "retry-after-ms",
        "600",
    );
    let endpoint = Endpoint::serve([busy, says(GOOD)]).await;
    let house = House::with_letters(&endpoint.base_url, 1).await;
    let started = Instant::now();
    house.work().await;
    let task = house.tasks(TaskKind::Annotate).await.remove(0);
    assert_eq!((task.state, task.attempts), (TaskState::Ready, 1));
    assert!(task.last_error.unwrap().contains("slow down"));
    assert!(house.annotations().await.is_empty());
    while house.work().await == 0 {
        assert!(started.elapsed() < Duration::from_secs(20));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(started.elapsed() >= Duration::from_millis(600));
    assert_eq!(house.tasks(TaskKind::Annotate).await[0].state, TaskState::Done);
    assert_eq!(endpoint.received().len(), 2);
}

#[tokio::test]
async fn a_provider_that_stays_down_costs_the_item_one_failed_annotation() {
    let endpoint = Endpoint::serve([with_header(status(500, "down"), "retry-after-ms", "0")]).await;
    let house = House::with_letters(&endpoint.base_url, 1).await;
    let started = Instant::now();
    while house.tasks(TaskKind::Annotate).await[0].state != TaskState::Dead {
        assert!(started.elapsed() < Duration::from_secs(20));
        house.work().await;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(endpoint.received().len(), 2, "as often as the policy says");
    let annotation = house.annotations().await.remove(0);
    assert!(annotation.provenance.failure.unwrap().contains("500: down"));
    assert_eq!(
        house.tasks(TaskKind::Score).await.len(),
        1,
        "the item does not wait for it"
    );
}

#[tokio::test]
async fn what_cannot_help_is_not_tried_again_and_tells_no_secret() {
    let body = format!(r#"{{"error": {{"message": "bad key {KEY}"}}}}"#);
    let endpoint = Endpoint::serve([status(401, &body)]).await;
    let house = House::with_letters(&endpoint.base_url, 1).await;
    house.work().await;
    let task = house.tasks(TaskKind::Annotate).await.remove(0);
    assert_eq!((task.state, task.attempts), (TaskState::Dead, 1));
    let annotation = house.annotations().await.remove(0);
    let told = format!("{task:?} {annotation:?}");
    assert!(told.contains("401: bad key [key]") && !told.contains(KEY), "{told}");
    assert_eq!(endpoint.received().len(), 1);
}

#[tokio::test]
async fn a_provider_that_is_not_configured_is_named() {
    let house = House::with_letters("http://127.0.0.1:9", 1).await;
    house
        .worker_with(BTreeMap::new(), Duration::from_secs(60))
        .work_once()
        .await
        .unwrap();
    let task = house.tasks(TaskKind::Annotate).await.remove(0);
    assert_eq!(task.state, TaskState::Dead);
    assert!(task.last_error.unwrap().contains("[providers.local]"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_call_keeps_its_task() {
    let endpoint = Endpoint::serve([Behaviour::Late(Duration::from_millis(3500), Box::new(says(GOOD)))]).await;
    let house = House::with_letters(&endpoint.base_url, 1).await;
    let (worker, stop) = (house.worker(Duration::from_millis(1500)), CancellationToken::new());
    let running = tokio::spawn({
        let stop = stop.clone();
        async move { worker.run(stop).await }
    });
    let started = Instant::now();
    while endpoint.received().is_empty() {
        assert!(started.elapsed() < Duration::from_secs(20));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    tokio::time::sleep(Duration::from_millis(2500)).await;
    let request = ClaimRequest {
        kinds: &[TaskKind::Annotate],
        project_id: None,
        worker: "another",
        lease_milliseconds: 60_000,
        limit: 1,
        limits: &[],
    };
    let mut tx = house.store.write().await.unwrap();
    let taken = flow::claim(tx.as_mut(), &SystemEnvironment, &request).await.unwrap();
    drop(tx);
    assert!(taken.is_empty(), "the lease was renewed well after its first end");
    stop.cancel();
    tokio::time::timeout(Duration::from_secs(20), running)
        .await
        .unwrap()
        .unwrap();
    let task = house.tasks(TaskKind::Annotate).await.remove(0);
    assert_eq!(
        (task.state, task.attempts),
        (TaskState::Done, 1),
        "a task in hand is finished before the end"
    );
    assert_eq!(endpoint.received().len(), 1);
}
