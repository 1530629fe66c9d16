//! Ready project definitions to begin with.

use crate::project::ProjectDefinition;

/// The written form of every template, by name.
const TEMPLATES: [(&str, &str); 3] = [
    ("invoice", include_str!("../templates/invoice.toml")),
    ("receipt", include_str!("../templates/receipt.toml")),
    (
        "text-classification",
        include_str!("../templates/text-classification.toml"),
    ),
];

/// The names of the templates.
pub fn template_names() -> impl Iterator<Item = &'static str> {
    TEMPLATES.iter().map(|(name, _)| *name)
}

/// The commented TOML of a template, to be edited and kept as a project file.
#[must_use]
pub fn template_text(name: &str) -> Option<&'static str> {
    TEMPLATES
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, text)| *text)
}

/// The project definition of a template; none when there is no template of that name.
#[must_use]
#[expect(
    clippy::expect_used,
    reason = "the templates are part of the program and every one is read in its tests"
)]
pub fn template(name: &str) -> Option<ProjectDefinition> {
    template_text(name).map(|text| toml::from_str(text).expect("every template is a valid project definition"))
}
