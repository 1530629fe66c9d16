//! One exchange with a provider: what goes wrong, and whether to try again.

use std::time::{Duration, Instant};

use accord_annotate::provider::CallError;
use serde_json::json;

use crate::endpoint::{Behaviour, Endpoint, cut_connection, says, status, with_header};
use crate::house::{KEY, provider};

async fn ask(behaviour: Behaviour) -> CallError {
    let endpoint = Endpoint::serve([behaviour]).await;
    let provider = provider(&endpoint.base_url, &json!({"timeout_seconds": 1}));
    let error = provider
        .ask(&json!({"model": "tiny", "messages": []}))
        .await
        .unwrap_err();
    assert_eq!(endpoint.received().len(), 1, "nothing is tried twice here: {error}");
    assert!(!format!("{error} {error:?}").contains(KEY), "{error:?}");
    error
}

#[tokio::test]
async fn the_key_goes_to_the_provider_and_the_reply_comes_back_whole() {
    let endpoint = Endpoint::serve([says("{}")]).await;
    let provider = provider(&endpoint.base_url, &json!({}));
    let reply = provider
        .ask(&json!({"model": "tiny", "messages": [], "own_parameter": 3}))
        .await
        .unwrap();
    let received = endpoint.received().remove(0);
    assert_eq!(received.authorization, Some(format!("Bearer {KEY}")));
    assert_eq!(received.body["own_parameter"], 3);
    assert!(reply.body.starts_with("{\"id\":\"chatcmpl-1\""), "{}", reply.body);
}

#[tokio::test]
async fn errors_worth_another_try_are_told_from_others() {
    for (code, transient) in [
        (400, false),
        (401, false),
        (404, false),
        (408, true),
        (422, false),
        (429, true),
        (500, true),
        (503, true),
    ] {
        let error = ask(status(code, r#"{"error": {"message": "what went wrong"}}"#)).await;
        assert_eq!(error.is_transient(), transient, "{code}");
        assert_eq!(error.to_string(), format!("provider answered {code}: what went wrong"));
    }
}

#[tokio::test]
async fn how_long_to_wait_is_the_providers_to_say() {
    let busy = || status(429, r#"{"error": {"message": "busy"}}"#);
    assert_eq!(
        ask(with_header(busy(), "retry-after", "7")).await.retry_after(),
        Some(Duration::from_secs(7))
    );
    assert_eq!(
        ask(with_header(busy(), "retry-after-ms", "250")).await.retry_after(),
        Some(Duration::from_millis(250))
    );
    assert_eq!(ask(busy()).await.retry_after(), None);
    let broke = status(
        429,
        r#"{"error": {"type": "insufficient_quota", "message": "pay first"}}"#,
    );
    assert!(!ask(broke).await.is_transient());
}

#[tokio::test]
async fn a_key_that_the_provider_repeats_is_not_passed_on() {
    let body = format!(r#"{{"error": {{"message": "Incorrect API key provided: {KEY}."}}}}"#);
    let error = ask(status(401, &body)).await;
    assert!(
        error.to_string().ends_with("Incorrect API key provided: [key]."),
        "{error}"
    );
}

#[tokio::test]
async fn a_redirect_is_not_followed_with_the_key() {
    let elsewhere = Endpoint::serve([says("{}")]).await;
    let target = format!("{}/chat/completions", elsewhere.base_url);
    let error = ask(with_header(status(307, ""), "location", &target)).await;
    assert!(matches!(error, CallError::Status { status: 307, .. }), "{error}");
    assert!(elsewhere.received().is_empty());
}

#[tokio::test]
async fn a_late_answer_is_not_waited_for() {
    let started = Instant::now();
    let error = ask(Behaviour::Late(Duration::from_secs(30), Box::new(says("{}")))).await;
    assert!(
        matches!(error, CallError::TimedOut(_)) && error.is_transient(),
        "{error}"
    );
    assert!(started.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn a_cut_connection_is_worth_another_try() {
    let provider = provider(&cut_connection().await, &json!({}));
    let error = provider
        .ask(&json!({"model": "tiny", "messages": []}))
        .await
        .unwrap_err();
    assert!(
        matches!(error, CallError::Connection(_)) && error.is_transient(),
        "{error}"
    );
    let nobody = crate::house::provider("http://127.0.0.1:9/v1", &json!({}));
    let error = nobody.ask(&json!({"model": "tiny", "messages": []})).await.unwrap_err();
    assert!(matches!(error, CallError::Connection(_)), "{error}");
}

#[tokio::test]
async fn a_reply_without_end_and_one_without_sense_are_not_taken() {
    let error = ask(status(200, &format!("\"{}\"", "x".repeat(17 << 20)))).await;
    assert!(
        matches!(&error, CallError::Unreadable(text) if text.contains("16 MiB")),
        "{error}"
    );
    let error = ask(status(200, "<html>ok</html>")).await;
    assert!(
        matches!(error, CallError::Unreadable(_)) && error.is_transient(),
        "{error}"
    );
}

#[tokio::test]
async fn no_more_calls_than_the_operator_allows_run_at_once() {
    let endpoint = Endpoint::serve([Behaviour::Late(Duration::from_millis(300), Box::new(says("{}")))]).await;
    let provider = provider(&endpoint.base_url, &json!({"concurrency": 2}));
    let request = json!({"model": "tiny", "messages": []});
    let started = Instant::now();
    let calls = futures::future::join_all((0..4).map(|_| provider.ask(&request))).await;
    assert!(calls.iter().all(Result::is_ok));
    assert!(
        started.elapsed() >= Duration::from_millis(600),
        "four calls, two at a time, are two rounds"
    );
}
