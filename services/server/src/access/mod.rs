//! Who is asking, and what they may do: extractors whose type says what a handler needs.

mod authorized;
mod bearer;
mod client;
mod field_for;
mod form;
mod item_for;
mod principal;
mod project_for;
mod requirement;
mod session;
mod signed_in;

pub use authorized::Authorized;
pub use client::ClientAddress;
pub use field_for::FieldFor;
pub use form::ProtectedForm;
pub use item_for::ItemFor;
pub(crate) use principal::PrincipalSlot;
pub use principal::{Principal, SignedInPerson};
pub use project_for::ProjectFor;
pub(crate) use project_for::find_project;
pub use requirement::{
    Admin, Administer, Administrator, Annotate, Annotator, Extract, ReadData, Requirement, Reviewer, RoleRequirement,
    ViewContent,
};
pub use session::{SESSION_COOKIE, expired_session_cookie, session_cookie};
pub use signed_in::{MaybeSignedIn, SignedIn};
