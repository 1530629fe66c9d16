//! A PDF file as a part of a message.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// What its name begins with: that of the item's own file is none of the model's business.
const NAME: &str = "document-of-";

/// What its name ends with, behind the number of its pages, by which tokens are estimated.
const ENDING: &str = "-pages.pdf";

/// The part of a message that holds this PDF file.
pub(crate) fn file_part(bytes: &[u8], pages: usize) -> Value {
    let data = STANDARD.encode(bytes);
    json!({"type": "file", "file": {
        "filename": format!("{NAME}{pages}{ENDING}"), "file_data": format!("data:application/pdf;base64,{data}"),
    }})
}

/// How many pages the file in a part of a message has; none where it holds no file.
pub(super) fn pages_of_part(part: &Value) -> Option<u64> {
    let name = part.pointer("/file/filename")?.as_str()?;
    name.strip_prefix(NAME)?.strip_suffix(ENDING)?.parse().ok()
}
