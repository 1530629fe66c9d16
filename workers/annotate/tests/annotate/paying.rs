//! What calls cost: nothing is asked twice at the same time, everything is accounted for, and budgets hold.

use std::sync::Arc;
use std::time::Duration;

use accord_domain::{Task, TaskKind, TaskState};
use accord_store::Spent;
use serde_json::{Value, json};

use crate::endpoint::{Behaviour, Endpoint, says, status};
use crate::house::{House, definition, provider};
use crate::limits::{Running, all_done, letters, wait_until, worker};

const GOOD: &str = r#"{"sender": "Ben", "mood": "glad"}"#;

async fn spent(house: &House) -> Vec<Spent> {
    let mut tx = house.store.read().await.unwrap();
    assert!(
        tx.begun_calls(house.project.id).await.unwrap().is_empty(),
        "nothing is under way"
    );
    tx.spending(house.project.id).await.unwrap()
}

fn with_budget(budget: Value) -> Value {
    let mut wanted = definition();
    wanted["policy"]["budget"] = budget;
    wanted
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_question_at_the_same_time_is_asked_once() {
    let slow = Behaviour::Late(Duration::from_millis(400), Box::new(says(GOOD)));
    let endpoint = Endpoint::serve([slow]).await;
    let house = House::with_letters(&endpoint.base_url, 3).await;
    let provider = Arc::new(provider(&endpoint.base_url, &json!({})));
    // Two workers, as in two processes.
    let workers = [
        Running::start(worker(&house, &[("local", &provider)], 2)),
        Running::start(worker(&house, &[("local", &provider)], 2)),
    ];
    let tasks = wait_until(&house, "done", all_done).await;
    for worker in workers {
        worker.end().await;
    }
    assert_eq!(endpoint.received().len(), 1);
    assert!(
        tasks.iter().all(|task| task.attempts == 1 && task.uncounted == 0),
        "waiting costs no attempt"
    );
    let spent = spent(&house).await;
    assert_eq!((spent.len(), spent[0].kept_calls, spent[0].lost_calls), (1, 1, 0));
    assert_eq!(spent[0].cost, "0.0035".parse().unwrap());
}

#[tokio::test]
async fn failures_are_counted_and_what_a_server_does_not_count_is_taken_as_reserved() {
    let without_usage = json!({"choices": [{"message": {"content": GOOD}, "finish_reason": "stop"}]});
    let plan = [
        status(400, "no"),
        Behaviour::Answer(200, Vec::new(), without_usage.to_string()),
    ];
    let endpoint = Endpoint::serve(plan).await;
    let house = House::with_texts(&endpoint.base_url, definition(), &letters(2)).await;
    house.work().await;
    house.work().await;
    let spent = spent(&house).await.remove(0);
    assert_eq!((spent.kept_calls, spent.failed_calls, spent.lost_calls), (1, 1, 0));
    assert!(
        spent.input_tokens > 300,
        "the longest answer and the question: {spent:?}"
    );
    assert!(spent.cost > "0.003".parse().unwrap(), "{spent:?}");
    assert_eq!(spent.currency.as_deref(), Some("EUR"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_spent_budget_parks_tasks_without_costing_attempts_and_without_being_asked_again_and_again() {
    let endpoint = Endpoint::serve([says(GOOD)]).await;
    // A call may take 300 tokens and the question; it takes 1,100.
    let house = House::with_texts(&endpoint.base_url, with_budget(json!({"tokens": 4_000})), &letters(40)).await;
    let provider = Arc::new(provider(&endpoint.base_url, &json!({})));
    let running = Running::start(worker(&house, &[("local", &provider)], 2));
    let is_parked = |task: &Task| {
        let reason = task.last_error.as_deref().unwrap_or_default();
        task.state == TaskState::Ready && reason.contains("budget of 4000 tokens in all is spent")
    };
    let parked = |tasks: &[Task]| tasks.iter().any(is_parked);
    wait_until(&house, "parked", parked).await;
    tokio::time::sleep(Duration::from_millis(1500)).await;
    running.end().await;
    let tasks = house.tasks(TaskKind::Annotate).await;
    let count = tasks.iter().filter(|task| is_parked(task)).count();
    assert!((1..=6).contains(&count), "{count} tasks were fetched in vain");
    assert!(
        tasks
            .iter()
            .filter(|task| is_parked(task))
            .all(|task| task.attempts == 0)
    );
    let spent = spent(&house).await.remove(0);
    let tokens = spent.input_tokens + spent.output_tokens;
    let calls = i64::try_from(endpoint.received().len()).unwrap();
    assert_eq!((tokens, spent.kept_calls), (1_100 * calls, calls));
    // It may be exceeded by what calls in flight take beyond their estimate, no more.
    assert!((3..=5).contains(&calls), "{calls}");
}

#[tokio::test]
async fn prices_in_another_currency_than_the_budget_are_refused() {
    let endpoint = Endpoint::serve([says(GOOD)]).await;
    let budget = with_budget(json!({"money": "5", "currency": "USD"}));
    let house = House::with_texts(&endpoint.base_url, budget, &letters(1)).await;
    house.work().await;
    let task = house.tasks(TaskKind::Annotate).await.remove(0);
    assert_eq!(task.state, TaskState::Dead);
    assert!(
        task.last_error
            .unwrap()
            .contains("prices in EUR, the project's budget is in USD")
    );
    assert!(endpoint.received().is_empty() && spent(&house).await.is_empty());
}
