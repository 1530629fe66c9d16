//! The form made from a project's fields: how it is shown, and how it is read.

mod questions;
mod read;

pub(super) use questions::{Question, questions};
pub(super) use read::{TypedAnswers, check_value};
