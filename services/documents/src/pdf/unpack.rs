//! Completes a document after loading: lengths that stood elsewhere, decryption, objects inside of object streams. All of it within the budget.

use lopdf::encryption::decrypt_object;
use lopdf::xref::XrefEntry;
use lopdf::{Document, EncryptionState, Object, ObjectId, ObjectStream, Stream};

use super::conceal::{ENCRYPTION, INDIRECT_LENGTH};
use super::lexer::{Lexer, Token};
use super::load::{BYTES_PER_VALUE, KEPT_OBJECT_STREAM, broken, weigh};
use super::prescan;
use super::streams::{self, Budget};
use crate::error::DocumentError;

/// How often an object stream may list the same position; sound files list each once.
const MAXIMUM_SAME_OFFSETS: usize = 16;

/// Completes the document that was parsed from `bytes`.
pub(super) fn unpack(document: &mut Document, bytes: &[u8], budget: &mut Budget) -> Result<(), DocumentError> {
    restore_contents(document, bytes, budget)?;
    if let Some(encryption) = document.trailer.remove(ENCRYPTION) {
        decrypt(document, encryption)?;
    }
    take_out_objects(document, budget)
}

/// Gives each stream whose length is a reference its content.
fn restore_contents(document: &mut Document, bytes: &[u8], budget: &mut Budget) -> Result<(), DocumentError> {
    let incomplete: Vec<(ObjectId, usize, Option<usize>)> = document
        .objects
        .iter()
        .filter_map(|(identifier, object)| {
            let stream = object.as_stream().ok()?;
            let length = stream.dict.get_deref(INDIRECT_LENGTH, document);
            let length = length.and_then(Object::as_i64).ok();
            let length = length.and_then(|length| usize::try_from(length).ok());
            stream.dict.has(INDIRECT_LENGTH).then_some(())?;
            Some((*identifier, stream.start_position?, length))
        })
        .collect();
    for (identifier, start, length) in incomplete {
        let rest = bytes.get(start..).unwrap_or_default();
        let content = length
            .and_then(|length| rest.get(..length))
            .unwrap_or_else(|| until_end(rest));
        budget.spend(content.len())?;
        if let Some(Object::Stream(stream)) = document.objects.get_mut(&identifier) {
            stream.dict.remove(INDIRECT_LENGTH);
            stream.set_content(content.to_vec());
        }
    }
    Ok(())
}

/// The data of a stream of unknown length.
fn until_end(data: &[u8]) -> &[u8] {
    let end = data.windows(9).position(|window| window == b"endstream");
    data.get(..end.unwrap_or(0)).unwrap_or_default()
}

/// Decrypts all objects with the empty password.
fn decrypt(document: &mut Document, encryption: Object) -> Result<(), DocumentError> {
    let own_object = encryption.as_reference().ok();
    document.trailer.set("Encrypt", encryption);
    for object in document.objects.values_mut() {
        // Decryption depends on what a stream is.
        restore_type(object);
    }
    if document.authenticate_password("").is_err() {
        return Err(DocumentError::Encrypted);
    }
    let state = EncryptionState::decode(document, "").map_err(|_| DocumentError::Encrypted)?;
    for (identifier, object) in &mut document.objects {
        if Some(*identifier) != own_object {
            // An object that does not decrypt stays as it is, as in other readers.
            let _ = decrypt_object(&state, *identifier, object);
        }
    }
    document.trailer.remove(b"Encrypt");
    Ok(())
}

fn restore_type(object: &mut Object) {
    if let Object::Stream(stream) = object
        && stream.dict.has_type(KEPT_OBJECT_STREAM)
    {
        stream.dict.set("Type", "ObjStm");
    }
}

/// Adds the objects inside of object streams; those that the cross-references place in another stream are outdated copies.
fn take_out_objects(document: &mut Document, budget: &mut Budget) -> Result<(), DocumentError> {
    let mut members = Vec::new();
    for (identifier, object) in &mut document.objects {
        restore_type(object);
        let Object::Stream(stream) = object else {
            continue;
        };
        if !stream.dict.has_type(b"ObjStm") {
            continue;
        }
        make_plain(stream, budget)?;
        if let Ok(inside) = ObjectStream::new(stream) {
            members.extend(inside.objects.into_iter().map(|member| (identifier.0, member)));
        }
        // Its content is no longer needed.
        *object = Object::Null;
    }
    for (container, (identifier, object)) in members {
        let is_outdated = matches!(
            document.reference_table.get(identifier.0),
            Some(XrefEntry::Compressed { container: current, .. }) if *current != container
        );
        if !is_outdated {
            budget.spend(weigh(&object))?;
            document.objects.entry(identifier).or_insert(object);
        }
    }
    Ok(())
}

/// Decodes an object stream and refuses one that would become too large as objects: by its values, or by an index that points at the same
/// member many times over, because the library parses and keeps it as often.
fn make_plain(stream: &mut Stream, budget: &mut Budget) -> Result<(), DocumentError> {
    let plain = streams::decode(&Document::new(), stream, budget)?.bytes;
    budget.spend(prescan::count_values(&plain).saturating_mul(BYTES_PER_VALUE))?;
    let first = stream.dict.get(b"First").and_then(Object::as_i64).unwrap_or(0);
    let index = usize::try_from(first).ok().and_then(|first| plain.get(..first));
    let numbers: Vec<f64> = Lexer::new(index.unwrap_or_default())
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
    stream.set_plain_content(plain);
    Ok(())
}
