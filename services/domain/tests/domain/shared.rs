//! Where shared test data lies.

use std::path::{Path, PathBuf};

use accord_domain::Field;
use serde_json::Value;

/// The workspace's root.
const WORKSPACE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// A file of the shared data; none, with a word on standard error, when it is not there.
pub(crate) fn shared_file(test: &str, relative: &str) -> Option<PathBuf> {
    let folder =
        std::env::var_os("ACCORD_SHARED").map_or_else(|| Path::new(WORKSPACE).join("../shared"), PathBuf::from);
    existing(test, folder.join(relative), "ACCORD_SHARED")
}

fn existing(test: &str, path: PathBuf, variable: &str) -> Option<PathBuf> {
    if path.is_file() {
        Some(path)
    } else {
        eprintln!(
            "{test} skipped: {} does not exist; {variable} says where to look",
            path.display()
        );
        None
    }
}

/// A field from its written form.
pub(crate) fn field(definition: Value) -> Field {
    serde_json::from_value(definition).expect("the definition is valid")
}
