//! The web server: API v1 with its OpenAPI document, the pages, sessions and tokens.
//!
//! [`router()`] is the whole application as a service, [`serve()`] runs it on a socket. [`accounts`] is also what the
//! commands of the program use to make accounts and tokens.

#![cfg_attr(test, expect(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking"))]

pub mod access;
pub mod accounts;
pub mod api;
mod assets;
pub mod extract;
pub mod figures;
mod middleware;
mod operations;
pub mod pages;
pub mod people;
pub mod problem;
mod router;
mod serve;
mod settings;
mod state;

pub use problem::{Problem, ProblemKind};
pub use router::router;
pub use serve::{ServeError, serve};
pub use settings::{PasswordCost, ServerSettings, SettingsError};
pub use state::AppState;
