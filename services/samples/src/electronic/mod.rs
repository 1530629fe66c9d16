//! Invoices as XML, in both syntaxes of EN 16931.

pub(crate) mod cross_industry;
mod sample;
mod universal;

pub use sample::{XmlInvoice, generate_xrechnung};

use std::io;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

use crate::invoice::DocumentKind;

/// The UNTDID 1001 code of the document.
pub(crate) fn type_code(kind: DocumentKind) -> &'static str {
    match kind {
        DocumentKind::Invoice => "380",
        DocumentKind::CreditNote => "381",
    }
}

/// The UNTDID 5305 code of a tax rate.
fn tax_category(rate: i64, reverse_charge: bool) -> &'static str {
    match (reverse_charge, rate) {
        (true, _) => "AE",
        (false, 0) => "Z",
        (false, _) => "S",
    }
}

/// An XML document being written.
struct Xml {
    writer: Writer<Vec<u8>>,
}

impl Xml {
    /// Writes a whole document.
    fn document(
        root: &str,
        name_spaces: &[(&str, &str)],
        fill: impl FnOnce(&mut Self) -> io::Result<()>,
    ) -> io::Result<String> {
        let mut xml = Self {
            writer: Writer::new_with_indent(Vec::new(), b' ', 1),
        };
        xml.event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
        let mut start = BytesStart::new(root);
        for name_space in name_spaces {
            start.push_attribute(*name_space);
        }
        xml.event(Event::Start(start))?;
        fill(&mut xml)?;
        xml.event(Event::End(BytesEnd::new(root)))?;
        String::from_utf8(xml.writer.into_inner()).map_err(io::Error::other)
    }

    fn event(&mut self, event: Event<'_>) -> io::Result<()> {
        self.writer.write_event(event)
    }

    fn inside(&mut self, name: &str, fill: impl FnOnce(&mut Self) -> io::Result<()>) -> io::Result<()> {
        self.event(Event::Start(BytesStart::new(name)))?;
        fill(self)?;
        self.event(Event::End(BytesEnd::new(name)))
    }

    fn leaf(&mut self, name: &str, text: &str) -> io::Result<()> {
        self.writer
            .create_element(name)
            .write_text_content(BytesText::new(text))?;
        Ok(())
    }

    fn leaf_with(&mut self, name: &str, attribute: (&str, &str), text: &str) -> io::Result<()> {
        let element = self.writer.create_element(name).with_attribute(attribute);
        element.write_text_content(BytesText::new(text))?;
        Ok(())
    }
}
