//! The graphics state of one content stream, and the text operators that are written from it.

use std::io::Write;

use lopdf::Dictionary;

use super::fonts::FontList;
use super::geometry::Matrix;
use super::lexer::Token;

/// Saved graphics states; readers promise 28, real files need a few hundred at most.
const MAXIMUM_SAVED_STATES: usize = 1_000;
/// Largest coordinate that is passed on.
const LARGEST_COORDINATE: f64 = 1.0e7;

/// What `q` saves and `Q` restores, as far as text needs it.
#[derive(Debug, Clone, Copy)]
pub(super) struct GraphicsState {
    pub(super) matrix: Matrix,
    pub(super) font: Option<usize>,
    pub(super) size: f64,
    character_spacing: f64,
    word_spacing: f64,
    horizontal_percent: f64,
    leading: f64,
    rise: f64,
}

impl GraphicsState {
    pub(super) const fn new(matrix: Matrix) -> Self {
        Self {
            matrix,
            font: None,
            size: 1.0,
            character_spacing: 0.0,
            word_spacing: 0.0,
            horizontal_percent: 100.0,
            leading: 0.0,
            rise: 0.0,
        }
    }
}

/// One content stream being read.
pub(super) struct Frame<'document> {
    pub(super) resources: Option<&'document Dictionary>,
    pub(super) state: GraphicsState,
    pub(super) saved: Vec<GraphicsState>,
    pub(super) text_object: Option<TextObject>,
}

/// The operators between `BT` and `ET`.
#[derive(Default)]
pub(super) struct TextObject {
    pub(super) operators: Vec<u8>,
    pub(super) shows_text: bool,
}

impl Frame<'_> {
    pub(super) fn begin_text(&mut self) {
        let mut operators = b"q ".to_vec();
        write_numbers(&mut operators, &self.state.matrix.entries);
        operators.extend_from_slice(b"cm BT\n");
        self.text_object = Some(TextObject {
            operators,
            shows_text: false,
        });
        self.write_font();
        if !self.has_default_spacing() {
            self.write_state();
        }
    }

    /// The text object being built; text outside of any opens one, as readers tolerate it.
    pub(super) fn open_text(&mut self) -> &mut TextObject {
        if self.text_object.is_none() {
            self.begin_text();
        }
        self.text_object.get_or_insert_default()
    }

    pub(super) fn save(&mut self) {
        if self.saved.len() < MAXIMUM_SAVED_STATES {
            self.saved.push(self.state);
        }
    }

    pub(super) fn restore(&mut self) {
        if let Some(state) = self.saved.pop() {
            self.state = state;
            if self.text_object.is_some() {
                self.write_whole_state();
            }
        }
    }

    pub(super) fn concatenate(&mut self, operands: &[Token]) {
        if let Some(entries) = last_numbers::<6>(operands) {
            let matrix = Matrix { entries }.then(self.state.matrix);
            if matrix.is_finite() {
                self.state.matrix = matrix;
            }
        }
    }

    pub(super) fn set_text_state(&mut self, operator: &[u8], operands: &[Token]) {
        let Some([value]) = last_numbers::<1>(operands) else {
            return;
        };
        match operator {
            b"Tc" => self.state.character_spacing = value,
            b"Tw" => self.state.word_spacing = value,
            b"Tz" if value != 0.0 => self.state.horizontal_percent = value,
            b"TL" => self.state.leading = value,
            b"Ts" => self.state.rise = value,
            _ => {}
        }
        if self.text_object.is_some() && operator != b"TL" {
            self.write_state();
        }
    }

    pub(super) fn move_text(&mut self, operator: &[u8], operands: &[Token]) {
        let leading = self.state.leading;
        match operator {
            b"Tm" => {
                if let Some(entries) = last_numbers::<6>(operands) {
                    let text = self.open_text();
                    write_numbers(&mut text.operators, &entries);
                    text.operators.extend_from_slice(b"Tm\n");
                }
            }
            b"T*" => self.write_offset(0.0, -leading),
            _ => {
                if let Some([x, y]) = last_numbers::<2>(operands) {
                    if operator == b"TD" {
                        self.state.leading = -y;
                    }
                    self.write_offset(x, y);
                }
            }
        }
    }

    fn write_offset(&mut self, x: f64, y: f64) {
        let text = self.open_text();
        write_numbers(&mut text.operators, &[x, y]);
        text.operators.extend_from_slice(b"Td\n");
    }

    fn write_whole_state(&mut self) {
        self.write_font();
        self.write_state();
    }

    fn has_default_spacing(&self) -> bool {
        let state = self.state;
        let spacing = [state.character_spacing, state.word_spacing, state.rise];
        spacing == [0.0; 3] && state.horizontal_percent == 100.0
    }

    pub(super) fn write_font(&mut self) {
        let (font, size) = (self.state.font, self.state.size);
        if let (Some(font), Some(text)) = (font, self.text_object.as_mut()) {
            text.operators.push(b'/');
            text.operators.extend_from_slice(&FontList::name(font));
            text.operators.push(b' ');
            write_numbers(&mut text.operators, &[size]);
            text.operators.extend_from_slice(b"Tf\n");
        }
    }

    fn write_state(&mut self) {
        let state = self.state;
        let Some(text) = self.text_object.as_mut() else {
            return;
        };
        let settings: [(f64, &[u8]); 4] = [
            (state.character_spacing, b"Tc "),
            (state.word_spacing, b"Tw "),
            (state.horizontal_percent, b"Tz "),
            (state.rise, b"Ts\n"),
        ];
        for (value, operator) in settings {
            write_numbers(&mut text.operators, &[value]);
            text.operators.extend_from_slice(operator);
        }
    }
}

/// The last operands, if they are numbers.
fn last_numbers<const COUNT: usize>(operands: &[Token]) -> Option<[f64; COUNT]> {
    let mut numbers = [0.0; COUNT];
    let last = operands.last_chunk::<COUNT>()?;
    for (number, operand) in numbers.iter_mut().zip(last) {
        match operand {
            Token::Number(value) => *number = *value,
            _ => return None,
        }
    }
    Some(numbers)
}

pub(super) fn write_numbers(output: &mut Vec<u8>, numbers: &[f64]) {
    for number in numbers {
        let number = number.clamp(-LARGEST_COORDINATE, LARGEST_COORDINATE);
        // Writing into a vector cannot fail.
        let _ = write!(output, "{number:.6} ");
    }
}

pub(super) fn write_string(output: &mut Vec<u8>, bytes: &[u8]) {
    output.push(b'<');
    for byte in bytes {
        let _ = write!(output, "{byte:02x}");
    }
    output.push(b'>');
}
