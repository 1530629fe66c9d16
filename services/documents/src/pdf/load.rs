//! Parses the objects of a PDF with `lopdf`, stopped when they become too many or too large.

use std::cell::RefCell;
use std::panic;

use lopdf::{Document, LoadOptions, Object, ObjectId, Stream};

use super::lexer::{Lexer, Token};
use super::panics;
use super::streams::{self, Budget};
use crate::error::DocumentError;
use crate::media::MediaType;

/// Bytes that every parsed value is counted as, besides its characters.
const BYTES_PER_VALUE: usize = 64;

/// How often an object stream may list the same position; sound files list each once.
const MAXIMUM_SAME_OFFSETS: usize = 16;

thread_local! {
    // The library calls a plain function for each object; its budget cannot be handed over in any other way.
    static LOAD_BUDGET: RefCell<Option<Budget>> = const { RefCell::new(None) };
}

/// Loads a document; one that is encrypted with an empty password (printing or editing restricted) is decrypted.
pub(super) fn load(bytes: &[u8], budget: &mut Budget) -> Result<Document, DocumentError> {
    LOAD_BUDGET.set(Some(*budget));
    let outcome = panics::catch(|| Document::load_mem_with_options(bytes, LoadOptions::with_filter(count_object)));
    if let Some(left) = LOAD_BUDGET.take() {
        *budget = left;
    }
    let document = match outcome {
        Ok(Ok(document)) => document,
        Ok(Err(error)) => return Err(translate(&error)),
        Err(panicked) => {
            return Err(match panicked.payload.downcast::<DocumentError>() {
                Ok(error) => *error,
                Err(_) => broken("its objects cannot be parsed"),
            });
        }
    };
    if document.is_encrypted() {
        return Err(DocumentError::Encrypted);
    }
    if document.objects.is_empty() {
        return Err(broken("it has no objects"));
    }
    Ok(document)
}

pub(super) fn broken(reason: impl std::fmt::Display) -> DocumentError {
    DocumentError::broken(MediaType::Pdf, reason)
}

fn translate(error: &lopdf::Error) -> DocumentError {
    match error {
        lopdf::Error::InvalidPassword
        | lopdf::Error::Decryption(_)
        | lopdf::Error::UnsupportedSecurityHandler(_)
        | lopdf::Error::Unimplemented(_) => DocumentError::Encrypted,
        other => broken(other),
    }
}

fn count_object(identifier: ObjectId, object: &mut Object) -> Option<(ObjectId, Object)> {
    let outcome = LOAD_BUDGET.with_borrow_mut(|slot| match slot {
        Some(budget) => charge(object, budget),
        None => Ok(()),
    });
    match outcome {
        // A copy is only used for members of object streams, which are never streams themselves.
        Ok(()) if matches!(object, Object::Stream(_)) => Some((identifier, Object::Null)),
        Ok(()) => Some((identifier, object.clone())),
        Err(error) => panic::resume_unwind(Box::new(error)),
    }
}

fn charge(object: &Object, budget: &mut Budget) -> Result<(), DocumentError> {
    budget.spend(weigh(object))?;
    match object {
        Object::Stream(stream) if stream.dict.has_type(b"ObjStm") => check_object_stream(stream, budget),
        _ => Ok(()),
    }
}

fn weigh(object: &Object) -> usize {
    let inside = match object {
        Object::String(bytes, _) | Object::Name(bytes) => bytes.len(),
        Object::Array(items) => items.iter().map(weigh).sum(),
        Object::Dictionary(dictionary) => weigh_dictionary(dictionary),
        Object::Stream(stream) => weigh_dictionary(&stream.dict) + stream.content.len(),
        _ => 0,
    };
    inside + BYTES_PER_VALUE
}

fn weigh_dictionary(dictionary: &lopdf::Dictionary) -> usize {
    dictionary.iter().map(|(key, value)| key.len() + weigh(value)).sum()
}

/// Inflates an object stream within the budget before the library does so without one, and refuses an index that points at the same member
/// many times over, because the library would parse and keep it as often.
fn check_object_stream(stream: &Stream, budget: &mut Budget) -> Result<(), DocumentError> {
    let plain = streams::decode(&Document::new(), stream, budget)?.bytes;
    let first = stream.dict.get(b"First").and_then(Object::as_i64).unwrap_or(0);
    let index = usize::try_from(first).ok().and_then(|first| plain.get(..first));
    let Some(index) = index else {
        return Err(broken("an object stream is cut off"));
    };
    let numbers: Vec<f64> = Lexer::new(index)
        .filter_map(|token| match token {
            Token::Number(number) => Some(number),
            _ => None,
        })
        .collect();
    let mut offsets: Vec<f64> = numbers
        .chunks_exact(2)
        .filter_map(|pair| pair.get(1).copied())
        .collect();
    offsets.sort_by(f64::total_cmp);
    let is_repetitive = offsets
        .windows(MAXIMUM_SAME_OFFSETS + 1)
        .any(|window| window.first() == window.last());
    if is_repetitive {
        return Err(broken("an object stream lists one object many times"));
    }
    Ok(())
}
