//! Text layers of real invoices against what poppler's `pdftotext -layout` finds.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use accord_documents::{Limits, ReadDocument, read_document};

use crate::shared;

fn read(path: &Path) -> ReadDocument {
    let bytes = std::fs::read(path).unwrap();
    let name = path.file_name().unwrap().to_str();
    read_document(&bytes, name, &Limits::default()).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Each PDF with the text that poppler found; the stripped files show the same pages as the whole ones.
fn pairs(invoices: &Path) -> Vec<(PathBuf, PathBuf)> {
    let folders = [
        ("zugferd", "zugferd"),
        ("zugferd/stripped", "zugferd"),
        ("invoice2data", "invoice2data"),
    ];
    folders
        .iter()
        .flat_map(|(pdfs, texts)| {
            let texts = invoices.join(texts);
            shared::files(&invoices.join(pdfs), "pdf").into_iter().map(move |pdf| {
                let text = texts.join(pdf.file_name().unwrap()).with_extension("txt");
                (pdf, text)
            })
        })
        .collect()
}

fn long_words(text: &str) -> BTreeSet<&str> {
    text.split_whitespace()
        .filter(|word| word.chars().count() >= 3)
        .collect()
}

#[test]
#[expect(clippy::print_stdout, reason = "the figures are worth seeing")]
fn nearly_all_words_of_poppler_are_found_as_words() {
    let Some(invoices) = shared::invoices() else {
        return;
    };
    let (mut expected, mut found) = (0_usize, 0_usize);
    for (pdf, text) in pairs(&invoices) {
        let text = std::fs::read_to_string(text).unwrap();
        let document = read(&pdf).document.text();
        let words = long_words(&document);
        let wanted = long_words(&text);
        let missing: Vec<&&str> = wanted.iter().filter(|word| !words.contains(**word)).collect();
        if !missing.is_empty() {
            println!("{}: {missing:?}", pdf.display());
        }
        expected += wanted.len();
        found += wanted.len() - missing.len();
    }
    println!("{found} of {expected} distinct words per file are found");
    assert!(expected > 3000);
    assert!(found * 100 >= expected * 99);
}

#[test]
fn every_word_has_a_box_inside_its_page() {
    let Some(invoices) = shared::invoices() else {
        return;
    };
    for (pdf, _) in pairs(&invoices) {
        for page in read(&pdf).document.pages {
            assert!(page.width > 100.0 && page.height > 100.0, "{}", pdf.display());
            let mut last_row = 0;
            for line in &page.lines {
                assert!(line.row >= last_row, "rows are in order");
                last_row = line.row;
                for word in &line.words {
                    let bounds = word.bounds.unwrap();
                    let is_inside = bounds.left >= 0.0
                        && bounds.top >= 0.0
                        && bounds.right <= page.width
                        && bounds.bottom <= page.height;
                    assert!(
                        is_inside && bounds.left < bounds.right && bounds.top < bounds.bottom,
                        "{}: {word:?}",
                        pdf.display()
                    );
                }
            }
        }
    }
}

#[test]
fn table_cells_share_a_row_with_their_description() {
    let Some(invoices) = shared::invoices() else {
        return;
    };
    let text = read(&invoices.join("zugferd/stripped/kraxi.pdf")).document.text();
    let rows: Vec<&str> = text.lines().collect();
    assert!(
        rows.contains(&"Pos. Artikelbeschreibung  Menge  Preis  Betrag"),
        "{text}"
    );
    assert!(rows.contains(&"2 Turbo Flyer  5  40,00  200,00"), "{text}");
    assert!(rows.contains(&"Rechnungssumme brutto  1.005,55"), "{text}");
}
