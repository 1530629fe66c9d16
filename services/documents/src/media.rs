//! Which kind of file some bytes are: decided by the bytes, never by the name alone.

use std::fmt;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::DocumentError;
use crate::invoice_xml;
use crate::text;

/// How far into a file the head of a PDF may stand, as PDF viewers accept it.
const PDF_HEADER_REACH: usize = 1024;

/// A kind of file that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum MediaType {
    /// A PDF file.
    #[serde(rename = "application/pdf")]
    Pdf,
    /// A PNG image.
    #[serde(rename = "image/png")]
    Png,
    /// A JPEG image.
    #[serde(rename = "image/jpeg")]
    Jpeg,
    /// Text without markup.
    #[serde(rename = "text/plain")]
    PlainText,
    /// An electronic invoice in XML (CII or UBL).
    #[serde(rename = "application/xml")]
    InvoiceXml,
}

impl MediaType {
    /// The media type as it stands in a `Content-Type` header.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::PlainText => "text/plain",
            Self::InvoiceXml => "application/xml",
        }
    }

    /// The kind that a file name's extension promises, if it is one that is read.
    #[must_use]
    pub fn from_file_name(file_name: &str) -> Option<Self> {
        let extension = Path::new(file_name).extension()?.to_str()?;
        match extension.to_ascii_lowercase().as_str() {
            "pdf" => Some(Self::Pdf),
            "png" => Some(Self::Png),
            "jpg" | "jpeg" | "jpe" | "jfif" => Some(Self::Jpeg),
            "txt" | "text" => Some(Self::PlainText),
            "xml" => Some(Self::InvoiceXml),
            _ => None,
        }
    }
}

impl fmt::Display for MediaType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Pdf => "PDF",
            Self::Png => "PNG",
            Self::Jpeg => "JPEG",
            Self::PlainText => "text",
            Self::InvoiceXml => "XML",
        })
    }
}

/// Decides which kind of file the bytes are.
///
/// The name is only a hint that names the file type in the error for bytes that nothing recognises.
///
/// # Errors
/// `Empty` for no bytes, `Unsupported` for everything that is not a [`MediaType`].
pub fn sniff(bytes: &[u8], file_name: Option<&str>) -> Result<MediaType, DocumentError> {
    if bytes.is_empty() {
        return Err(DocumentError::Empty);
    }
    if has_pdf_header(bytes) {
        return Ok(MediaType::Pdf);
    }
    if let Some(kind) = infer::get(bytes) {
        match kind.mime_type() {
            "image/png" => return Ok(MediaType::Png),
            "image/jpeg" => return Ok(MediaType::Jpeg),
            "application/pdf" => return Ok(MediaType::Pdf),
            mime_type if !is_text_like(mime_type) => return Err(unsupported(mime_type)),
            _ => {}
        }
    }
    let Some(decoded) = text::decode(bytes) else {
        return Err(unsupported(&name_binary(file_name)));
    };
    sniff_text(&decoded.text)
}

fn has_pdf_header(bytes: &[u8]) -> bool {
    let head = bytes.get(..PDF_HEADER_REACH).unwrap_or(bytes);
    head.windows(5).any(|window| window == b"%PDF-")
}

fn is_text_like(mime_type: &str) -> bool {
    mime_type.starts_with("text/") || mime_type.ends_with("xml")
}

fn sniff_text(content: &str) -> Result<MediaType, DocumentError> {
    let start = content.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']);
    if start.is_empty() {
        return Err(unsupported("text without any visible character"));
    }
    if is_html(start) {
        return Err(unsupported("text/html"));
    }
    if start.starts_with('<') {
        return match invoice_xml::root_kind(start) {
            Some(_) => Ok(MediaType::InvoiceXml),
            None if start.starts_with("<?xml") => Err(unsupported("XML that is not an electronic invoice")),
            None => Ok(MediaType::PlainText),
        };
    }
    if is_json(start) {
        return Err(unsupported("application/json"));
    }
    Ok(MediaType::PlainText)
}

fn is_html(start: &str) -> bool {
    let head: String = start.chars().take(16).collect();
    let head = head.to_ascii_lowercase();
    head.starts_with("<!doctype html") || head.starts_with("<html")
}

fn is_json(start: &str) -> bool {
    start.starts_with(['{', '['])
        && serde_json::Deserializer::from_str(start)
            .into_iter::<serde::de::IgnoredAny>()
            .all(|value| value.is_ok())
}

fn name_binary(file_name: Option<&str>) -> String {
    let extension = file_name
        .and_then(|name| Path::new(name).extension())
        .and_then(|extension| extension.to_str());
    match extension {
        Some(extension) => format!("binary data named .{extension}"),
        None => "binary data".to_owned(),
    }
}

fn unsupported(found: &str) -> DocumentError {
    DocumentError::Unsupported {
        found: found.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(bytes: &[u8]) -> String {
        match sniff(bytes, Some("file.bin")) {
            Err(DocumentError::Unsupported { found }) => found,
            other => panic!("expected an unsupported file, got {other:?}"),
        }
    }

    #[test]
    fn bytes_decide_and_not_the_name() {
        assert_eq!(sniff(b"%PDF-1.4\n", Some("photo.png")), Ok(MediaType::Pdf));
        assert_eq!(
            sniff(b"\n\n  %PDF-1.4\n", None),
            Ok(MediaType::Pdf),
            "a PDF header may be preceded by blank lines"
        );
        assert_eq!(
            sniff(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", Some("a.pdf")),
            Ok(MediaType::Png)
        );
        assert_eq!(sniff(b"\xff\xd8\xff\xe0\0\x10JFIF", None), Ok(MediaType::Jpeg));
        assert_eq!(sniff(b"Total  53.20", None), Ok(MediaType::PlainText));
        assert_eq!(sniff(b"[Invoice] 12", None), Ok(MediaType::PlainText));
    }

    #[test]
    fn electronic_invoices_are_recognised_by_their_root() {
        let cii = b"<?xml version='1.0'?><!-- x --><rsm:CrossIndustryInvoice xmlns:rsm='urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100'/>";
        assert_eq!(sniff(cii, None), Ok(MediaType::InvoiceXml));
        assert_eq!(
            found(b"<?xml version='1.0'?><feed/>"),
            "XML that is not an electronic invoice"
        );
    }

    #[test]
    fn other_kinds_are_refused_by_name() {
        assert_eq!(found(b"PK\x03\x04\x14\0\0\0"), "application/zip");
        assert_eq!(found(b"<!DOCTYPE html><p>hi</p>"), "text/html");
        assert_eq!(found(b"{\"total\": 1}\n{\"total\": 2}"), "application/json");
        assert_eq!(found(&[0, 1, 2, 3, 0, 200, 7]), "binary data named .bin");
        assert_eq!(sniff(b"", None), Err(DocumentError::Empty));
    }
}
