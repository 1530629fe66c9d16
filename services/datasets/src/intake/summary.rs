//! What became of an import.

use accord_domain::ItemId;
use serde::Serialize;

/// The most entries of the lists in a summary; the counts go on.
const MAXIMUM_LISTED: usize = 1000;

/// What became of an import. Lists are cut after 1,000 entries, counts are complete.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct ImportSummary {
    /// Items that are new.
    pub created: u64,
    /// Items that were there already with the same content.
    pub unchanged: u64,
    /// Lines or files that were not taken.
    pub rejected: u64,
    /// Gold values that came with the items.
    pub gold: u64,
    /// The items that are there now.
    pub items: Vec<ImportedItem>,
    /// What was not taken, and why.
    pub rejections: Vec<Rejection>,
}

/// An item that is there after an import.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ImportedItem {
    /// Where it came from, such as `line 17`.
    pub place: String,
    /// The name its owner knows it by.
    pub external_id: String,
    /// Its identifier.
    pub item_id: ItemId,
    /// Whether it is new.
    pub created: bool,
}

/// A line or file that was not taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rejection {
    /// Where it is, such as `line 17`.
    pub place: String,
    /// The name its owner knows it by, when it could be read.
    pub external_id: Option<String>,
    /// What is wrong and what was expected.
    pub problem: String,
}

impl ImportSummary {
    /// Counts and lists what was not taken.
    pub fn reject(&mut self, rejection: Rejection) {
        tracing::warn!(place = %rejection.place, problem = %rejection.problem, "not imported");
        self.rejected += 1;
        if self.rejections.len() < MAXIMUM_LISTED {
            self.rejections.push(rejection);
        }
    }

    pub(super) fn accept(&mut self, item: ImportedItem) {
        if item.created {
            self.created += 1;
        } else {
            self.unchanged += 1;
        }
        if self.items.len() < MAXIMUM_LISTED {
            self.items.push(item);
        }
    }

    /// Adds the figures of a later part of the same import.
    pub fn merge(&mut self, later: Self) {
        self.created += later.created;
        self.unchanged += later.unchanged;
        self.rejected += later.rejected;
        self.gold += later.gold;
        let room = MAXIMUM_LISTED.saturating_sub(self.items.len());
        self.items.extend(later.items.into_iter().take(room));
        let room = MAXIMUM_LISTED.saturating_sub(self.rejections.len());
        self.rejections.extend(later.rejections.into_iter().take(room));
    }
}
