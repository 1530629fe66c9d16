//! Samples of our own with gold, made from a seed: invoices as PDF files, receipts and short texts.
//!
//! Everything is invented. The same seed gives the same bytes on every machine: no clock is read, and randomness comes
//! from the seed alone.

mod appraisal;
mod buyer;
mod canvas;
mod catalogue;
mod chance;
mod check_digits;
mod compose;
mod country;
mod cross_industry;
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
mod sample;
mod scan;
mod supplier;
mod words;

pub use error::SampleError;
pub use gold::{Arithmetic, GoldExtra, GoldFile, GoldInText, InvoiceGold, LineGold, Presence, ScanKind};
pub use sample::{SampleInvoice, generate, samples, write_folder};
