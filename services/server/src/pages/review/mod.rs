//! Reviewing: the queue of what needs a person, and resolving one item of it.

mod queue;
mod resolve;

pub(super) use queue::{list, next};
pub(super) use resolve::{show, submit_form};
