//! Bytes in, readable content out: PDF text layers with word boxes, electronic invoices, plain text, images, and the limits on all of them.
//!
//! [`read_document`] reads a file of any supported kind; [`from_segments`] builds a document from a transcript with boxes.
//! [`invoice_xml::parse_invoice`] reads the fields of an electronic invoice.

#![cfg_attr(test, expect(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking"))]

pub mod document;
pub mod error;
pub mod image;
pub mod invoice_xml;
pub mod limits;
pub mod media;
pub mod pdf;
pub mod read;
pub mod segments;
pub mod text;

pub use document::{Bounds, Document, Line, Page, Word};
pub use error::{DocumentError, LimitedAmount};
pub use invoice_xml::{ElectronicInvoice, InvoiceLine};
pub use limits::Limits;
pub use media::MediaType;
pub use read::{ReadDocument, ReadWarning, read_document};
pub use segments::{Segment, from_segments, page_from_segments};
