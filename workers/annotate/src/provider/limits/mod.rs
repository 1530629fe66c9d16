//! The limits of an endpoint: one place decides whether a call may go now, or when. Everything that decides is a state
//! machine that is told the moment; waiting is done in [`admission`] alone.

pub(super) mod admission;
mod breaker;
mod bucket;
pub(super) mod estimate;
pub(super) mod gate;
pub(super) mod headers;
pub(super) mod purse;
mod retries;
mod shared;
