//! What may be wrong with prompt templates.

use std::fmt;

/// A template that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PromptError {
    /// There is none of that name.
    #[error("there is no prompt `{name}`: use one of {known}")]
    Unknown {
        /// The name asked for.
        name: String,
        /// The names that exist.
        known: String,
    },
    /// It is not the version that is pinned.
    #[error(
        "prompt `{name}` ({place}) was changed: `{name}@{pin}` is wanted and its hash is now {hash}; restore the text, give \
         the new one another name, or pin the new hash"
    )]
    Changed {
        /// The template's name.
        name: String,
        /// The digits that its hash should begin with.
        pin: String,
        /// Its hash.
        hash: String,
        /// Where its text stands.
        place: String,
    },
    /// Two templates have one name.
    #[error("{second}: the name `{name}` is taken by {first}; give one of them another name")]
    Twice {
        /// The name.
        name: String,
        /// Where the name stands first.
        first: String,
        /// Where it stands again.
        second: Place,
    },
    /// Its text is not a template.
    #[error("{place}: {problem}")]
    Template {
        /// Where.
        place: Place,
        /// What is wrong and what was expected.
        problem: String,
    },
    /// The folder or a file in it cannot be read.
    #[error("[prompts] folder: {file} cannot be read: {problem}")]
    Unreadable {
        /// The folder or file.
        file: String,
        /// What the system said.
        problem: String,
    },
    /// It is made for something else.
    #[error("prompt `{name}` {problem}")]
    Unsuited {
        /// The template's name.
        name: String,
        /// Why it does not suit.
        problem: String,
    },
    /// It cannot be rendered.
    #[error("prompt `{name}` cannot be rendered: {problem}")]
    Render {
        /// The template's name.
        name: String,
        /// What the template engine said.
        problem: String,
    },
}

/// A place in a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Where the text comes from.
    pub text: String,
    /// The line, from 1; none where the whole is meant.
    pub line: Option<usize>,
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(formatter, "{}, line {line}", self.text),
            None => formatter.write_str(&self.text),
        }
    }
}
