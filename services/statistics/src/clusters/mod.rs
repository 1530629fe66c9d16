//! Clusters of votes on open text: which answers count as the same, and which real vote speaks for them.

mod linkage;
mod matrix;
mod shares;

pub use linkage::{Linkage, cluster_labels};
pub use matrix::SimilarityMatrix;
pub use shares::{Cluster, Clustering, cluster_votes};
