//! Persistence of comparisons of confidence methods: the last one of each project. It can be computed anew from what it
//! rests on.

use accord_domain::{MethodComparison, ProjectId};
use async_trait::async_trait;

use crate::error::StoreResult;

/// Persistence of comparisons of confidence methods.
#[async_trait]
pub trait MethodComparisons {
    /// Keeps a comparison in the place of the project's last one.
    async fn put_method_comparison(&mut self, comparison: &MethodComparison) -> StoreResult<()>;

    /// The project's last comparison.
    async fn method_comparison(&mut self, project_id: ProjectId) -> StoreResult<Option<MethodComparison>>;
}
