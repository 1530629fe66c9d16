//! What became of an import, as it is shown.

use std::io;

use accord_datasets::intake::{ImportSummary, ImportedItem, Rejection};
use accord_domain::ItemId;
use axum::extract::multipart::MultipartError;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::extract::body_problem_kind;
use crate::problem::{Problem, ProblemDetail, ProblemKind};

/// What became of an import. Lists are cut after 1000 entries, counts are complete.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct ImportReport {
    /// Items that are new.
    created: u64,
    /// Items that were there already with the same content.
    unchanged: u64,
    /// Lines or files that were not taken.
    rejected: u64,
    /// Gold values that came with the items.
    gold: u64,
    /// The items that are there now.
    items: Vec<ImportedItemShown>,
    /// What was not taken, and why.
    rejections: Vec<RejectionShown>,
}

/// An item that is there after an import.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ImportedItem)]
struct ImportedItemShown {
    /// Where it came from, such as `line 17`.
    place: String,
    /// The name its owner knows it by.
    external_id: String,
    /// Its identifier.
    item_id: ItemId,
    /// Whether it is new.
    created: bool,
}

/// A line or file that was not taken.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Rejection)]
struct RejectionShown {
    /// Where it is, such as `line 17`.
    place: String,
    /// The name its owner knows it by, when it could be read.
    external_id: Option<String>,
    /// What is wrong and what was expected.
    problem: String,
}

impl From<ImportSummary> for ImportReport {
    fn from(summary: ImportSummary) -> Self {
        Self {
            created: summary.created,
            unchanged: summary.unchanged,
            rejected: summary.rejected,
            gold: summary.gold,
            items: summary.items.into_iter().map(ImportedItemShown::from).collect(),
            rejections: summary.rejections.into_iter().map(RejectionShown::from).collect(),
        }
    }
}

impl From<ImportedItem> for ImportedItemShown {
    fn from(item: ImportedItem) -> Self {
        Self {
            place: item.place,
            external_id: item.external_id,
            item_id: item.item_id,
            created: item.created,
        }
    }
}

impl From<Rejection> for RejectionShown {
    fn from(rejection: Rejection) -> Self {
        Self {
            place: rejection.place,
            external_id: rejection.external_id,
            problem: rejection.problem,
        }
    }
}

impl ImportReport {
    /// Whether something was sent and nothing of it could be taken.
    pub(super) const fn is_failure(&self) -> bool {
        self.rejected > 0 && self.created == 0 && self.unchanged == 0
    }

    /// The rejections as a problem.
    pub(super) fn into_problem(self) -> Problem {
        let problem = Problem::new(
            ProblemKind::Invalid,
            format!("nothing could be imported: {} of {0} rejected", self.rejected),
        );
        self.rejections.into_iter().fold(problem, |problem, rejection| {
            let line = rejection
                .place
                .strip_prefix("line ")
                .and_then(|number| number.parse().ok());
            problem.with_error(ProblemDetail {
                field: line.is_none().then_some(rejection.place),
                line,
                message: rejection.problem,
            })
        })
    }
}

/// What is wrong with a body that could not be read to its end.
pub(super) fn input_problem(error: &io::Error) -> Problem {
    let kind = body_problem_kind(error);
    let what = match kind {
        ProblemKind::TooLarge => "the body is larger than an import may be".to_owned(),
        _ => format!("the body could not be read to its end: {error}"),
    };
    Problem::new(
        kind,
        format!("{what}; what came before is kept, and sending it again changes nothing"),
    )
}

/// What is wrong with a multipart body.
pub(in crate::api) fn multipart_problem(error: &MultipartError) -> Problem {
    let kind = match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => ProblemKind::TooLarge,
        _ => body_problem_kind(error),
    };
    Problem::new(kind, error.body_text())
}
