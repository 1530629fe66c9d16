//! Writing SVG: escaped text, short numbers, a title and a description first.

use std::fmt::{Display, Write};

/// The width of every chart in its own units.
pub const WIDTH: f64 = 360.0;

/// How wide a character of the text of charts is at most on average, in units.
const CHARACTER_WIDTH: f64 = 7.0;

/// Where a text stands relative to its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

impl Anchor {
    const fn word(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Middle => "middle",
            Self::End => "end",
        }
    }
}

/// A chart that is being drawn, back to front.
#[derive(Debug, Default)]
pub(crate) struct Drawing {
    body: String,
}

impl Drawing {
    /// A straight line.
    pub(crate) fn line(&mut self, class: &str, from: (f64, f64), to: (f64, f64)) {
        self.element(format_args!(
            r#"<line class="{class}" x1="{}" y1="{}" x2="{}" y2="{}"/>"#,
            place(from.0),
            place(from.1),
            place(to.0),
            place(to.1)
        ));
    }

    /// A line through several places.
    pub(crate) fn path(&mut self, class: &str, places: &[(f64, f64)]) {
        let points: Vec<String> = places
            .iter()
            .map(|(across, down)| format!("{},{}", place(*across), place(*down)))
            .collect();
        self.element(format_args!(
            r#"<polyline class="{class}" points="{}"/>"#,
            points.join(" ")
        ));
    }

    /// A rectangle from its upper left corner, as strong as `opacity` says.
    pub(crate) fn rectangle(&mut self, class: &str, corner: (f64, f64), size: (f64, f64), opacity: Option<f64>) {
        let opacity = opacity.map_or_else(String::new, |opacity| format!(r#" fill-opacity="{opacity:.2}""#));
        self.element(format_args!(
            r#"<rect class="{class}" x="{}" y="{}" width="{}" height="{}"{opacity}/>"#,
            place(corner.0),
            place(corner.1),
            place(size.0),
            place(size.1)
        ));
    }

    /// A filled circle.
    pub(crate) fn circle(&mut self, class: &str, centre: (f64, f64), radius: f64) {
        self.element(format_args!(
            r#"<circle class="{class}" cx="{}" cy="{}" r="{}"/>"#,
            place(centre.0),
            place(centre.1),
            place(radius)
        ));
    }

    /// Words, the middle of whose letters is at the place's height.
    pub(crate) fn text(&mut self, class: &str, at: (f64, f64), anchor: Anchor, words: &str) {
        self.element(format_args!(
            r#"<text class="{class}" x="{}" y="{}" text-anchor="{}">{}</text>"#,
            place(at.0),
            place(at.1 + 4.0),
            anchor.word(),
            escape(words)
        ));
    }

    /// Words that run upwards.
    pub(crate) fn upward_text(&mut self, class: &str, at: (f64, f64), words: &str) {
        let (across, down) = (place(at.0), place(at.1));
        self.element(format_args!(
            r#"<text class="{class}" x="{across}" y="{down}" text-anchor="middle" transform="rotate(-90 {across} {down})">{}</text>"#,
            escape(words)
        ));
    }

    /// What `draw` draws, with words that show while a pointer is on it.
    pub(crate) fn with_words(&mut self, words: &str, draw: impl FnOnce(&mut Self)) {
        self.element(format_args!("<g><title>{}</title>", escape(words)));
        draw(self);
        self.body.push_str("</g>");
    }

    /// The whole chart: how high it is, its title, and in words what it shows.
    pub(crate) fn finish(self, kind: &str, height: f64, title: &str, description: &str) -> String {
        format!(
            r#"<svg class="chart {kind}" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {} {}" role="img"><title>{}</title><desc>{}</desc>{}</svg>"#,
            place(WIDTH),
            place(height),
            escape(title),
            escape(description),
            self.body
        )
    }

    fn element(&mut self, element: impl Display) {
        // Writing to a string cannot fail.
        let _ = write!(self.body, "{element}");
    }
}

/// A length with no more digits than can be seen.
fn place(length: f64) -> String {
    let text = format!("{length:.1}");
    match text.strip_suffix(".0") {
        Some("-0") => "0".to_owned(),
        Some(whole) => whole.to_owned(),
        None => text,
    }
}

/// Text that means nothing to SVG and HTML: marks escaped, and what would break or reorder the line left out.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\t' | '\n' | '\r' => escaped.push(' '),
            other if is_unfit(other) => {}
            other => escaped.push(other),
        }
    }
    escaped
}

/// Control characters, marks that turn the direction of writing, and what XML forbids.
fn is_unfit(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}' | '\u{FFFE}' | '\u{FFFF}')
}

/// Whether the whole name has room in `width` units.
pub(crate) fn has_room(name: &str, width: f64) -> bool {
    let room = room_in(width);
    let characters = || name.chars().filter(|character| !is_unfit(*character));
    characters().map(columns).sum::<f64>() <= room && characters().count() <= 4 * columns_limit(room)
}

/// As much of a name as has room in `width` units, with `…` where something was cut.
pub(crate) fn fitted(name: &str, width: f64) -> String {
    let characters = name.chars().filter(|character| !is_unfit(*character));
    if has_room(name, width) {
        return characters.collect();
    }
    let room = room_in(width);
    let mut used = 0.0;
    let mut kept = String::new();
    for character in characters.take(4 * columns_limit(room)) {
        used += columns(character);
        if used > room - 1.0 {
            break;
        }
        kept.push(character);
    }
    let mut kept = kept.trim_end().to_owned();
    kept.push('…');
    kept
}

/// A name over at most so many lines of `width` units, broken between words; what has no room on the last is cut.
pub(crate) fn wrapped(name: &str, width: f64, most_lines: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for word in name.split_whitespace() {
        let is_last = lines.len() + 1 >= most_lines;
        let longer = if line.is_empty() {
            word.to_owned()
        } else {
            format!("{line} {word}")
        };
        if line.is_empty() || is_last || has_room(&longer, width) {
            line = longer;
        } else {
            lines.push(fitted(&line, width));
            line = word.to_owned();
        }
    }
    lines.push(fitted(&line, width));
    lines
}

/// How many columns there are in so many units.
const fn room_in(width: f64) -> f64 {
    (width / CHARACTER_WIDTH).max(1.0)
}

/// How many columns a character takes: wide ones two, combining ones none.
const fn columns(character: char) -> f64 {
    match character {
        '\u{0300}'..='\u{036F}'
        | '\u{1AB0}'..='\u{1AFF}'
        | '\u{200B}'..='\u{200D}'
        | '\u{20D0}'..='\u{20FF}'
        | '\u{FE00}'..='\u{FE0F}' => 0.0,
        '\u{1100}'..='\u{115F}'
        | '\u{2E80}'..='\u{A4CF}'
        | '\u{AC00}'..='\u{D7A3}'
        | '\u{F900}'..='\u{FAFF}'
        | '\u{FE30}'..='\u{FE6F}'
        | '\u{FF00}'..='\u{FF60}'
        | '\u{1F300}'..='\u{3FFFD}' => 2.0,
        _ => 1.0,
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the room is a small positive number of columns"
)]
const fn columns_limit(room: f64) -> usize {
    room as usize + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_short() {
        assert_eq!(place(3.0), "3");
        assert_eq!(place(2.71), "2.7");
        assert_eq!(place(-0.01), "0");
    }

    #[test]
    fn text_stays_text() {
        assert_eq!(
            escape("</text><script>\"a\"&'b'\u{0}\u{202E}\n"),
            "&lt;/text&gt;&lt;script&gt;&quot;a&quot;&amp;&#39;b&#39; "
        );
    }

    #[test]
    fn names_are_cut_where_their_room_ends() {
        assert_eq!(fitted("short", 35.0), "short");
        assert_eq!(fitted("a very long name", 70.0), "a very lo…");
        assert_eq!(fitted("日本語の名前です", 70.0), "日本語の…");
        let stacked = format!("a{}", "\u{0301}".repeat(1000));
        assert!(fitted(&stacked, 64.0).chars().count() < 60);
        assert_eq!(fitted("", 10.0), "");
    }

    #[test]
    fn long_names_go_over_lines_between_their_words() {
        assert_eq!(
            wrapped("a long name of six words", 84.0, 2),
            ["a long name", "of six words"]
        );
        assert_eq!(wrapped("a long name of six more", 84.0, 1), ["a long name…"]);
        assert_eq!(wrapped("unbreakableword", 70.0, 2), ["unbreakab…"]);
        assert_eq!(wrapped("", 70.0, 2), [""]);
        assert!(has_room("日本語", 42.0) && !has_room("日本語の", 42.0));
    }
}
