//! Figures over a whole project, shared by pages and API.

mod agreement;
mod cache;
mod ratings;

pub use agreement::{Agreement, FieldAgreement, Figure, agreement};
pub(crate) use cache::AgreementCache;
