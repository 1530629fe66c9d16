//! What a handler needs, as types.

use accord_domain::{Role, Scope};

/// What a handler of the API needs: a scope of a token, or a role of a person.
pub trait Requirement: Send + Sync + 'static {
    /// The scopes of which a token must have one; `admin` has all.
    const SCOPES: &'static [Scope];
    /// The least role of a person.
    const ROLE: Role;
    /// Whether a token that is bound to one project is refused.
    const WHOLE: bool;
}

/// The least role that a page needs.
pub trait RoleRequirement: Send + Sync + 'static {
    /// The role.
    const ROLE: Role;
}

macro_rules! requirement {
    ($(#[$documentation:meta])* $name:ident, [$($scope:ident),+], $role:ident, whole = $whole:literal) => {
        $(#[$documentation])*
        #[derive(Debug, Clone, Copy)]
        pub struct $name;

        impl Requirement for $name {
            const SCOPES: &'static [Scope] = &[$(Scope::$scope),+];
            const ROLE: Role = Role::$role;
            const WHOLE: bool = $whole;
        }
    };
}

macro_rules! role {
    ($(#[$documentation:meta])* $name:ident) => {
        $(#[$documentation])*
        #[derive(Debug, Clone, Copy)]
        pub struct $name;

        impl RoleRequirement for $name {
            const ROLE: Role = Role::$name;
        }
    };
}

requirement!(
    /// Creating projects and managing tokens and accounts: what concerns more than one project.
    Administer, [Admin], Administrator, whole = true
);
requirement!(
    /// Changing a project: its definition, its items, its gold.
    Admin, [Admin], Administrator, whole = false
);
requirement!(
    /// Claiming tasks and submitting annotations and resolutions.
    Annotate, [Annotate], Annotator, whole = false
);
requirement!(
    /// Reading items, votes, consensus, gold, figures and exports. Not for annotators, who vote blind.
    ReadData, [ReadData], Reviewer, whole = false
);
requirement!(
    /// Reading what is shown to whoever votes: the project's questions and the items' content.
    ViewContent, [ReadData, Annotate], Annotator, whole = false
);
requirement!(
    /// Sending documents and fetching their scored fields.
    Extract, [Extract], Reviewer, whole = false
);
role!(
    /// Whoever may vote.
    Annotator
);
role!(
    /// Whoever may resolve what needs review.
    Reviewer
);
role!(
    /// Whoever may create projects, accounts and tokens.
    Administrator
);
