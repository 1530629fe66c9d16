//! Small pieces of HTML.

/// A whole page.
pub(super) fn page(title: &str, body: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>{}</title><link rel=\"stylesheet\" href=\"/api/docs/style.css\"></head><body>{body}</body></html>",
        escape(title)
    )
}

/// Text that means nothing to HTML.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// A line of text with `code` and **stress**.
pub(super) fn inline(text: &str) -> String {
    let pieces = escape(text);
    let with_code = alternate(&pieces, "`", "<code>", "</code>");
    alternate(&with_code, "**", "<strong>", "</strong>")
}

/// Paragraphs and lists of lines.
pub(super) fn blocks(text: &str) -> String {
    let mut html = String::new();
    for block in text.split("\n\n").filter(|block| !block.trim().is_empty()) {
        let mut items = block.split("\n- ").map(|item| item.trim_start_matches("- "));
        if block.starts_with("- ") {
            let items: String = items.map(|item| format!("<li>{}</li>", inline(item))).collect();
            html.push_str(&format!("<ul>{items}</ul>"));
        } else {
            let first = items.next().unwrap_or_default();
            html.push_str(&format!("<p>{}</p>", inline(first)));
        }
    }
    html
}

/// Puts every second piece between marks into tags. A mark without a partner stays as it is.
fn alternate(text: &str, mark: &str, open: &str, close: &str) -> String {
    let pieces: Vec<&str> = text.split(mark).collect();
    let last = pieces.len().saturating_sub(1);
    let mut html = String::new();
    for (position, piece) in pieces.iter().enumerate() {
        let inside = position % 2 == 1;
        if inside && position == last {
            html.push_str(mark);
            html.push_str(piece);
        } else if inside {
            html.push_str(open);
            html.push_str(piece);
            html.push_str(close);
        } else {
            html.push_str(piece);
        }
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_become_tags_and_nothing_else_does() {
        assert_eq!(
            inline("a `<b>` **c** d`"),
            "a <code>&lt;b&gt;</code> <strong>c</strong> d`"
        );
        assert_eq!(
            blocks("one\n\n- two\n- three"),
            "<p>one</p><ul><li>two</li><li>three</li></ul>"
        );
    }
}
