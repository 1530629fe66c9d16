//! What can go wrong while making samples.

use std::path::PathBuf;

/// Why samples could not be made or written.
#[derive(Debug, thiserror::Error)]
pub enum SampleError {
    /// The folder for the samples could not be made.
    #[error("cannot make the folder {folder} for the samples: {source}; check that its parent exists and is writable")]
    Folder {
        /// The folder asked for.
        folder: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file of a sample could not be written.
    #[error("cannot write {file}: {source}; check free space and permissions")]
    File {
        /// The file being written.
        file: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The gold of a sample could not be turned into JSON.
    #[error("cannot write the gold of sample {sample} as JSON: {source}")]
    Gold {
        /// The id of the sample.
        sample: String,
        /// What the serialiser said.
        source: serde_json::Error,
    },
    /// The PDF of a sample could not be assembled.
    #[error("cannot assemble the PDF of sample {sample}: {reason}")]
    Pdf {
        /// The id of the sample.
        sample: String,
        /// What failed.
        reason: String,
    },
    /// The page image of a scanned sample could not be encoded.
    #[error("cannot encode the page image of sample {sample}: {source}")]
    Image {
        /// The id of the sample.
        sample: String,
        /// What the encoder said.
        source: image::ImageError,
    },
    /// The embedded invoice of a sample could not be written as XML.
    #[error("cannot write the embedded invoice of sample {sample} as XML: {source}")]
    Xml {
        /// The id of the sample.
        sample: String,
        /// What the writer said.
        source: std::io::Error,
    },
}
