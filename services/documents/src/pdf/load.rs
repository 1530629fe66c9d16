//! Parses the objects of a PDF with `lopdf`, stopped when they become too many or too large.

use std::cell::RefCell;
use std::panic;

use lopdf::{Document, LoadOptions, Object, ObjectId};

use super::conceal;
use super::panics;
use super::streams::Budget;
use super::unpack;
use crate::error::DocumentError;
use crate::media::MediaType;

/// Bytes that every parsed value is counted as, besides its characters.
pub(super) const BYTES_PER_VALUE: usize = 64;
/// The type that object streams have while the library must not look into them.
pub(super) const KEPT_OBJECT_STREAM: &[u8] = b"KeptObjStm";

thread_local! {
    // The library calls back a plain function, which cannot be handed a budget in any other way.
    static LOADING: RefCell<Option<Budget>> = const { RefCell::new(None) };
}

/// Loads a document; one that is encrypted with an empty password (printing or editing restricted) is decrypted.
pub(super) fn load(bytes: &[u8], budget: &mut Budget) -> Result<Document, DocumentError> {
    let concealed = conceal::conceal(bytes)?;
    LOADING.set(Some(*budget));
    let outcome = panics::catch(|| {
        let options = LoadOptions::with_filter(inspect_object);
        Document::load_mem_with_options(&concealed, options)
    });
    if let Some(left) = LOADING.take() {
        *budget = left;
    }
    let mut document = match outcome {
        Ok(outcome) => outcome.map_err(broken)?,
        Err(panicked) => return Err(reason(panicked)),
    };
    panics::catch(|| unpack::unpack(&mut document, &concealed, budget))
        .unwrap_or_else(|panicked| Err(reason(panicked)))?;
    if document.objects.is_empty() {
        return Err(broken("it has no objects"));
    }
    Ok(document)
}

pub(super) fn broken(reason: impl std::fmt::Display) -> DocumentError {
    DocumentError::broken(MediaType::Pdf, reason)
}

/// Our own error where loading was ended on purpose.
fn reason(panicked: panics::Panicked) -> DocumentError {
    match panicked.payload.downcast::<DocumentError>() {
        Ok(error) => *error,
        Err(_) => broken("its objects cannot be parsed"),
    }
}

/// Called by the library for each object before it looks into it.
fn inspect_object(identifier: ObjectId, object: &mut Object) -> Option<(ObjectId, Object)> {
    if let Object::Stream(stream) = object
        && stream.dict.has_type(b"ObjStm")
    {
        let kept = Object::Name(KEPT_OBJECT_STREAM.to_vec());
        stream.dict.set("Type", kept);
    }
    let outcome = LOADING.with_borrow_mut(|budget| match budget {
        Some(budget) => budget.spend(weigh(object)),
        None => Ok(()),
    });
    match outcome {
        // The library keeps the object where it is and only looks whether there is an answer.
        Ok(()) => Some((identifier, Object::Null)),
        // Ends loading; the payload is taken up where loading began.
        Err(error) => panic::resume_unwind(Box::new(error)),
    }
}

/// About how many bytes an object occupies.
pub(super) fn weigh(object: &Object) -> usize {
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
