//! Calls that are late are made once more where the provider's settings say so: the reply that comes first is used, both are
//! paid, and neither budget nor retry budget is exceeded for it.

use std::time::Duration;

use serde_json::{Value, json};

use crate::client::Client;
use crate::database::DatabaseKind;
use crate::paying::{COST, cost, import, open, spending, start_worker, sum};
use crate::scripted::ScriptedModel;
use crate::scripted::action::{Action, answer};

crate::on_both_databases!(
    a_late_call_is_made_once_more_and_both_are_paid,
    a_late_call_is_waited_for_where_another_is_too_much,
    a_late_call_that_fails_does_no_harm,
);

/// How late the first call of each question is: long after a second one is made, which is in time.
const LATE: Duration = Duration::from_secs(5);

/// When a second one is made.
const HEDGE: (&str, &str) = ("HEDGE_AFTER_MILLISECONDS", "300");

/// A model whose first call of each question ends late and in this way; all others say `even` at once.
async fn late_model(end: fn() -> Action) -> ScriptedModel {
    ScriptedModel::start(Duration::from_millis(10), move |call| match call.attempt {
        1 => Action::Late(LATE, Box::new(end())),
        _ => answer(&json!({ "label": "even" })),
    })
    .await
}

fn budget(money: &str) -> Value {
    json!({ "currency": "USD", "money": money })
}

fn odd() -> Action {
    answer(&json!({ "label": "odd" }))
}

/// The labels of all annotations, each of which costs one call.
async fn labels(admin: &Client) -> Vec<Value> {
    let annotations = admin.rows("/api/v1/projects/work/annotations").await;
    let label = |annotation: &Value| {
        assert_eq!(annotation["provenance"]["cost"], json!("0.00035"), "{annotation}");
        annotation["answers"]["label"]["canonical"].clone()
    };
    annotations.iter().map(label).collect()
}

async fn a_late_call_is_made_once_more_and_both_are_paid(kind: DatabaseKind) {
    const ITEMS: usize = 3;
    let model = late_model(odd).await;
    let settings = [HEDGE, ("RETRIES_PER_MINUTE", "100")];
    let (house, admin) = open(kind, &model, &settings, &budget("1")).await;
    import(&admin, ITEMS).await;
    let worker = start_worker(&house, 0);
    admin.wait_until_idle("work").await;
    assert_eq!(
        labels(&admin).await,
        vec![json!("even"); ITEMS],
        "the first reply is used"
    );
    assert_eq!(model.total_calls(), 2 * ITEMS);

    // The late replies are waited for, though nobody needs them: what they cost is known to the cent.
    assert!(worker.terminate().await.success());
    let spending = spending(&admin).await;
    assert_eq!(model.answers_in_vain(), ITEMS);
    assert_eq!(
        sum(&spending, "kept_calls"),
        2 * i64::try_from(ITEMS).unwrap(),
        "{spending}"
    );
    assert_eq!(cost(&spending), 2 * ITEMS as u64 * COST, "{spending}");
    assert_eq!(
        (&spending["lost_calls"], &spending["calls_under_way"]),
        (&json!(0), &json!(0)),
        "{spending}"
    );
    assert_eq!(
        spending["total"]["money"], spending["days"][0]["cost"],
        "nothing stays reserved"
    );
}

async fn a_late_call_is_waited_for_where_another_is_too_much(kind: DatabaseKind) {
    let enough_for_one = "0.0010";
    for (retries, money) in [("0", "1"), ("100", enough_for_one)] {
        let model = late_model(odd).await;
        let settings = [HEDGE, ("RETRIES_PER_MINUTE", retries)];
        let (house, admin) = open(kind, &model, &settings, &budget(money)).await;
        import(&admin, 1).await;
        let worker = start_worker(&house, 0);
        let is_reserved_once = |spending: &Value| {
            let reserved: f64 = spending["total"]["money"].as_str().unwrap().parse().unwrap();
            spending["calls_under_way"] == 1 && 2.0 * reserved > enough_for_one.parse().unwrap()
        };
        let path = "/api/v1/projects/work/spending";
        admin
            .wait_for(path, "reservation of more than half of the budget", is_reserved_once)
            .await;
        admin.wait_until_idle("work").await;
        assert!(worker.terminate().await.success());
        assert_eq!(labels(&admin).await, [json!("odd")]);
        assert_eq!(model.total_calls(), 1, "nothing is asked twice");
        let spending = spending(&admin).await;
        assert_eq!((sum(&spending, "kept_calls"), cost(&spending)), (1, COST), "{spending}");
        assert_eq!(
            spending["total"]["money"], spending["days"][0]["cost"],
            "nothing stays reserved"
        );
    }
}

async fn a_late_call_that_fails_does_no_harm(kind: DatabaseKind) {
    let model = late_model(|| crate::scripted::action::status(500, "out of order")).await;
    let settings = [HEDGE, ("RETRIES_PER_MINUTE", "100")];
    let (house, admin) = open(kind, &model, &settings, &json!({})).await;
    import(&admin, 1).await;
    let worker = start_worker(&house, 0);
    admin.wait_until_idle("work").await;
    assert_eq!(labels(&admin).await, [json!("even")]);
    assert!(worker.terminate().await.success());
    let spending = spending(&admin).await;
    let ends = ["kept_calls", "failed_calls"].map(|key| sum(&spending, key));
    assert_eq!((ends, cost(&spending)), ([1, 1], COST), "{spending}");
    assert_eq!(
        model.total_calls(),
        2,
        "the failure of a call that nobody waits for is no reason to ask again"
    );
}
