//! How much of a file is read before reading it is refused.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The largest amounts that one file may make the reader handle.
///
/// The defaults suit invoices, receipts and letters; a deployment that annotates books raises them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Size of the file itself in bytes; 20 MiB by default.
    pub bytes: u64,
    /// Pages of a PDF; 200 by default.
    pub pages: u64,
    /// Characters of text over all pages; 2,000,000 by default.
    pub characters: u64,
    /// Width times height of an image; 40,000,000 by default.
    pub image_pixels: u64,
    /// Size of one attachment (the electronic invoice in a PDF) in bytes after decompression; 10 MiB by default.
    pub attachment_bytes: u64,
    /// All that is decompressed while reading one PDF, in bytes; 256 MiB by default.
    pub inflated_bytes: u64,
    /// Time for one file in milliseconds; 20,000 by default.
    pub time_milliseconds: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes: 20 * 1024 * 1024,
            pages: 200,
            characters: 2_000_000,
            image_pixels: 40_000_000,
            attachment_bytes: 10 * 1024 * 1024,
            inflated_bytes: 256 * 1024 * 1024,
            time_milliseconds: 20_000,
        }
    }
}

impl Limits {
    /// The time for one file.
    #[must_use]
    pub const fn time(&self) -> Duration {
        Duration::from_millis(self.time_milliseconds)
    }
}
