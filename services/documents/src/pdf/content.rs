//! Reduces a page to what shows text: a new, flat content stream whose every operator is known to be sound.
//!
//! Forms are put in place with their matrix, graphics that draw no text are dropped, operands are checked. The library that knows fonts then
//! only sees text operators, so that neither a form that calls itself nor a damaged drawing can bring it down.

use std::collections::HashSet;
use std::io::Write;

use lopdf::{Dictionary, Document, Object, Stream};

use super::fonts::FontList;
use super::geometry::{Matrix, Rectangle};
use super::lexer::{Lexer, Token};
use super::load::broken;
use super::pages::PageSource;
use super::streams::{self, Budget};
use crate::error::DocumentError;

/// Forms inside forms that are followed.
const MAXIMUM_FORM_DEPTH: usize = 16;
/// Forms that one page may draw, counting each time.
const MAXIMUM_FORMS_PER_PAGE: usize = 10_000;
/// Text operators of one page; a dense page with every glyph placed by itself has some 50,000.
const MAXIMUM_OPERATORS_PER_PAGE: usize = 500_000;
/// Saved graphics states; readers promise 28, real files need a few hundred at most.
const MAXIMUM_SAVED_STATES: usize = 1_000;
/// Tokens before an operator; the longest sound ones are arrays of one line's glyphs.
const MAXIMUM_OPERANDS: usize = 50_000;
/// Largest coordinate that is passed on.
const LARGEST_COORDINATE: f64 = 1.0e7;
/// Annotations whose appearance belongs to the text of the page.
const READABLE_ANNOTATIONS: [&[u8]; 3] = [b"Widget", b"FreeText", b"Stamp"];
/// Annotation flags that keep it off the screen: hidden and no view.
const INVISIBLE_FLAGS: i64 = 2 | 32;

/// An image that a page draws.
#[derive(Debug, Clone, Copy)]
pub(super) struct DrawnImage<'document> {
    /// The image with its dictionary.
    pub(super) stream: &'document Stream,
    /// From the unit square to points from the top left of the page.
    pub(super) matrix: Matrix,
}

/// What a page draws, as far as it matters here.
#[derive(Debug)]
pub(super) struct PageContent<'document> {
    /// The flat content stream; its fonts are named as [`FontList`] names them, its coordinates are points from the top left.
    pub(super) operators: Vec<u8>,
    /// Images in the order drawn.
    pub(super) images: Vec<DrawnImage<'document>>,
}

/// Reduces a page, collecting its fonts.
pub(super) fn reduce<'document>(
    document: &'document Document,
    page: &PageSource<'document>,
    fonts: &mut FontList<'document>,
    budget: &mut Budget,
) -> Result<PageContent<'document>, DocumentError> {
    let mut reducer = Reducer {
        document,
        fonts,
        budget,
        output: Vec::new(),
        operator_count: 0,
        form_count: 0,
        active_forms: HashSet::new(),
        images: Vec::new(),
    };
    let state = GraphicsState::new(page.to_top_left);
    let content = reducer.page_bytes(page)?;
    reducer.run(&content, page.resources, state)?;
    reducer.draw_annotations(page)?;
    Ok(PageContent {
        operators: reducer.output,
        images: reducer.images,
    })
}

#[derive(Debug, Clone, Copy)]
struct GraphicsState {
    matrix: Matrix,
    font: Option<usize>,
    size: f64,
    character_spacing: f64,
    word_spacing: f64,
    horizontal_percent: f64,
    leading: f64,
    rise: f64,
}

impl GraphicsState {
    const fn new(matrix: Matrix) -> Self {
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

struct Reducer<'document, 'run> {
    document: &'document Document,
    fonts: &'run mut FontList<'document>,
    budget: &'run mut Budget,
    output: Vec<u8>,
    operator_count: usize,
    form_count: usize,
    active_forms: HashSet<usize>,
    images: Vec<DrawnImage<'document>>,
}

/// One content stream being read.
struct Frame<'document> {
    resources: Option<&'document Dictionary>,
    state: GraphicsState,
    saved: Vec<GraphicsState>,
    text_object: Option<TextObject>,
}

#[derive(Default)]
struct TextObject {
    operators: Vec<u8>,
    shows_text: bool,
}

impl<'document> Reducer<'document, '_> {
    fn page_bytes(&mut self, page: &PageSource<'document>) -> Result<Vec<u8>, DocumentError> {
        let mut bytes = Vec::new();
        let parts: Vec<&Object> = match page.dictionary.get_deref(b"Contents", self.document) {
            Ok(Object::Array(parts)) => parts.iter().collect(),
            Ok(single) => vec![single],
            Err(_) => Vec::new(),
        };
        for part in parts {
            if let Ok((_, Object::Stream(stream))) = self.document.dereference(part) {
                bytes.extend(streams::decode(self.document, stream, self.budget)?.bytes);
                bytes.push(b'\n');
            }
        }
        Ok(bytes)
    }

    fn run(
        &mut self,
        content: &[u8],
        resources: Option<&'document Dictionary>,
        state: GraphicsState,
    ) -> Result<(), DocumentError> {
        let mut frame = Frame {
            resources,
            state,
            saved: Vec::new(),
            text_object: None,
        };
        let mut operands: Vec<Token> = Vec::new();
        let mut lexer = Lexer::new(content);
        while let Some(token) = lexer.next() {
            let Token::Operator(operator) = token else {
                operands.push(token);
                if operands.len() > MAXIMUM_OPERANDS {
                    operands.clear();
                }
                continue;
            };
            if operator == b"ID" {
                lexer.skip_inline_image();
            } else {
                self.apply(&mut frame, &operator, &operands)?;
            }
            operands.clear();
        }
        self.end_text(&mut frame);
        Ok(())
    }

    fn apply(
        &mut self,
        frame: &mut Frame<'document>,
        operator: &[u8],
        operands: &[Token],
    ) -> Result<(), DocumentError> {
        match operator {
            b"BT" => {
                self.end_text(frame);
                frame.begin_text();
            }
            b"ET" => self.end_text(frame),
            b"q" => {
                if frame.saved.len() < MAXIMUM_SAVED_STATES {
                    frame.saved.push(frame.state);
                }
            }
            b"Q" => frame.restore(),
            b"cm" => frame.concatenate(operands),
            b"Tf" => self.select_font(frame, operands),
            b"Tc" | b"Tw" | b"Tz" | b"TL" | b"Ts" => frame.set_text_state(operator, operands),
            b"Td" | b"TD" | b"Tm" | b"T*" => {
                self.count_operator()?;
                frame.move_text(operator, operands);
            }
            b"Tj" | b"TJ" | b"'" | b"\"" => {
                self.count_operator()?;
                self.show_text(frame, operator, operands);
            }
            b"Do" => self.draw_object(frame, operands)?,
            _ => {}
        }
        Ok(())
    }

    fn count_operator(&mut self) -> Result<(), DocumentError> {
        self.operator_count += 1;
        if self.operator_count > MAXIMUM_OPERATORS_PER_PAGE {
            return Err(broken(format!(
                "a page has more than {MAXIMUM_OPERATORS_PER_PAGE} text operators"
            )));
        }
        Ok(())
    }

    fn end_text(&mut self, frame: &mut Frame<'document>) {
        if let Some(text) = frame.text_object.take()
            && text.shows_text
        {
            self.output.extend_from_slice(&text.operators);
            self.output.extend_from_slice(b"ET Q\n");
        }
    }

    fn select_font(&mut self, frame: &mut Frame<'document>, operands: &[Token]) {
        let [.., Token::Name(name), Token::Number(size)] = operands else {
            return;
        };
        let font = resource(self.document, frame.resources, b"Font", name);
        frame.state.font = Some(match font.and_then(|font| font.as_dict().ok()) {
            Some(dictionary) => self.fonts.index_of(dictionary),
            None => self.fonts.fallback(),
        });
        frame.state.size = *size;
        frame.write_font();
    }

    fn show_text(&mut self, frame: &mut Frame<'document>, operator: &[u8], operands: &[Token]) {
        if frame.state.font.is_none() {
            frame.state.font = Some(self.fonts.fallback());
            frame.write_font();
        }
        if operator == b"\""
            && let [Token::Number(word), Token::Number(character), ..] = operands
        {
            frame.set_text_state(b"Tw", &[Token::Number(*word)]);
            frame.set_text_state(b"Tc", &[Token::Number(*character)]);
        }
        if matches!(operator, b"'" | b"\"") {
            frame.move_text(b"T*", &[]);
        }
        let text = frame.open_text();
        text.shows_text = true;
        text.operators.push(b'[');
        for operand in operands {
            match operand {
                Token::String(bytes) => write_string(&mut text.operators, bytes),
                Token::Number(adjustment) if operator == b"TJ" => {
                    write_numbers(&mut text.operators, &[*adjustment]);
                }
                _ => {}
            }
        }
        text.operators.extend_from_slice(b"] TJ\n");
    }

    fn draw_object(&mut self, frame: &mut Frame<'document>, operands: &[Token]) -> Result<(), DocumentError> {
        let Some(Token::Name(name)) = operands.last() else {
            return Ok(());
        };
        let object = resource(self.document, frame.resources, b"XObject", name);
        let Some(Object::Stream(stream)) = object else {
            return Ok(());
        };
        match stream
            .dict
            .get_deref(b"Subtype", self.document)
            .and_then(Object::as_name)
        {
            Ok(b"Form") => self.draw_form(stream, frame.resources, frame.state),
            Ok(b"Image") => {
                let matrix = frame.state.matrix;
                self.images.push(DrawnImage { stream, matrix });
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn draw_form(
        &mut self,
        form: &'document Stream,
        outer_resources: Option<&'document Dictionary>,
        mut state: GraphicsState,
    ) -> Result<(), DocumentError> {
        self.form_count += 1;
        let identity = std::ptr::from_ref(form).addr();
        if self.form_count > MAXIMUM_FORMS_PER_PAGE
            || self.active_forms.len() >= MAXIMUM_FORM_DEPTH
            || !self.active_forms.insert(identity)
        {
            return Ok(());
        }
        state.matrix = form_matrix(self.document, form).then(state.matrix);
        let resources = form
            .dict
            .get_deref(b"Resources", self.document)
            .and_then(Object::as_dict)
            .ok()
            .or(outer_resources);
        let content = streams::decode(self.document, form, self.budget)?.bytes;
        let outcome = self.run(&content, resources, state);
        self.active_forms.remove(&identity);
        outcome
    }

    fn draw_annotations(&mut self, page: &PageSource<'document>) -> Result<(), DocumentError> {
        let document = self.document;
        let Ok(Object::Array(annotations)) = page.dictionary.get_deref(b"Annots", document) else {
            return Ok(());
        };
        for annotation in annotations {
            if let Ok((_, Object::Dictionary(annotation))) = document.dereference(annotation)
                && let Some((form, placement)) = appearance(document, annotation)
            {
                let state = GraphicsState::new(placement.then(page.to_top_left));
                self.draw_form(form, page.resources, state)?;
            }
        }
        Ok(())
    }
}

impl Frame<'_> {
    fn begin_text(&mut self) {
        let mut operators = b"q ".to_vec();
        write_numbers(&mut operators, &self.state.matrix.entries);
        operators.extend_from_slice(b"cm BT\n");
        self.text_object = Some(TextObject {
            operators,
            shows_text: false,
        });
        self.write_whole_state();
    }

    /// The text object being built; text outside of any opens one, as readers tolerate it.
    fn open_text(&mut self) -> &mut TextObject {
        if self.text_object.is_none() {
            self.begin_text();
        }
        self.text_object.get_or_insert_default()
    }

    fn restore(&mut self) {
        if let Some(state) = self.saved.pop() {
            self.state = state;
            if self.text_object.is_some() {
                self.write_whole_state();
            }
        }
    }

    fn concatenate(&mut self, operands: &[Token]) {
        if let Some(entries) = last_numbers::<6>(operands) {
            let matrix = Matrix { entries }.then(self.state.matrix);
            if matrix.is_finite() {
                self.state.matrix = matrix;
            }
        }
    }

    fn set_text_state(&mut self, operator: &[u8], operands: &[Token]) {
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

    fn move_text(&mut self, operator: &[u8], operands: &[Token]) {
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

    fn write_font(&mut self) {
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

fn resource<'document>(
    document: &'document Document,
    resources: Option<&'document Dictionary>,
    category: &[u8],
    name: &[u8],
) -> Option<&'document Object> {
    let category = resources?.get_deref(category, document).ok()?;
    category.as_dict().ok()?.get_deref(name, document).ok()
}

fn form_matrix(document: &Document, form: &Stream) -> Matrix {
    form.dict
        .get_deref(b"Matrix", document)
        .and_then(Object::as_array)
        .ok()
        .and_then(|entries| Matrix::from_objects(document, entries))
        .unwrap_or(Matrix::IDENTITY)
}

/// The normal appearance of a visible annotation, and the matrix that moves its box onto the annotation's rectangle.
fn appearance<'document>(
    document: &'document Document,
    annotation: &'document Dictionary,
) -> Option<(&'document Stream, Matrix)> {
    let value = |key: &[u8]| annotation.get_deref(key, document).ok();
    let subtype = value(b"Subtype")?.as_name().ok()?;
    let flags = value(b"F").and_then(|flags| flags.as_i64().ok()).unwrap_or(0);
    if !READABLE_ANNOTATIONS.contains(&subtype) || flags & INVISIBLE_FLAGS != 0 {
        return None;
    }
    let normal = value(b"AP")?.as_dict().ok()?.get_deref(b"N", document).ok()?;
    let form = match normal {
        Object::Stream(form) => form,
        Object::Dictionary(states) => {
            let state = value(b"AS")?.as_name().ok()?;
            states.get_deref(state, document).ok()?.as_stream().ok()?
        }
        _ => return None,
    };
    let rectangle = Rectangle::from_objects(document, value(b"Rect")?.as_array().ok()?)?;
    let form_box = form.dict.get_deref(b"BBox", document).ok()?.as_array().ok()?;
    let form_box = Rectangle::from_objects(document, form_box)?;
    Some((form, place(form_box, form_matrix(document, form), rectangle)))
}

/// Scales and moves the bounding box of `form_box` under `matrix` onto `target`.
fn place(form_box: Rectangle, matrix: Matrix, target: Rectangle) -> Matrix {
    let corners = [
        matrix.apply(form_box.left, form_box.bottom),
        matrix.apply(form_box.left, form_box.top),
        matrix.apply(form_box.right, form_box.bottom),
        matrix.apply(form_box.right, form_box.top),
    ];
    let least = |pick: fn(&(f64, f64)) -> f64| corners.iter().map(pick).fold(f64::INFINITY, f64::min);
    let most = |pick: fn(&(f64, f64)) -> f64| corners.iter().map(pick).fold(f64::NEG_INFINITY, f64::max);
    let (left, right) = (least(|corner| corner.0), most(|corner| corner.0));
    let (bottom, top) = (least(|corner| corner.1), most(|corner| corner.1));
    let ratio = |target: f64, source: f64| if source.abs() > 1.0e-6 { target / source } else { 1.0 };
    let horizontal = ratio(target.width(), right - left);
    let vertical = ratio(target.height(), top - bottom);
    Matrix::new(
        horizontal,
        0.0,
        0.0,
        vertical,
        target.left - left * horizontal,
        target.bottom - bottom * vertical,
    )
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

fn write_numbers(output: &mut Vec<u8>, numbers: &[f64]) {
    for number in numbers {
        let number = number.clamp(-LARGEST_COORDINATE, LARGEST_COORDINATE);
        // Writing into a vector cannot fail.
        let _ = write!(output, "{number:.6} ");
    }
}

fn write_string(output: &mut Vec<u8>, bytes: &[u8]) {
    output.push(b'<');
    for byte in bytes {
        let _ = write!(output, "{byte:02x}");
    }
    output.push(b'>');
}
