//! From the text of a file to a template that is known to work.

use std::collections::BTreeSet;
use std::ops::Range;

use accord_domain::is_prompt_name;
use sha2::{Digest, Sha256};
use tera::{ErrorKind, Tera};

use super::{OutputForm, Place, Prompt, PromptError, PromptHeader, PromptOrigin};

/// The variables that every template is given.
const VARIABLES: [&str; 7] = [
    "title",
    "guidelines",
    "fields",
    "schema",
    "examples",
    "document",
    VALUES,
];

/// What only judges are given.
const VALUES: &str = "values";

/// The line before and after the front matter.
const FENCE: &str = "+++";

/// The line that begins the system message.
const SYSTEM_MARK: &str = "=== system ===";

/// The line that begins the user message.
const USER_MARK: &str = "=== user ===";

/// The name of the template of the system message.
pub(super) const SYSTEM: &str = "system";

/// The name of the template of the user message.
pub(super) const USER: &str = "user";

/// Lines of a text, from one to before another.
type Lines = Range<usize>;

/// The text of a template while it is read.
struct Source<'a> {
    origin: &'a PromptOrigin,
    lines: Vec<&'a str>,
}

impl Prompt {
    /// Reads a template's text and checks it.
    ///
    /// # Errors
    /// Says what is wrong and on which line where that is known: missing parts, unknown front matter, variables that are
    /// used and not declared, declared and not used, or not known at all.
    pub fn parse(text: &str, origin: PromptOrigin) -> Result<Self, PromptError> {
        let source = Source {
            origin: &origin,
            lines: text.lines().collect(),
        };
        let (front_matter, system, user) = source.parts()?;
        let header = source.header(front_matter.clone())?;
        let mut templates = Tera::default();
        templates.autoescape_on(Vec::<&str>::new());
        source.add(&mut templates, SYSTEM, system.clone())?;
        source.add(&mut templates, USER, user.clone())?;
        source.check_variables(&header, &templates, system.start..user.end, front_matter)?;
        Ok(Self {
            header,
            hash: hex::encode(Sha256::digest(text.as_bytes())),
            text: text.to_owned(),
            templates,
            origin,
        })
    }
}

impl Source<'_> {
    fn problem(&self, index: Option<usize>, problem: impl Into<String>) -> PromptError {
        PromptError::Template {
            place: Place {
                text: self.origin.to_string(),
                line: index.map(|index| index + 1),
            },
            problem: problem.into(),
        }
    }

    fn find(&self, mark: &str, from: usize) -> Option<usize> {
        let found = self.lines.iter().skip(from).position(|line| line.trim_end() == mark);
        found.map(|position| from + position)
    }

    /// The lines of the front matter, the system message and the user message.
    fn parts(&self) -> Result<(Lines, Lines, Lines), PromptError> {
        if self.find(FENCE, 0) != Some(0) {
            return Err(self.problem(Some(0), "expected front matter between two lines +++"));
        }
        let end = self
            .find(FENCE, 1)
            .ok_or_else(|| self.problem(Some(0), "the front matter has no end: a second line +++ is missing"))?;
        let missing = |mark: &str| self.problem(None, format!("the line `{mark}` is missing"));
        let system = self.find(SYSTEM_MARK, end).ok_or_else(|| missing(SYSTEM_MARK))?;
        let user = self.find(USER_MARK, system).ok_or_else(|| missing(USER_MARK))?;
        let between = (end + 1..system).find(|index| !self.text(*index..*index + 1).is_empty());
        match between {
            Some(index) => Err(self.problem(Some(index), format!("nothing may stand before `{SYSTEM_MARK}`"))),
            None => Ok((1..end, system + 1..user, user + 1..self.lines.len())),
        }
    }

    fn text(&self, lines: Lines) -> String {
        self.lines.get(lines).unwrap_or_default().join("\n").trim().to_owned()
    }

    fn header(&self, lines: Lines) -> Result<PromptHeader, PromptError> {
        let text = self.lines.get(lines.clone()).unwrap_or_default().join("\n");
        let header: PromptHeader = toml::from_str(&text).map_err(|error| {
            let before = error.span().and_then(|span| text.get(..span.start));
            let index = before.map(|before| lines.start + before.matches('\n').count());
            self.problem(index, format!("front matter: {}", error.message()))
        })?;
        let problem = |key: &str, problem: String| {
            let index = self.line_of(key, lines.clone());
            Err(self.problem(index, format!("`{key}` {problem}")))
        };
        if !is_prompt_name(&header.name) {
            return problem(
                "name",
                format!(
                    "`{}` is not valid: use lower-case letters, digits, hyphens and underscores, start with a letter",
                    header.name.chars().take(80).collect::<String>()
                ),
            );
        }
        if header.purpose.trim().is_empty() {
            return problem("purpose", "is empty: say what the prompt is for".to_owned());
        }
        if header.views.is_empty() {
            return problem(
                "views",
                "is empty: name the views of an item that the prompt is made for".to_owned(),
            );
        }
        if let Some(variable) = header.variables.iter().find(|name| !VARIABLES.contains(&name.as_str())) {
            return problem(
                "variables",
                format!(
                    "names `{variable}`, which no prompt is given: there are {}",
                    VARIABLES.join(", ")
                ),
            );
        }
        Ok(header)
    }

    fn add(&self, templates: &mut Tera, name: &str, lines: Lines) -> Result<(), PromptError> {
        let text = self.text(lines.clone());
        if text.is_empty() {
            return Err(self.problem(lines.start.checked_sub(1), format!("the {name} message is empty")));
        }
        let result = templates.add_raw_template(name, &text);
        result.map_err(|error| match error.kind() {
            ErrorKind::SyntaxError(report) => {
                let first = lines.clone().find(|index| !self.text(*index..*index + 1).is_empty());
                let index = first.map(|first| first + report.span().start_line.saturating_sub(1));
                self.problem(index, report.message())
            }
            _ => self.problem(None, format!("the {name} message: {error}")),
        })
    }

    /// What is declared is used, what is used is declared, and what every question needs is there.
    fn check_variables(
        &self,
        header: &PromptHeader,
        templates: &Tera,
        body: Lines,
        front_matter: Lines,
    ) -> Result<(), PromptError> {
        let mut used = BTreeSet::new();
        for name in [SYSTEM, USER] {
            let found = templates.get_template_variables(name);
            used.extend(found.map_err(|error| self.problem(None, error.to_string()))?);
        }
        let declared: BTreeSet<&str> = header.variables.iter().map(String::as_str).collect();
        if let Some(name) = used.difference(&declared).next() {
            let problem = if VARIABLES.contains(name) {
                format!("`{name}` is used and not declared: add it to `variables`")
            } else {
                format!(
                    "`{name}` is used, which no prompt is given: there are {}",
                    VARIABLES.join(", ")
                )
            };
            return Err(self.problem(self.line_of(name, body), problem));
        }
        let line = self.line_of("variables", front_matter);
        if let Some(name) = declared.difference(&used).next() {
            return Err(self.problem(
                line,
                format!("`{name}` is declared and not used: take it out of `variables`"),
            ));
        }
        let shows_text = header.views.iter().any(|view| view.shows_text());
        for (name, is_needed, why) in [
            ("document", shows_text, "it is what the question is about"),
            (
                "schema",
                true,
                "it is what providers without structured output have to be told",
            ),
        ] {
            if is_needed && !used.contains(name) {
                return Err(self.problem(line, format!("`{name}` is not used: {why}")));
            }
        }
        self.check_judging(header, &used, line)
    }

    /// Judges are shown values and no examples; annotators are never shown values.
    fn check_judging(
        &self,
        header: &PromptHeader,
        used: &BTreeSet<&str>,
        line: Option<usize>,
    ) -> Result<(), PromptError> {
        let rates = header.output == OutputForm::Ratings;
        let problem = if rates && !used.contains(VALUES) {
            format!("`{VALUES}` is not used: they are what a judge rates")
        } else if rates && used.contains("examples") {
            "`examples` is used: a judge is shown none".to_owned()
        } else if !rates && used.contains(VALUES) {
            format!("`{VALUES}` is used: only prompts whose `output` is ratings are given them")
        } else {
            return Ok(());
        };
        Err(self.problem(line, problem))
    }

    /// The first of these lines in which the word stands.
    fn line_of(&self, word: &str, lines: Lines) -> Option<usize> {
        let part_of_word = |character: char| character.is_alphanumeric() || character == '_';
        lines.into_iter().find(|index| {
            let line = self.lines.get(*index).copied().unwrap_or_default();
            line.split(|character| !part_of_word(character))
                .any(|part| part == word)
        })
    }
}
