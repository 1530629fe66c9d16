//! Sample invoices, one after the other or a folder full of them.

use std::fs;
use std::path::Path;

use crate::appraisal::{FileAppraisal, appraise};
use crate::canvas::Canvas;
use crate::chance::{Chance, Purpose};
use crate::compose::{Latitude, compose};
use crate::electronic::cross_industry;
use crate::error::SampleError;
use crate::gold::{GoldFile, ScanKind};
use crate::pdf::{self, FileFacts};
use crate::plan::{Plan, Planner};
use crate::scan::scan;
use crate::supplier::{Pool, Supplier};

/// One sample invoice.
#[derive(Debug, Clone, PartialEq)]
pub struct SampleInvoice {
    /// Unique within a seed, and a valid file name, such as `sample-007`.
    pub id: String,
    /// The file.
    pub pdf: Vec<u8>,
    /// The truth about it.
    pub gold: GoldFile,
    /// The electronic invoice that the file carries (Factur-X, EN 16931 profile), if it does.
    pub invoice_xml: Option<String>,
}

impl SampleInvoice {
    /// The content of the gold file: indented JSON.
    ///
    /// # Errors
    /// [`SampleError::Gold`] when the serialiser fails.
    pub fn gold_json(&self) -> Result<String, SampleError> {
        serde_json::to_string_pretty(&self.gold).map_err(|source| SampleError::Gold {
            sample: self.id.clone(),
            source,
        })
    }
}

/// Makes the first `count` sample invoices of a seed: the same bytes on every machine, and the same first ones
/// whatever the count.
///
/// # Errors
/// What kept a sample from being made; none is expected.
pub fn generate(seed: u64, count: usize) -> Result<Vec<SampleInvoice>, SampleError> {
    samples(seed).take(count).collect()
}

/// The sample invoices of a seed, without end, each made when it is asked for.
pub fn samples(seed: u64) -> impl Iterator<Item = Result<SampleInvoice, SampleError>> {
    Planner::new(seed)
        .zip(1u64..)
        .map(move |(plan, position)| make(seed, plan, position))
}

/// Writes the first `count` sample invoices of a seed as `<id>.pdf` and `<id>.gold.json` into a folder, which is made
/// if need be. `report` is told how many are written after each. Gives the ids.
///
/// # Errors
/// When the folder cannot be made, a file cannot be written or a sample cannot be made.
pub fn write_folder(
    directory: &Path,
    seed: u64,
    count: usize,
    mut report: impl FnMut(usize),
) -> Result<Vec<String>, SampleError> {
    fs::create_dir_all(directory).map_err(|source| SampleError::Folder {
        folder: directory.to_owned(),
        source,
    })?;
    let mut ids = Vec::with_capacity(count);
    for sample in samples(seed).take(count) {
        let sample = sample?;
        write_file(&directory.join(format!("{}.pdf", sample.id)), &sample.pdf)?;
        write_file(
            &directory.join(format!("{}.gold.json", sample.id)),
            sample.gold_json()?.as_bytes(),
        )?;
        ids.push(sample.id);
        report(ids.len());
    }
    Ok(ids)
}

fn write_file(file: &Path, content: &[u8]) -> Result<(), SampleError> {
    fs::write(file, content).map_err(|source| SampleError::File {
        file: file.to_owned(),
        source,
    })
}

fn make(seed: u64, plan: Plan, position: u64) -> Result<SampleInvoice, SampleError> {
    let id = format!("sample-{position:03}");
    let supplier = Supplier::of_seed(seed, plan.pool, plan.supplier);
    let is_electronic = plan.pool == Pool::Electronic;
    let latitude = Latitude {
        misprints: !is_electronic,
        older_balance: !is_electronic,
    };
    let mut chance = Chance::new(seed, Purpose::Content, position);
    let invoice = compose(seed, &supplier, plan.sequence, latitude, &mut chance);
    let invoice_xml = match is_electronic {
        true => Some(cross_industry::write(&invoice).map_err(|source| SampleError::Xml {
            sample: id.clone(),
            source,
        })?),
        false => None,
    };
    let canvas = supplier.layout.draw(&invoice);
    let facts = FileFacts {
        title: format!("{} {}", supplier.party.brand, invoice.number),
        author: &supplier.party.name,
        date: invoice.issue_date,
        embeds_fonts: supplier.habits.embeds_fonts,
        invoice_xml: invoice_xml.as_deref(),
    };
    let (bytes, text) = assemble(
        &canvas,
        &facts,
        plan.scan,
        &id,
        Chance::new(seed, Purpose::Scan, position),
    )?;
    let file = FileAppraisal {
        id: &id,
        pages: canvas.pages.len(),
        scan: plan.scan,
        text: &text,
        has_xml: is_electronic,
    };
    Ok(SampleInvoice {
        gold: appraise(&invoice, &file),
        pdf: bytes,
        invoice_xml,
        id,
    })
}

/// The file of drawn or scanned pages, and the text in it.
fn assemble(
    canvas: &Canvas,
    facts: &FileFacts<'_>,
    kind: ScanKind,
    id: &str,
    mut chance: Chance,
) -> Result<(Vec<u8>, String), SampleError> {
    let (bytes, texts): (Result<Vec<u8>, String>, Vec<String>) = if kind == ScanKind::Drawn {
        let texts = canvas.pages.iter().map(|marks| pdf::text_of(marks)).collect();
        (pdf::drawn(canvas, facts), texts)
    } else {
        let recognises = kind == ScanKind::RecognisedText;
        let pages = scan(canvas, recognises, &mut chance).map_err(|source| SampleError::Image {
            sample: id.to_owned(),
            source,
        })?;
        let texts = pages.iter().map(|page| pdf::text_of(&page.text)).collect();
        (pdf::scanned((canvas.width, canvas.height), &pages, facts), texts)
    };
    let bytes = bytes.map_err(|reason| SampleError::Pdf {
        sample: id.to_owned(),
        reason,
    })?;
    Ok((bytes, texts.join("\n")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canvas::Mark;
    use crate::font::win_ansi;

    /// Left, right, baseline and size of each text on a page, with the text.
    fn texts(page: &[Mark]) -> Vec<([f32; 4], &str)> {
        page.iter()
            .filter_map(|mark| match mark {
                Mark::Text {
                    left,
                    baseline,
                    style,
                    text,
                } => Some(([*left, left + style.width(text), *baseline, style.size], text.as_str())),
                _ => None,
            })
            .collect()
    }

    fn check(canvas: &Canvas, name: &str) {
        for page in &canvas.pages {
            let texts = texts(page);
            for (index, ([left, right, baseline, size], text)) in texts.iter().enumerate() {
                assert!(win_ansi(text).is_some(), "{name}: {text} cannot be encoded");
                let inside = *left >= 4.0 && *right <= canvas.width - 4.0 && *baseline <= canvas.height - 4.0;
                assert!(inside, "{name}: {text} leaves the page");
                for ([other_left, other_right, other_baseline, other_size], other) in texts.iter().skip(index + 1) {
                    let apart = (baseline - other_baseline).abs() >= size.min(*other_size) * 0.7
                        || left.max(*other_left) >= right.min(*other_right) - 0.5;
                    assert!(apart, "{name}: {text} and {other} overlap");
                }
            }
        }
    }

    #[test]
    fn no_text_overlaps_another_or_leaves_the_page() {
        for seed in 0..12 {
            for (plan, position) in Planner::new(seed).zip(1..=60) {
                let supplier = Supplier::of_seed(seed, plan.pool, plan.supplier);
                let latitude = Latitude {
                    misprints: true,
                    older_balance: true,
                };
                let mut chance = Chance::new(seed, Purpose::Content, position);
                let invoice = compose(seed, &supplier, plan.sequence, latitude, &mut chance);
                let name = format!("{seed}/{position} {}", supplier.layout.name());
                check(&supplier.layout.draw(&invoice), &name);
            }
        }
    }
}
