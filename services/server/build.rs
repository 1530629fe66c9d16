//! Makes sure that what browsers load is there to be embedded.

use std::path::Path;

const BUILT: [&str; 4] = [
    "../../web/dist/accord.css",
    "../../web/dist/modules/main.js",
    "../../web/dist/pdfjs/pdf.min.mjs",
    "../../web/dist/pdfjs/pdf.worker.min.mjs",
];

fn main() {
    println!("cargo::rerun-if-changed=../../web/dist");
    println!("cargo::rerun-if-changed=../../web/templates");
    if let Some(missing) = BUILT.iter().find(|path| !Path::new(path).is_file()) {
        println!("cargo::error={missing} is missing: run `make web` (or `npm ci && npm run build` in web/) first");
    }
}
