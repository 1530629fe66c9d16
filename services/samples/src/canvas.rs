//! Pages as lists of marks: what a layout draws and what a PDF page or a page image is made from.

use crate::font::Face;

/// A colour as red, green and blue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Colour(pub(crate) u8, pub(crate) u8, pub(crate) u8);

pub(crate) const BLACK: Colour = Colour(20, 20, 20);
pub(crate) const GREY: Colour = Colour(110, 110, 110);
pub(crate) const PALE: Colour = Colour(205, 205, 205);
pub(crate) const WHITE: Colour = Colour(255, 255, 255);

/// How text looks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Style {
    pub(crate) face: Face,
    /// In points.
    pub(crate) size: f32,
    pub(crate) colour: Colour,
}

impl Style {
    pub(crate) fn new(face: Face, size: f32) -> Self {
        Self {
            face,
            size,
            colour: BLACK,
        }
    }

    pub(crate) fn coloured(self, colour: Colour) -> Self {
        Self { colour, ..self }
    }

    pub(crate) fn sized(self, size: f32) -> Self {
        Self { size, ..self }
    }

    pub(crate) fn bold(self) -> Self {
        Self {
            face: self.face.bold(),
            ..self
        }
    }

    /// The distance between the baselines of two lines.
    pub(crate) fn leading(self) -> f32 {
        self.size * 1.28
    }

    pub(crate) fn width(self, text: &str) -> f32 {
        self.face.width(text, self.size)
    }

    /// Breaks text into lines that fit, at blanks; a single longer word keeps its own line.
    pub(crate) fn wrap(self, text: &str, width: f32) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        for word in text.split(' ') {
            match lines.last_mut() {
                Some(line) if self.width(line) + self.width(" ") + self.width(word) <= width => {
                    line.push(' ');
                    line.push_str(word);
                }
                _ => lines.push(word.to_owned()),
            }
        }
        lines
    }
}

/// One thing drawn. Lengths are points; the origin is the top left corner of the page.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Mark {
    Text {
        left: f32,
        baseline: f32,
        style: Style,
        text: String,
    },
    /// A filled rectangle; rules are thin ones.
    Block {
        left: f32,
        top: f32,
        width: f32,
        height: f32,
        colour: Colour,
    },
    /// A filled circle.
    Disc {
        x: f32,
        y: f32,
        radius: f32,
        colour: Colour,
    },
}

/// The pages of one document; marks go onto the last page.
#[derive(Debug, Clone)]
pub(crate) struct Canvas {
    pub(crate) width: f32,
    pub(crate) height: f32,
    pub(crate) pages: Vec<Vec<Mark>>,
}

/// The thickness of an ordinary rule.
const RULE: f32 = 0.6;

impl Canvas {
    pub(crate) fn new(width: f32, height: f32) -> Self {
        Self {
            width,
            height,
            pages: vec![Vec::new()],
        }
    }

    pub(crate) fn add_page(&mut self) {
        self.pages.push(Vec::new());
    }

    /// Draws onto the last page.
    pub(crate) fn mark(&mut self, mark: Mark) {
        if let Some(page) = self.pages.last_mut() {
            page.push(mark);
        }
    }

    pub(crate) fn text(&mut self, left: f32, baseline: f32, style: Style, text: &str) {
        if !text.trim().is_empty() {
            self.mark(Mark::Text {
                left,
                baseline,
                style,
                text: text.to_owned(),
            });
        }
    }

    pub(crate) fn text_right(&mut self, right: f32, baseline: f32, style: Style, text: &str) {
        self.text(right - style.width(text), baseline, style, text);
    }

    pub(crate) fn text_centred(&mut self, centre: f32, baseline: f32, style: Style, text: &str) {
        self.text(centre - style.width(text) / 2.0, baseline, style, text);
    }

    /// Draws lines below each other; gives the baseline that would follow.
    pub(crate) fn lines<Line: AsRef<str>>(&mut self, left: f32, baseline: f32, style: Style, lines: &[Line]) -> f32 {
        let mut at = baseline;
        for line in lines {
            self.text(left, at, style, line.as_ref());
            at += style.leading();
        }
        at
    }

    /// Draws wrapped text; gives the baseline that would follow.
    pub(crate) fn paragraph(&mut self, left: f32, baseline: f32, width: f32, style: Style, text: &str) -> f32 {
        self.lines(left, baseline, style, &style.wrap(text, width))
    }

    pub(crate) fn block(&mut self, left: f32, top: f32, width: f32, height: f32, colour: Colour) {
        self.mark(Mark::Block {
            left,
            top,
            width,
            height,
            colour,
        });
    }

    pub(crate) fn disc(&mut self, x: f32, y: f32, radius: f32, colour: Colour) {
        self.mark(Mark::Disc { x, y, radius, colour });
    }

    pub(crate) fn rule(&mut self, left: f32, right: f32, y: f32, colour: Colour) {
        self.block(left, y - RULE / 2.0, right - left, RULE, colour);
    }

    pub(crate) fn upright(&mut self, x: f32, top: f32, bottom: f32, colour: Colour) {
        self.block(x - RULE / 2.0, top, RULE, bottom - top, colour);
    }

    pub(crate) fn frame(&mut self, left: f32, top: f32, width: f32, height: f32, colour: Colour) {
        self.rule(left, left + width, top, colour);
        self.rule(left, left + width, top + height, colour);
        self.upright(left, top, top + height, colour);
        self.upright(left + width, top, top + height, colour);
    }

    /// A rule of short dashes, as where a slip is torn off.
    pub(crate) fn dashes(&mut self, left: f32, right: f32, y: f32, colour: Colour) {
        let mut at = left;
        while at < right {
            self.rule(at, (at + 4.0).min(right), y, colour);
            at += 7.0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrapping_keeps_every_word_and_the_width() {
        let style = Style::new(Face::Sans, 9.0);
        let text = "inclusive delivery to the third floor and removal of packaging";
        let lines = style.wrap(text, 90.0);
        assert!(lines.len() > 2);
        assert!(lines.iter().all(|line| style.width(line) <= 90.0));
        assert_eq!(lines.join(" "), text);
    }
}
