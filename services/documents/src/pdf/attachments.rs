//! Finds the electronic invoice that a PDF/A-3 (ZUGFeRD, Factur-X, XRechnung) carries as an attachment.

use std::collections::HashSet;

use lopdf::{Dictionary, Document, Object, ObjectId};

use super::streams::{self, Budget};
use crate::error::{DocumentError, LimitedAmount};
use crate::invoice_xml;
use crate::limits::Limits;
use crate::text;

/// Names that the standards give to the attachment, without regard to case.
const INVOICE_NAMES: [&str; 4] = ["factur-x.xml", "zugferd-invoice.xml", "xrechnung.xml", "order-x.xml"];
/// Attachments that are looked at.
const MAXIMUM_ATTACHMENTS: usize = 256;
/// Deepest name tree that is followed.
const MAXIMUM_TREE_DEPTH: usize = 32;

/// One attachment with the name that it is listed under.
struct Attachment<'document> {
    name: String,
    specification: &'document Dictionary,
}

/// The XML text of the embedded invoice: the first attachment with a standard name, or else the first XML file whose root is an invoice.
pub(super) fn invoice_xml(
    document: &Document,
    limits: &Limits,
    budget: &mut Budget,
) -> Result<Option<String>, DocumentError> {
    let mut attachments = list(document);
    attachments.retain(|attachment| attachment.name.to_ascii_lowercase().ends_with(".xml"));
    attachments.sort_by_key(|attachment| {
        let name = attachment.name.to_ascii_lowercase();
        INVOICE_NAMES
            .iter()
            .position(|known| *known == name)
            .unwrap_or(INVOICE_NAMES.len())
    });
    let mut first_error = None;
    for attachment in attachments {
        match read(document, &attachment, limits, budget) {
            Ok(Some(xml)) if invoice_xml::root_kind(&xml).is_some() => return Ok(Some(xml)),
            Ok(_) => {}
            Err(error) => first_error = first_error.or(Some(error)),
        }
    }
    first_error.map_or(Ok(None), Err)
}

fn read(
    document: &Document,
    attachment: &Attachment<'_>,
    limits: &Limits,
    budget: &mut Budget,
) -> Result<Option<String>, DocumentError> {
    let files = attachment
        .specification
        .get_deref(b"EF", document)
        .and_then(Object::as_dict);
    let stream = files.and_then(|files| {
        files
            .get_deref(b"UF", document)
            .or_else(|_| files.get_deref(b"F", document))
            .and_then(Object::as_stream)
    });
    let Ok(stream) = stream else {
        return Ok(None);
    };
    let plain = streams::decode(document, stream, budget)?.bytes;
    let size = u64::try_from(plain.len()).unwrap_or(u64::MAX);
    DocumentError::check(LimitedAmount::AttachmentBytes, size, limits.attachment_bytes)?;
    Ok(text::decode(&plain).map(|decoded| decoded.text))
}

/// All attachments: associated files (`AF`) of the document first, then the tree of embedded files.
fn list(document: &Document) -> Vec<Attachment<'_>> {
    let mut collector = Collector {
        document,
        seen: HashSet::new(),
        found: Vec::new(),
    };
    let Ok(catalog) = document.catalog() else {
        return Vec::new();
    };
    if let Ok(Object::Array(files)) = catalog.get_deref(b"AF", document) {
        for file in files {
            collector.add(None, file);
        }
    }
    let tree = catalog
        .get_deref(b"Names", document)
        .and_then(Object::as_dict)
        .and_then(|names| names.get(b"EmbeddedFiles"));
    if let Ok(tree) = tree {
        collector.visit(tree, 0);
    }
    collector.found
}

struct Collector<'document> {
    document: &'document Document,
    seen: HashSet<ObjectId>,
    found: Vec<Attachment<'document>>,
}

impl<'document> Collector<'document> {
    fn visit(&mut self, node: &'document Object, depth: usize) {
        let Ok((identifier, Object::Dictionary(node))) = self.document.dereference(node) else {
            return;
        };
        let is_known = identifier.is_some_and(|identifier| !self.seen.insert(identifier));
        if is_known || depth > MAXIMUM_TREE_DEPTH {
            return;
        }
        if let Ok(Object::Array(pairs)) = node.get_deref(b"Names", self.document) {
            for pair in pairs.chunks_exact(2) {
                if let [name, file] = pair {
                    self.add(Some(name), file);
                }
            }
        }
        if let Ok(Object::Array(kids)) = node.get_deref(b"Kids", self.document) {
            for kid in kids {
                self.visit(kid, depth + 1);
            }
        }
    }

    fn add(&mut self, listed_name: Option<&'document Object>, file: &'document Object) {
        if self.found.len() >= MAXIMUM_ATTACHMENTS {
            return;
        }
        let Ok((_, Object::Dictionary(specification))) = self.document.dereference(file) else {
            return;
        };
        let own_name = [b"UF".as_slice(), b"F"]
            .iter()
            .find_map(|key| specification.get_deref(key, self.document).ok());
        let name = own_name.or(listed_name).and_then(|name| {
            let (_, name) = self.document.dereference(name).ok()?;
            lopdf::decode_text_string(name).ok()
        });
        self.found.push(Attachment {
            name: name.unwrap_or_default(),
            specification,
        });
    }
}
