//! Reports to look at: one HTML file that needs nothing else, made of sections of text, tables and charts.

use std::path::Path;

use anyhow::Context as _;
use serde::Serialize;
use tera::{Context, Tera};

const TEMPLATE: &str = include_str!("../templates/report.html");
/// Ends in `.html`, so that text is escaped.
const TEMPLATE_NAME: &str = "report.html";

/// A whole report.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Report {
    /// What it is about, such as "Agreement in votes.csv".
    pub(crate) title: String,
    /// One sentence on where the figures come from.
    pub(crate) source: String,
    /// The command that made it; left out when empty.
    pub(crate) command: String,
    /// The few figures that stand on top.
    pub(crate) facts: Vec<Fact>,
    /// What follows, in this order.
    pub(crate) sections: Vec<Section>,
}

/// A named figure.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Fact {
    pub(crate) name: String,
    pub(crate) value: String,
}

/// A part of a report. Text is text: nothing in it is taken for HTML, except the figures.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Section {
    pub(crate) heading: String,
    /// What the reader must not miss.
    pub(crate) warnings: Vec<String>,
    pub(crate) paragraphs: Vec<String>,
    pub(crate) tables: Vec<ReportTable>,
    pub(crate) figures: Vec<Figure>,
}

/// A chart with its name.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Figure {
    pub(crate) caption: String,
    /// An `<svg>` element as `accord_charts` makes it, put in as it is.
    pub(crate) svg: String,
}

/// A table; columns from `numbers_from` on are aligned to the right.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct ReportTable {
    /// What it shows; left out when empty.
    pub(crate) caption: String,
    pub(crate) headings: Vec<String>,
    pub(crate) rows: Vec<Vec<String>>,
    pub(crate) numbers_from: usize,
}

impl Fact {
    pub(crate) fn new(name: &str, value: impl Into<String>) -> Self {
        Self {
            name: name.to_owned(),
            value: value.into(),
        }
    }
}

impl Section {
    /// Adds a chart; one that cannot be drawn is left out, its figures are in the tables.
    pub(crate) fn draw<E>(&mut self, caption: &str, svg: Result<String, E>) {
        self.figures.extend(svg.ok().map(|svg| Figure {
            caption: caption.to_owned(),
            svg,
        }));
    }

    pub(crate) fn new(heading: impl Into<String>) -> Self {
        Self {
            heading: heading.into(),
            ..Self::default()
        }
    }
}

impl ReportTable {
    pub(crate) fn new(caption: &str, headings: &[&str], numbers_from: usize, rows: Vec<Vec<String>>) -> Self {
        Self {
            caption: caption.to_owned(),
            headings: headings.iter().map(|heading| (*heading).to_owned()).collect(),
            rows,
            numbers_from,
        }
    }
}

impl Report {
    /// Writes the report; the file appears under its name only when it is complete.
    pub(crate) fn write(&self, file: &Path) -> anyhow::Result<()> {
        let page = self.page()?;
        let mut name = file.as_os_str().to_owned();
        name.push(".partial");
        let written = std::fs::write(&name, page).and_then(|()| std::fs::rename(&name, file));
        if written.is_err() {
            drop(std::fs::remove_file(&name));
        }
        written.with_context(|| format!("{} cannot be written", file.display()))
    }

    fn page(&self) -> anyhow::Result<String> {
        let mut tera = Tera::default();
        tera.add_raw_template(TEMPLATE_NAME, TEMPLATE)?;
        let mut context = Context::new();
        context.insert("report", self);
        context.insert("version", env!("CARGO_PKG_VERSION"));
        context.insert("chart_style", accord_charts::STYLE);
        Ok(tera.render(TEMPLATE_NAME, &context)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped_and_figures_are_not() {
        let report = Report {
            title: "Agreement in <votes>.csv".to_owned(),
            facts: vec![Fact::new("items", "3")],
            sections: vec![Section {
                warnings: vec!["a & b".to_owned()],
                tables: vec![ReportTable::new(
                    "Labels",
                    &["label", "votes"],
                    1,
                    vec![vec!["<script>".to_owned(), "3".to_owned()]],
                )],
                figures: vec![Figure {
                    caption: "Pairs".to_owned(),
                    svg: "<svg></svg>".to_owned(),
                }],
                ..Section::new("Field")
            }],
            ..Report::default()
        };
        let page = report.page().unwrap();
        assert!(page.contains("Agreement in &lt;votes&gt;.csv"), "{page}");
        assert!(page.contains("a &amp; b") && page.contains("&lt;script&gt;") && !page.contains("<script>"));
        assert!(page.contains("<figcaption>Pairs</figcaption><svg></svg></figure>"));
        assert!(page.contains(r#"<td class="number">3</td>"#));
        assert!(!page.contains("http") && !page.contains("src="), "nothing is loaded");
    }
}
