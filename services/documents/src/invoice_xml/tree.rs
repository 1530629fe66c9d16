//! A small XML tree, read without anything that could reach outside of the text or grow beyond it.

use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::reader::Reader;
use quick_xml::{XmlVersion, escape};

use crate::error::DocumentError;
use crate::media::MediaType;

/// Deepest nesting; invoices reach about 15.
const MAXIMUM_DEPTH: usize = 64;
/// Elements of one document; an invoice line has some 40.
const MAXIMUM_ELEMENTS: usize = 1_000_000;
/// Attributes of one element.
const MAXIMUM_ATTRIBUTES: usize = 64;

/// An element with its children; names are without their prefix.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Element {
    /// The name without prefix.
    pub(super) name: String,
    /// Attributes by their name without prefix.
    attributes: Vec<(String, String)>,
    /// The text directly inside, without that of children.
    text: String,
    children: Vec<Element>,
}

impl Element {
    /// The children of that name.
    pub(super) fn all<'tree>(&'tree self, name: &str) -> impl Iterator<Item = &'tree Self> {
        let name = name.to_owned();
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The first child that has one of the names; alternatives are separated by `|`.
    pub(super) fn child(&self, names: &str) -> Option<&Self> {
        self.children
            .iter()
            .find(|child| names.split('|').any(|name| child.name == name))
    }

    /// The first element down a path of names separated by `/`, with alternatives as in [`Self::child`].
    pub(super) fn at(&self, path: &str) -> Option<&Self> {
        path.split('/').try_fold(self, |element, names| element.child(names))
    }

    /// The text at a path with blanks collapsed, unless it is empty.
    pub(super) fn text_at(&self, path: &str) -> Option<String> {
        self.at(path)?.plain_text()
    }

    /// The text with blanks collapsed, unless it is empty.
    pub(super) fn plain_text(&self) -> Option<String> {
        let words: Vec<&str> = self.text.split_whitespace().collect();
        (!words.is_empty()).then(|| words.join(" "))
    }

    /// The value of an attribute.
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|(attribute, _)| attribute == name)
            .map(|(_, value)| value.as_str())
    }
}

/// The root's name without prefix and the namespace that it is in.
pub(super) fn root_name(xml: &str) -> Option<(String, String)> {
    let mut reader = Reader::from_str(xml);
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) | Event::Empty(start) => {
                let name = std::str::from_utf8(start.name().as_ref()).ok()?.to_owned();
                let declaration = match name.split_once(':') {
                    Some((prefix, _)) => format!("xmlns:{prefix}"),
                    None => "xmlns".to_owned(),
                };
                let namespace = start
                    .try_get_attribute(declaration.as_str())
                    .ok()
                    .flatten()
                    .and_then(|attribute| String::from_utf8(attribute.value.into_owned()).ok());
                return Some((local_name(&name), namespace.unwrap_or_default()));
            }
            Event::Eof | Event::DocType(_) => return None,
            _ => {}
        }
    }
}

/// Reads the whole text into a tree.
///
/// A document type declaration is refused, and with it every entity besides the five of XML: nothing is expanded, nothing fetched.
pub(super) fn parse(xml: &str) -> Result<Element, DocumentError> {
    let mut reader = Reader::from_str(xml);
    let mut open: Vec<Element> = vec![Element::default()];
    let mut count = 0_usize;
    loop {
        let event = reader
            .read_event()
            .map_err(|error| broken(format!("{error} at byte {}", reader.error_position())))?;
        match event {
            Event::Start(start) => {
                count_element(&mut count, open.len())?;
                open.push(begin(&start)?);
            }
            Event::Empty(start) => {
                count_element(&mut count, open.len())?;
                let element = begin(&start)?;
                append(&mut open, element);
            }
            Event::End(_) => {
                if let Some(element) = open.pop() {
                    append(&mut open, element);
                }
            }
            Event::Text(text) => {
                add_text(&mut open, &text.decode().map_err(broken)?);
            }
            Event::CData(text) => {
                add_text(&mut open, &text.decode().map_err(broken)?);
            }
            Event::GeneralRef(reference) => add_text(&mut open, &resolve(&reference)?),
            Event::DocType(_) => {
                return Err(broken("a document type declaration is not allowed in an invoice"));
            }
            Event::Eof => break,
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
        }
    }
    let mut open = open.into_iter();
    match (open.next().map(|document| document.children), open.next()) {
        (Some(mut roots), None) if roots.len() == 1 => roots.pop().ok_or_else(|| broken("it has no root element")),
        _ => Err(broken("it does not have exactly one complete root element")),
    }
}

fn count_element(count: &mut usize, depth: usize) -> Result<(), DocumentError> {
    *count += 1;
    if *count > MAXIMUM_ELEMENTS {
        return Err(broken(format!("it has more than {MAXIMUM_ELEMENTS} elements")));
    }
    if depth > MAXIMUM_DEPTH {
        return Err(broken(format!("it is nested deeper than {MAXIMUM_DEPTH} elements")));
    }
    Ok(())
}

fn begin(start: &BytesStart<'_>) -> Result<Element, DocumentError> {
    let text_of = |bytes: &[u8]| std::str::from_utf8(bytes).map(local_name).map_err(broken);
    let mut element = Element {
        name: text_of(start.name().as_ref())?,
        ..Element::default()
    };
    for attribute in start.attributes().take(MAXIMUM_ATTRIBUTES) {
        let attribute = attribute.map_err(broken)?;
        let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(broken)?;
        element
            .attributes
            .push((text_of(attribute.key.as_ref())?, value.into_owned()));
    }
    Ok(element)
}

fn append(open: &mut [Element], element: Element) {
    if let Some(parent) = open.last_mut() {
        parent.children.push(element);
    }
}

fn add_text(open: &mut [Element], text: &str) {
    if let Some(parent) = open.last_mut() {
        parent.text.push_str(text);
    }
}

fn resolve(reference: &BytesRef<'_>) -> Result<String, DocumentError> {
    if let Some(character) = reference.resolve_char_ref().map_err(broken)? {
        return Ok(character.to_string());
    }
    let name = reference.decode().map_err(broken)?;
    escape::resolve_xml_entity(&name)
        .map(str::to_owned)
        .ok_or_else(|| broken(format!("the entity {name} is not defined")))
}

fn local_name(name: &str) -> String {
    name.rsplit(':').next().unwrap_or(name).to_owned()
}

pub(super) fn broken(reason: impl std::fmt::Display) -> DocumentError {
    DocumentError::broken(MediaType::InvoiceXml, reason)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn paths_texts_and_attributes() {
        let root = parse("<?xml version='1.0'?><r:a xmlns:r='u'><b id='1&amp;2'>x &lt;\n y&#33;<c/></b><b2><![CDATA[<z>]]></b2></r:a>").unwrap();
        assert_eq!(root.name, "a");
        assert_eq!(root.text_at("b").as_deref(), Some("x < y!"));
        assert_eq!(root.text_at("none|b2").as_deref(), Some("<z>"));
        assert_eq!(root.at("b").and_then(|b| b.attribute("id")), Some("1&2"));
        assert_eq!(root.text_at("b/c"), None);
    }

    #[test]
    fn declarations_entities_and_depth_are_refused() {
        let refused = |xml: &str| parse(xml).unwrap_err().to_string();
        assert!(refused("<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>").contains("document type"));
        assert!(refused("<a>&x;</a>").contains("entity x"));
        let deep = format!("{}{}", "<a>".repeat(100), "</a>".repeat(100));
        assert!(refused(&deep).contains("nested"));
        assert!(refused("<a><b></a>").contains("broken"));
        assert!(refused("<a/><b/>").contains("one complete root"));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(xml in "[<>/a-c='&;! \\[\\]?-]{0,80}") {
            let _ = parse(&xml);
            let _ = root_name(&xml);
        }
    }
}
