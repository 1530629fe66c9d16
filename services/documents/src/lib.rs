//! Bytes in, readable content out: PDF text layers with word boxes, electronic invoices, plain text, images, and the limits on all of them.

pub mod document;

pub use document::{Bounds, Document, Line, Page, Word};
