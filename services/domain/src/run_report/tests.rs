//! What is told about runs whose records are made up.

use super::*;
use crate::annotator::LanguageModel;
use crate::identifiers::{ProjectId, RunId};
use crate::run::{RunBudget, RunItems, RunPlanning, RunState};
use crate::run_records::RunTaskCount;
use uuid::Uuid;

fn id(number: u128) -> AnnotatorId {
    AnnotatorId::from_uuid(Uuid::from_u128(number))
}

fn moment(seconds: i64) -> Timestamp {
    Timestamp::from_microseconds(seconds * 1_000_000)
}

fn run() -> Run {
    Run {
        id: RunId::from_uuid(Uuid::nil()),
        project_id: ProjectId::from_uuid(Uuid::nil()),
        number: 1,
        items: RunItems::All {},
        annotators: vec!["cheap".to_owned(), "dear".to_owned()],
        budget: RunBudget::default(),
        batch: false,
        all_votes: false,
        started_by: "ada".to_owned(),
        created_at: moment(0),
        state: RunState::Running,
        reason: None,
        planning: RunPlanning::default(),
        running_since: Some(moment(0)),
        ran_milliseconds: 0,
        ended_at: None,
    }
}

fn annotator(number: u128, name: &str) -> Annotator {
    Annotator {
        id: id(number),
        project_id: ProjectId::from_uuid(Uuid::nil()),
        name: name.to_owned(),
        family: name.to_owned(),
        kind: AnnotatorKind::Automatic {
            definition: AutomaticKind::LanguageModel(LanguageModel::new("house", name)),
        },
        active: true,
        created_at: moment(0),
    }
}

fn tasks(annotator: u128, state: TaskState, count: i64, retries: i64) -> RunTaskCount {
    RunTaskCount {
        annotator_id: id(annotator),
        state,
        count,
        retries,
    }
}

fn spent(annotator: u128, calls: i64, cost: &str) -> RunSpent {
    RunSpent {
        annotator_id: id(annotator),
        provider: "house".to_owned(),
        currency: Some("USD".to_owned()),
        kept_calls: calls,
        failed_calls: 2,
        lost_calls: 0,
        input_tokens: 10 * calls,
        output_tokens: calls,
        cost: cost.parse().unwrap(),
    }
}

fn failure(reason: &str, outcome: FailureOutcome, count: i64) -> RunFailure {
    RunFailure {
        reason: reason.to_owned(),
        outcome,
        count,
        item_id: None,
    }
}

fn money(amount: &str) -> Vec<Money> {
    vec![Money {
        currency: "USD".to_owned(),
        amount: amount.parse().unwrap(),
    }]
}

#[test]
fn what_is_to_come_is_told_for_each_annotator_by_its_own_mean() {
    let records = RunRecords {
        tasks: vec![
            tasks(1, TaskState::Done, 10, 3),
            tasks(1, TaskState::Ready, 90, 0),
            tasks(2, TaskState::Done, 4, 0),
            tasks(2, TaskState::Dead, 1, 3),
            tasks(2, TaskState::Leased, 5, 0),
            tasks(3, TaskState::Ready, 7, 0),
        ],
        spent: vec![spent(1, 10, "0.01"), spent(2, 5, "1.5")],
        recent_calls: 15,
        recent_tasks: 30,
        failures: vec![failure("answer cut off", FailureOutcome::Answered, 2)],
        ..RunRecords::default()
    };
    let annotators = [annotator(1, "cheap"), annotator(2, "dear")];
    let report = RunReport::of(run(), &annotators, &records, moment(30));
    assert_eq!(
        (report.tasks.total, report.tasks.open(), report.tasks.ended()),
        (117, 102, 15)
    );
    assert_eq!((report.tasks.retries, report.tasks.failed_answers), (6, 2));
    assert_eq!(report.success, Some(12.0 / 15.0));
    assert_eq!(report.spent, money("1.51"));
    // 90 tasks of 0.001 and 5 of 0.3.
    assert_eq!(report.forecast.to_come, money("1.59"));
    assert_eq!(report.forecast.total, money("3.1"));
    assert_eq!(report.forecast.tasks_left_out, 7);
    assert!(report.forecast.basis.contains("7 open tasks are left out"));
    // 30 tasks in 30 seconds.
    assert_eq!(report.forecast.seconds, Some(102.0));
    assert_eq!(report.calls.per_second_last_minute, 0.5);
    assert_eq!(
        (report.calls.kept, report.calls.failed, report.calls.input_tokens),
        (15, 4, 150)
    );
    assert_eq!((report.panel[0].open, report.panel[1].set_aside), (90, 1));
    assert_eq!(report.panel[1].spent, money("1.5"));
}

/// By the rule, what is to come is reckoned from the items that have ended.
#[test]
fn what_the_rule_will_ask_for_is_reckoned_from_items_that_have_ended() {
    let ruled = RuledCount {
        ended: 10,
        open: 20,
        unasked: 5,
        asked_of_open: vec![(id(1), 20), (id(2), 4)],
    };
    let records = RunRecords {
        tasks: vec![
            tasks(1, TaskState::Done, 25, 0),
            tasks(1, TaskState::Ready, 5, 0),
            tasks(2, TaskState::Done, 8, 0),
            tasks(2, TaskState::Ready, 1, 0),
        ],
        spent: vec![spent(1, 25, "0.025"), spent(2, 8, "2.4")],
        recent_tasks: 30,
        ruled: Some(ruled.clone()),
        ..RunRecords::default()
    };
    let annotators = [annotator(1, "cheap"), annotator(2, "dear")];
    let report = RunReport::of(run(), &annotators, &records, moment(30));
    let rule = report.rule.unwrap();
    assert_eq!((rule.items, rule.ended, rule.saved), (30, 10, 5));
    assert_eq!(rule.saved_share, Some(0.25));
    // The dear one was asked about half of the items that have ended: of 20 that is 10, and 4 have it already.
    assert_eq!(report.forecast.tasks_to_come, 6);
    // 5 tasks of 0.001 and 1 + 6 of 0.3.
    assert_eq!(report.forecast.to_come, money("2.105"));
    assert_eq!(report.forecast.seconds, Some(12.0));
    let basis = &report.forecast.basis;
    assert!(
        basis.contains("20 open items go like the 10") && basis.contains("6 in all"),
        "{basis}"
    );

    let fresh = RunRecords {
        ruled: Some(RuledCount {
            ended: 0,
            unasked: 0,
            ..ruled
        }),
        ..records.clone()
    };
    let report = RunReport::of(run(), &annotators, &fresh, moment(30));
    assert_eq!(
        (report.forecast.tasks_to_come, report.rule.unwrap().saved_share),
        (0, None)
    );
    assert!(report.forecast.basis.contains("not known before one has ended"));
    let over = Run {
        state: RunState::Cancelled,
        ended_at: Some(moment(30)),
        ..run()
    };
    assert_eq!(
        RunReport::of(over, &annotators, &records, moment(30))
            .forecast
            .tasks_to_come,
        0
    );
}

#[test]
fn a_run_without_any_end_says_that_nothing_is_known() {
    let records = RunRecords {
        tasks: vec![tasks(1, TaskState::Ready, 5, 0)],
        ..RunRecords::default()
    };
    let report = RunReport::of(run(), &[], &records, moment(0));
    assert_eq!((report.success, report.forecast.seconds), (None, None));
    assert!(report.forecast.basis.contains("nothing is known") && report.forecast.total.is_empty());
    let ended = RunReport::of(run(), &[], &RunRecords::default(), moment(5));
    assert_eq!(ended.forecast.basis, "no task is open");
}

#[test]
fn the_slowest_model_comes_first() {
    let call = |annotator, latency_milliseconds| RunCall {
        annotator_id: id(annotator),
        provider: "house".to_owned(),
        latency_milliseconds,
    };
    let mut calls: Vec<RunCall> = (1..=100).map(|latency| call(1, latency)).collect();
    calls.extend([call(2, 500), call(2, 700)]);
    let annotators = [annotator(1, "cheap"), annotator(2, "dear")];
    let records = RunRecords {
        calls,
        ..RunRecords::default()
    };
    let report = RunReport::of(run(), &annotators, &records, moment(5));
    let slowest = report.slowest().unwrap();
    assert_eq!((slowest.model.as_str(), slowest.median_milliseconds), ("dear", 500));
    let other = &report.latencies[1];
    assert_eq!((other.median_milliseconds, other.percentile_95_milliseconds), (50, 95));
}

#[test]
fn failures_are_grouped_by_what_their_reasons_share() {
    let found = [
        failure("provider answered 500: try later", FailureOutcome::Passed, 3),
        failure("provider answered 500: broken pipe", FailureOutcome::SetAside, 1),
        failure("provider answered 429: slow down", FailureOutcome::Open, 2),
    ];
    let reports = failures(&found);
    assert_eq!(reports[0].kind, "provider answered 500");
    assert_eq!((reports[0].passed, reports[0].set_aside, reports[0].count()), (3, 1, 4));
    assert_eq!(reports[0].example, "provider answered 500: try later");
    assert_eq!(
        (reports[1].kind.as_str(), reports[1].open),
        ("provider answered 429", 2)
    );
}
