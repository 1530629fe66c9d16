//! Collects the characters that a page shows, with their places.

use std::time::Instant;

use pdf_extract::{MediaBox, OutputDev, OutputError, Transform};

/// Characters between two looks at the clock.
const CHARACTERS_PER_TIME_CHECK: usize = 1024;

/// One shown character (or ligature) in points from the top left of the page.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Character {
    /// What it stands for.
    pub(super) text: String,
    /// Where its baseline begins.
    pub(super) start: (f64, f64),
    /// Where its baseline ends.
    pub(super) end: (f64, f64),
    /// From the baseline to the height of one em.
    pub(super) up: (f64, f64),
    /// The length along the baseline that the text state adds after it.
    pub(super) spacing: f64,
}

/// Why collecting ended early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// There were more characters than allowed.
    TooMany,
    /// The deadline passed.
    TimedOut,
}

/// Takes what the text library shows.
#[derive(Debug)]
pub(super) struct Collector {
    /// The characters so far.
    pub(super) characters: Vec<Character>,
    /// Set when the end was not reached.
    pub(super) stop: Option<Stop>,
    most: usize,
    deadline: Instant,
}

impl Collector {
    pub(super) const fn new(most: usize, deadline: Instant) -> Self {
        Self {
            characters: Vec::new(),
            stop: None,
            most,
            deadline,
        }
    }

    fn stop_with(&mut self, stop: Stop) -> Result<(), OutputError> {
        self.stop = Some(stop);
        Err(OutputError::FormatError(std::fmt::Error))
    }
}

impl OutputDev for Collector {
    fn begin_page(
        &mut self,
        _page_number: u32,
        _media_box: &MediaBox,
        _art_box: Option<(f64, f64, f64, f64)>,
    ) -> Result<(), OutputError> {
        Ok(())
    }

    fn end_page(&mut self) -> Result<(), OutputError> {
        Ok(())
    }

    fn output_character(
        &mut self,
        matrix: &Transform,
        width: f64,
        spacing: f64,
        font_size: f64,
        text: &str,
    ) -> Result<(), OutputError> {
        if self.characters.len() >= self.most {
            return self.stop_with(Stop::TooMany);
        }
        if self.characters.len().is_multiple_of(CHARACTERS_PER_TIME_CHECK) && Instant::now() > self.deadline {
            return self.stop_with(Stop::TimedOut);
        }
        let advance = width * font_size;
        let start = (matrix.m31, matrix.m32);
        let end = (start.0 + matrix.m11 * advance, start.1 + matrix.m12 * advance);
        let up = (matrix.m21 * font_size, matrix.m22 * font_size);
        let values = [start.0, start.1, end.0, end.1, up.0, up.1, spacing];
        if values.iter().all(|value| value.is_finite()) {
            self.characters.push(Character {
                text: text.to_owned(),
                start,
                end,
                up,
                spacing: spacing * matrix.m11.hypot(matrix.m12),
            });
        }
        Ok(())
    }

    fn begin_word(&mut self) -> Result<(), OutputError> {
        Ok(())
    }

    fn end_word(&mut self) -> Result<(), OutputError> {
        Ok(())
    }

    fn end_line(&mut self) -> Result<(), OutputError> {
        Ok(())
    }
}
