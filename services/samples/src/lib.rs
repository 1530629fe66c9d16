//! Samples of our own with gold, made from a seed: invoices as PDF files, receipts and short texts.
//!
//! Everything is invented. The same seed gives the same bytes on every machine: no clock is read, and randomness comes
//! from the seed alone.

#![cfg_attr(test, expect(clippy::unwrap_used, reason = "tests fail by panicking"))]

mod appraisal;
mod buyer;
mod canvas;
mod catalogue;
mod chance;
mod check_digits;
mod compose;
mod country;
mod electronic;
mod error;
mod font;
mod gold;
mod invoice;
mod layouts;
mod notation;
mod party;
mod pdf;
mod places;
mod plan;
mod raster;
mod receipts;
mod sample;
mod scan;
mod supplier;
mod text;
mod words;

pub use electronic::{XmlInvoice, generate_xrechnung};
pub use error::SampleError;
pub use gold::{Arithmetic, GoldExtra, GoldFile, GoldInText, InvoiceGold, LineGold, Presence, ScanKind};
pub use receipts::{ReceiptGold, ReceiptLine, ReceiptSample, generate_receipts};
pub use sample::{SampleInvoice, generate, samples, write_folder};
pub use text::{TextGold, TextSample, generate_text_classification};
