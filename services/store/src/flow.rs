//! The steps of the way of the data. Each works inside one given write transaction and also plans what follows, so that
//! nothing is done without its consequence and nothing is planned without its cause. The caller commits.
//!
//! Steps about one item lock it first: of two annotators that finish at the same moment, one is the last.

mod batches;
mod claiming;
mod failing;
mod fitting;
mod planning;
mod projects;
mod resolving;
mod run_planning;
mod running;
mod scoring;
mod skipping;
mod spending;
mod starting;
mod submitting;

pub use batches::{
    BatchAnswer, BatchOutcome, BatchPrice, Enrolment, REQUESTS_AT_ONCE, Settled, WantedRequest, drop_unwanted, enrol,
    fail_requests, settle_requests,
};
pub use claiming::claim;
pub use failing::{TakenBack, fail_attempt, park, set_aside, take_back};
pub use fitting::store_fit;
pub use planning::{add_items, hold_items, open_review, plan_items, plan_refit, plan_score};
pub use projects::{create_project, ensure_human_annotator, human_annotator_name, update_project};
pub use resolving::{GoldAnswers, import_gold, resolve_item};
pub use running::{
    RunChange, RunStep, cancel_run, carry_on, pause_run, pause_spent_run, report_run, resume_run, set_run_budget,
    settle_run,
};
pub use scoring::{Asked, Score, Scored, Wish, ask_next, hold_for_scoring, keep_score, store_score, store_scores};
pub use skipping::skip_task;
pub use spending::{CallTurn, RepliedCall, begin_calls, keep_calls, spent_and_reserved};
pub use starting::{NewRun, RefusedRun, WrongPart, check_run, start_run};
pub use submitting::{Submission, Submitted, submit_annotation, submit_annotations};

/// How much sooner the scoring of an item goes than the annotating of others of its priority, so that results appear
/// while a long import is still being annotated.
const SCORE_LEAD: i32 = 1;

/// The priority of scoring anew what was scored before: after all new work.
const RESCORE_PRIORITY: i32 = -1;

/// The priority of fitting weights and calibrators.
const REFIT_PRIORITY: i32 = 1;

/// How long a refit waits for more gold.
pub const REFIT_DELAY_AFTER_GOLD_MILLISECONDS: i64 = 2_000;

/// How long a refit waits for more votes on items that have gold.
pub const REFIT_DELAY_AFTER_VOTES_MILLISECONDS: i64 = 5_000;
