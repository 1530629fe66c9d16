//! Accord's words as types: projects, fields, items, annotators, tasks, annotations, consensus, gold and calibrators. No I/O, no clock, no randomness.

#![cfg_attr(test, expect(clippy::unwrap_used, reason = "tests fail by panicking"))]

pub mod access;
pub mod annotation;
pub mod annotator;
pub mod annotator_definition;
pub mod answer;
pub mod batch;
pub mod budget;
pub mod calibrator;
pub mod compare;
pub mod confidence_method;
pub mod consensus;
pub mod environment;
pub mod field;
pub mod field_definition;
pub mod folds;
pub mod gold;
pub mod identifiers;
pub mod item;
pub mod json_schema;
pub mod judge;
pub mod method;
pub mod normalise;
pub mod order;
pub mod permutation;
pub mod policy;
pub mod project;
pub mod prompt_reference;
pub mod run;
pub mod run_records;
pub mod run_report;
pub mod stopping;
pub mod task;
pub mod templates;
pub mod time;

pub use access::{AccessToken, Role, Scope, User};
pub use annotation::{Annotation, Provenance, ValueLogprob};
pub use annotator::{Annotator, AnnotatorDefinition, AnnotatorKind, AutomaticKind, InputView, LanguageModel};
pub use annotator_definition::AnnotatorError;
pub use answer::{ABSENT_CLASS, Answer, Answers, NormalisedValue};
pub use batch::{Batch, BatchFiles, BatchReport, BatchStage, BatchState};
pub use budget::{Amounts, Budget, BudgetHold};
pub use calibrator::{
    CERTIFICATION_PERCENT, CalibrationReport, Calibrator, CertificationSet, FOLD_COUNT, FittedFold, ScoreLevel,
};
pub use compare::{Cluster, ClusterMember, GoldMatch, clusters_by_similarity, match_gold, vote_similarity};
pub use confidence_method::{
    AreaDifference, ConfidenceMethod, CurvePlace, FieldMethods, JudgeFigures, LeftOut, MethodComparison, MethodCost,
    MethodEvaluation, Recommendation, TOLERATED_RISK,
};
pub use consensus::{ClassShare, Confidence, Consensus, Decision, Outcome, ReviewReason, Rung};
pub use environment::Environment;
pub use field::{Comparison, Field, FieldError, FieldName, FieldType, IdentifierScheme};
pub use folds::{document_of, fold_of, is_set_apart};
pub use gold::{Gold, GoldSource};
pub use identifiers::{
    AnnotationId, AnnotatorId, BatchId, BatchRequestId, CalibratorId, ConsensusId, GoldId, IdentifierError, ItemId,
    JudgementId, ProjectId, RunId, TaskId, TokenId, UserId,
};
pub use item::{Item, ItemContent, ItemState};
pub use json_schema::{json_schema, within_schema};
pub use judge::{Judge, Judgement};
pub use method::{
    AnnotatorPanel, CandidateScore, ConfusionCounts, FitWarning, FittedPipeline, MethodChoice, MethodSelection,
    SelectedInFold,
};
pub use normalise::{
    AnswerError, NORMALISER_VERSION, answer_from_json, answer_to_json, answers_from_json, normalise, normalise_plain,
};
pub use order::Order;
pub use permutation::{Permutation, Permutations};
pub use policy::{PeopleVote, Policy, Weighting};
pub use project::{Project, ProjectDefinition, ProjectError};
pub use prompt_reference::{PromptReference, PromptReferenceError, is_prompt_name};
pub use run::{ItemSelection, Run, RunAnnotator, RunBudget, RunItems, RunPlanning, RunState};
pub use run_records::RunRecords;
pub use run_report::RunReport;
pub use stopping::{
    CallOrder, SequentialTest, StopReason, Stopped, Stopping, StoppingFit, StoppingLoss, StoppingRule,
    all_votes_version,
};
pub use task::{Lease, Task, TaskKind, TaskState};
pub use templates::{template, template_names, template_text};
pub use time::Timestamp;
