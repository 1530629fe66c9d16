//! What was compared and how it came out.

use std::fmt::Write as _;

/// How a comparison came out.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Verdict {
    /// As promised.
    Met(String),
    /// Not as promised, and why.
    Missed(String),
    /// Nothing is promised: a figure to look at, or a difference of definition.
    Note(String),
}

/// One figure of one data set.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) figure: String,
    pub(crate) ours: String,
    pub(crate) peer: String,
    pub(crate) verdict: Verdict,
}

/// All rows of one data set.
#[derive(Debug, Clone)]
pub(crate) struct Section {
    pub(crate) title: String,
    pub(crate) rows: Vec<Row>,
}

impl Section {
    pub(crate) fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            rows: Vec::new(),
        }
    }

    pub(crate) fn add(&mut self, figure: impl Into<String>, ours: String, peer: String, verdict: Verdict) {
        self.rows.push(Row {
            figure: figure.into(),
            ours,
            peer,
            verdict,
        });
    }

    /// What was missed, each with the title of the section.
    pub(crate) fn missed(&self) -> impl Iterator<Item = String> + '_ {
        self.rows.iter().filter_map(|row| match &row.verdict {
            Verdict::Missed(why) => Some(format!("{}, {}: {why}", self.title, row.figure)),
            Verdict::Met(_) | Verdict::Note(_) => None,
        })
    }

    /// As a table.
    pub(crate) fn table(&self) -> String {
        let width =
            |cell: fn(&Row) -> &String| self.rows.iter().map(|row| cell(row).chars().count()).max().unwrap_or(0);
        let (figure, ours, peer) = (width(|row| &row.figure), width(|row| &row.ours), width(|row| &row.peer));
        let (ours, peer) = (ours.max(4), peer.max(4));
        let mut text = format!(
            "\n{}\n  {:figure$}  {:>ours$}  {:>peer$}\n",
            self.title, "", "ours", "peer"
        );
        for row in &self.rows {
            let verdict = match &row.verdict {
                Verdict::Met(how) => format!("ok, {how}"),
                Verdict::Missed(why) => format!("MISSED: {why}"),
                Verdict::Note(note) => format!("({note})"),
            };
            // Writing to a string does not fail.
            let _ = writeln!(
                text,
                "  {:figure$}  {:>ours$}  {:>peer$}  {verdict}",
                row.figure, row.ours, row.peer
            );
        }
        text
    }
}
