//! Reduces a page to what shows text: a new, flat content stream whose every operator is known to be sound.
//!
//! Forms are put in place with their matrix, graphics that draw no text are dropped, operands are checked. The library that knows fonts then
//! only sees text operators, so that neither a form that calls itself nor a damaged drawing can bring it down.

use std::collections::HashSet;

use lopdf::{Dictionary, Document, Object, Stream};

use super::annotations::{appearance, form_matrix};
use super::fonts::FontList;
use super::frame::{Frame, GraphicsState, write_numbers, write_string};
use super::geometry::Matrix;
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
/// Bytes of text that one page may show, some two for a character.
const MAXIMUM_SHOWN_BYTES_PER_PAGE: usize = 8 * 1024 * 1024;
/// Size from which a part of the content is shown by itself: the library needs some fifty times as much memory for it.
const PART_BYTES: usize = 512 * 1024;
/// Tokens before an operator; the longest sound ones are arrays of one line's glyphs.
const MAXIMUM_OPERANDS: usize = 50_000;

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
    /// The flat content in streams to be shown one after the other; fonts are named as [`FontList`] names them, coordinates are points from
    /// the top left.
    pub(super) parts: Vec<Vec<u8>>,
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
        parts: Vec::new(),
        output: Vec::new(),
        operator_count: 0,
        shown_bytes: 0,
        form_count: 0,
        active_forms: HashSet::new(),
        images: Vec::new(),
    };
    let state = GraphicsState::new(page.to_top_left);
    let content = reducer.page_bytes(page)?;
    reducer.run(&content, page.resources, state)?;
    reducer.draw_annotations(page)?;
    reducer.end_part();
    Ok(PageContent {
        parts: reducer.parts,
        images: reducer.images,
    })
}

struct Reducer<'document, 'run> {
    document: &'document Document,
    fonts: &'run mut FontList<'document>,
    budget: &'run mut Budget,
    parts: Vec<Vec<u8>>,
    output: Vec<u8>,
    operator_count: usize,
    shown_bytes: usize,
    form_count: usize,
    active_forms: HashSet<usize>,
    images: Vec<DrawnImage<'document>>,
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
            b"q" => frame.save(),
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
                self.count_shown_bytes(operands)?;
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

    fn count_shown_bytes(&mut self, operands: &[Token]) -> Result<(), DocumentError> {
        for operand in operands {
            if let Token::String(bytes) = operand {
                self.shown_bytes = self.shown_bytes.saturating_add(bytes.len());
            }
        }
        if self.shown_bytes > MAXIMUM_SHOWN_BYTES_PER_PAGE {
            return Err(broken(format!(
                "a page shows more than {MAXIMUM_SHOWN_BYTES_PER_PAGE} bytes of text"
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
            if self.output.len() > PART_BYTES {
                self.end_part();
            }
        }
    }

    fn end_part(&mut self) {
        if !self.output.is_empty() {
            self.parts.push(std::mem::take(&mut self.output));
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

fn resource<'document>(
    document: &'document Document,
    resources: Option<&'document Dictionary>,
    category: &[u8],
    name: &[u8],
) -> Option<&'document Object> {
    let category = resources?.get_deref(category, document).ok()?;
    category.as_dict().ok()?.get_deref(name, document).ok()
}
