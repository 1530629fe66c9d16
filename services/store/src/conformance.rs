//! The suite of tests that every implementation of [`Store`] must pass.
//!
//! An implementation writes `accord_store::conformance_suite!(factory);` in its integration tests, where `factory` is
//! an `async fn() -> TestStore` that gives a fresh, migrated database at each call.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests fail by panicking"
)]

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use crate::transaction::Store;

pub mod accounts;
pub mod annotations;
pub mod annotators;
pub mod batch_settling;
pub mod batches;
pub mod calibrators;
pub mod calls;
pub mod claims;
pub mod concurrency;
pub mod consensus;
pub mod failures;
pub mod fixture;
pub mod flow_people;
pub mod flow_planning;
pub mod flow_scoring;
pub mod flow_stopping;
pub mod flow_submitting;
pub mod gold;
pub mod idempotency;
pub mod items;
pub mod judgements;
pub mod leases;
pub mod parking;
pub mod people;
pub mod planning;
pub mod projects;
pub mod rates;
pub mod ruled_runs;
pub mod run_changes;
pub mod runs;
pub mod spending;
pub mod texts;
pub mod transactions;

/// A fresh database for one test.
pub struct TestStore {
    /// The store under test, migrated.
    pub store: Arc<dyn Store>,
    /// The same database opened once more, as another process would.
    pub second: Arc<dyn Store>,
    /// Whatever must live as long as the database, such as its temporary folder.
    pub guard: Box<dyn Any + Send + Sync>,
}

impl fmt::Debug for TestStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("TestStore").finish_non_exhaustive()
    }
}

/// Makes one `#[tokio::test]` of each test of one part of the suite.
#[macro_export]
#[doc(hidden)]
macro_rules! conformance_tests {
    ($factory:ident, $part:ident: $($test:ident),+ $(,)?) => {
        mod $part {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
                async fn $test() {
                    let test_store = super::$factory().await;
                    $crate::conformance::$part::$test(&test_store).await;
                }
            )+
        }
    };
}

/// Makes a `#[tokio::test]` of every test of the suite. The crate that uses it needs `tokio` with `macros` and
/// `rt-multi-thread`.
#[macro_export]
macro_rules! conformance_suite {
    ($factory:ident) => {
        $crate::conformance_tests!($factory, projects:
            keeps_projects,
            refuses_a_taken_name,
            counts_versions_and_refuses_old_ones,
            pages_through_projects,
        );
        $crate::conformance_tests!($factory, annotators:
            upserts_by_name,
            keeps_every_kind,
        );
        $crate::conformance_tests!($factory, items:
            keeps_items,
            tells_new_unchanged_and_conflicting_apart,
            filters_and_pages,
            finds_prefixes_literally,
            counts_by_state,
            takes_ten_thousand_in_batches,
            keeps_documents_once,
        );
        $crate::conformance_tests!($factory, planning:
            keeps_unique_tasks_once,
            lets_a_running_score_be_followed_by_another,
            raises_what_is_planned_already,
            plans_scoring_of_all_complete_panels,
            cancels_only_what_nobody_works_on,
            lists_and_counts_tasks,
        );
        $crate::conformance_tests!($factory, claims:
            claims_by_priority_then_age,
            claims_only_asked_kinds_and_projects,
            waits_for_delays,
            takes_over_expired_leases,
            never_gives_a_task_twice,
        );
        $crate::conformance_tests!($factory, leases:
            renews_and_finishes_with_the_token_only,
            lets_an_unclaimed_expired_lease_go_on,
            releases_without_counting,
            refuses_unfinished_states,
        );
        $crate::conformance_tests!($factory, parking:
            parks_without_counting,
            parks_no_other_kind,
            claims_within_limits,
            passes_over_ended_leases,
            finds_ten_behind_many,
            tells_why_tasks_wait,
        );
        $crate::conformance_tests!($factory, spending:
            a_call_is_made_by_one,
            costs_are_summed_to_the_last_digit,
            a_crashed_call_is_counted_as_lost,
            budgets_hold_among_many,
            turns_of_calls,
            many_calls_at_once,
        );
        $crate::conformance_tests!($factory, rates:
            slices_add_up_to_the_limit,
        );
        $crate::conformance_tests!($factory, runs:
            keeps_runs,
            refuses_runs_that_cannot_be,
            plans_each_task_once,
            selects_items,
            goes_on_planning_after_a_crash,
        );
        $crate::conformance_tests!($factory, run_changes:
            a_paused_run_is_passed_over,
            finds_one_behind_many_paused,
            cancelling_loses_nothing,
            budgets_of_runs_hold_among_many,
            ends_of_two_days_do_not_wait_in_a_circle,
            tells_what_a_run_cost_and_what_failed,
        );
        $crate::conformance_tests!($factory, ruled_runs:
            a_run_asks_by_the_rule,
            a_crash_between_score_and_ask_loses_nothing,
            a_paused_run_asks_nobody,
            a_cancelled_run_asks_nobody_else,
            a_run_takes_over_what_is_being_asked,
            many_items_end_at_once,
        );
        $crate::conformance_tests!($factory, batches:
            enrols_each_question_once,
            opens_another_batch_when_one_is_full,
            lines_come_in_parts,
            one_works_at_a_batch_at_a_time,
            refuses_batches_where_there_are_none,
            a_budget_holds_requests_back,
        );
        $crate::conformance_tests!($factory, batch_settling:
            settles_each_request_once,
            waiting_leaves_no_trace,
            drops_what_nobody_wants,
            nobody_waits_for_what_is_settled,
        );
        $crate::conformance_tests!($factory, failures:
            tries_again_then_sets_aside,
            takes_back_expired_leases,
            gives_peoples_leases_back,
            revives_the_dead,
            drops_a_twin_instead_of_doubling_it,
        );
        $crate::conformance_tests!($factory, people:
            gives_a_held_task_again,
            never_gives_an_item_twice_to_one_person,
            claims_this_very_task,
            takes_over_from_a_person_who_left,
            never_exceeds_the_overlap,
        );
        $crate::conformance_tests!($factory, annotations:
            keeps_one_answer_for_a_task,
            replaces_a_failure_by_a_success,
            orders_and_pages,
        );
        $crate::conformance_tests!($factory, consensus:
            keeps_history_and_counts_the_last,
            pages_present_rows,
            summarises_fields,
            sums_up_how_many_were_asked,
        );
        $crate::conformance_tests!($factory, gold:
            keeps_all_and_counts_the_last,
            pages_present_gold,
        );
        $crate::conformance_tests!($factory, calibrators:
            keeps_all_and_gives_the_last,
            keeps_every_digit,
        );
        $crate::conformance_tests!($factory, accounts:
            keeps_accounts,
            sessions_end,
            a_new_password_ends_sessions,
            keeps_tokens,
        );
        $crate::conformance_tests!($factory, calls:
            keeps_the_first_answer,
        );
        $crate::conformance_tests!($factory, judgements:
            keeps_each_call_of_an_item_once,
            keeps_the_last_comparison_of_a_project,
        );
        $crate::conformance_tests!($factory, idempotency:
            knows_repeated_and_mismatching_requests,
            forgets_old_keys,
            gives_a_key_to_one_of_many,
        );
        $crate::conformance_tests!($factory, transactions:
            rolls_back_when_dropped,
            sees_one_consistent_state,
            refuses_writes_while_reading,
            migrates_again_and_checks,
            wakes_up_once_a_commit,
            reports_broken_references,
            works_through_a_second_opening,
        );
        $crate::conformance_tests!($factory, texts:
            keeps_unicode_and_hostile_texts,
            refuses_nul_in_text_and_keeps_it_in_json,
            keeps_very_long_texts,
        );
        $crate::conformance_tests!($factory, concurrency:
            sixteen_writers_lose_no_update,
            last_annotators_at_the_same_moment_plan_scoring_once,
            workers_do_everything_once,
        );
        $crate::conformance_tests!($factory, flow_planning:
            creates_a_project_with_its_annotators,
            matches_annotators_to_a_new_definition,
            scores_items_that_their_last_annotator_left,
            plans_what_the_policy_asks,
            plans_nothing_twice_on_import,
        );
        $crate::conformance_tests!($factory, flow_submitting:
            scores_when_the_panel_is_complete,
            many_at_once_are_like_one_by_one,
            repeats_harmlessly,
            refuses_what_does_not_belong,
            a_dead_annotator_does_not_hang_the_item,
            sets_aside_at_once,
            takes_back_dead_annotators,
            does_not_hand_out_poison_again,
            refits_when_votes_reach_gold,
        );
        $crate::conformance_tests!($factory, flow_stopping:
            readers_come_before_language_models,
            asks_the_next_ones_once,
            a_refit_and_a_score_at_the_same_moment_leave_nothing_old,
            a_consensus_of_an_old_definition_is_computed_again,
            a_new_rule_is_fitted_first,
        );
        $crate::conformance_tests!($factory, flow_scoring:
            moves_items_through_their_states,
            waits_with_review_for_people,
            stores_a_fit_and_scores_anew,
        );
        $crate::conformance_tests!($factory, flow_people:
            a_vote_counts_beside_the_machines,
            a_skipped_vote_goes_to_somebody_else,
            a_skipped_review_comes_last,
            a_resolution_becomes_gold,
            opens_a_review_of_any_item,
            imports_gold,
        );
    };
}
