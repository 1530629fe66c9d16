//! Why a file was not read, and what can be done about it.

use std::fmt;

use crate::media::MediaType;

/// What a limit counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitedAmount {
    /// Bytes of the file.
    FileBytes,
    /// Pages of a PDF.
    Pages,
    /// Characters of text.
    Characters,
    /// Pixels of an image.
    ImagePixels,
    /// Bytes of an attachment.
    AttachmentBytes,
    /// Bytes that decompression yields.
    InflatedBytes,
}

impl fmt::Display for LimitedAmount {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::FileBytes => "bytes",
            Self::Pages => "pages",
            Self::Characters => "characters of text",
            Self::ImagePixels => "image pixels",
            Self::AttachmentBytes => "bytes in an attachment",
            Self::InflatedBytes => "bytes after decompression",
        })
    }
}

/// Why a file could not be read. Every message says what the sender of the file can do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// The file has no bytes.
    #[error("the file is empty: send it again, the upload was probably cut off")]
    Empty,
    /// The bytes are of a kind that is not read.
    #[error("unsupported file type ({found}): send a PDF, PNG, JPEG, plain text file or an electronic invoice as XML")]
    Unsupported {
        /// What the bytes look like.
        found: String,
    },
    /// A limit was exceeded.
    #[error(
        "the file has {} {amount}, at most {limit} are read: split the file or raise the limit",
        describe_actual(*.actual, *.limit)
    )]
    TooLarge {
        /// What was counted.
        amount: LimitedAmount,
        /// The largest number that is read.
        limit: u64,
        /// The number found; counting may stop just above the limit.
        actual: u64,
    },
    /// The file is protected by a password.
    #[error("the PDF is encrypted: remove the password and send it again")]
    Encrypted,
    /// The file does not follow its own format.
    #[error("the {media_type} file is broken ({reason}): save it again from the program that made it")]
    Broken {
        /// The kind of file.
        media_type: MediaType,
        /// What does not fit.
        reason: String,
    },
    /// Reading took too long and was given up.
    #[error(
        "reading the file took longer than {limit_milliseconds} ms: simplify the file (print it to a new PDF) or raise the limit"
    )]
    TimedOut {
        /// The time allowed.
        limit_milliseconds: u64,
    },
    /// Too many earlier files are still being given up.
    #[error("the reader is busy with {abandoned} files that exceeded their time: try again later")]
    Overloaded {
        /// Readings past their time that have not ended yet.
        abandoned: usize,
    },
}

fn describe_actual(actual: u64, limit: u64) -> String {
    if actual == limit.saturating_add(1) {
        format!("more than {limit}")
    } else {
        actual.to_string()
    }
}

impl DocumentError {
    /// A stable word for metrics, logs and API problems.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Unsupported { .. } => "unsupported",
            Self::TooLarge { .. } => "too_large",
            Self::Encrypted => "encrypted",
            Self::Broken { .. } => "broken",
            Self::TimedOut { .. } => "timed_out",
            Self::Overloaded { .. } => "overloaded",
        }
    }

    /// Whether the same file may be read successfully later.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::Overloaded { .. })
    }

    pub(crate) fn broken(media_type: MediaType, reason: impl fmt::Display) -> Self {
        Self::Broken {
            media_type,
            reason: reason.to_string(),
        }
    }

    /// Fails when `actual` is above `limit`.
    pub(crate) const fn check(amount: LimitedAmount, actual: u64, limit: u64) -> Result<(), Self> {
        if actual > limit {
            Err(Self::TooLarge { amount, limit, actual })
        } else {
            Ok(())
        }
    }
}
