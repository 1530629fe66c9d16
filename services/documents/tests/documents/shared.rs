//! Where the shared real files are.

use std::path::{Path, PathBuf};

/// The folder of invoices, or `None` with a note where it is absent.
#[expect(clippy::print_stdout, reason = "a skipped test says so")]
pub(crate) fn invoices() -> Option<PathBuf> {
    let shared = std::env::var_os("ACCORD_SHARED").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        PathBuf::from,
    );
    let invoices = shared.join("data/invoices");
    if invoices.is_dir() {
        return Some(invoices);
    }
    println!("skipped: {} is absent, set ACCORD_SHARED", invoices.display());
    None
}

/// The files of a folder that have the extension, in order.
pub(crate) fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .collect();
    files.sort();
    files
}
