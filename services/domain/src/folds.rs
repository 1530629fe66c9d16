//! The parts into which documents fall: five folds for cross-fitting, and the part set apart for certification
//! (methods 5.6, 10.5). Both follow from a document's content alone, so whoever needs them finds the same.

use sha2::{Digest, Sha256};

use crate::calibrator::{CERTIFICATION_PERCENT, FOLD_COUNT};

/// The seed of the part set apart. Folds are drawn by the document's number itself, so that neither tells of the other.
const CERTIFICATION_SEED: &str = "set apart for certification 1";

/// A number for the content of a document: copies share it.
#[must_use]
pub fn document_of(content_hash: &str) -> u64 {
    number(&Sha256::digest(content_hash.as_bytes()))
}

/// The fold of a document, below [`FOLD_COUNT`]: by its content, so that two copies of one document never stand on both
/// sides.
#[must_use]
pub fn fold_of(content_hash: &str) -> u32 {
    u32::try_from(document_of(content_hash) % u64::from(FOLD_COUNT)).unwrap_or(0)
}

/// Whether the document of this number belongs to the part that is set apart for certification, where a part is.
/// Copies of a document share their number, so they stand on one side; a document never changes sides.
#[must_use]
pub fn is_set_apart(document: u64) -> bool {
    let mut hash = Sha256::new();
    hash.update(CERTIFICATION_SEED.as_bytes());
    hash.update(document.to_be_bytes());
    number(&hash.finalize()) % 100 < u64::from(CERTIFICATION_PERCENT)
}

fn number(digest: &[u8]) -> u64 {
    digest
        .iter()
        .take(8)
        .fold(0_u64, |sum, byte| (sum << 8) | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_documents_in_ten_are_drawn_alike_from_every_fold() {
        let mut drawn = [0_u32; 5];
        for number in 0..10_000 {
            let hash = format!("document {number}");
            drawn[fold_of(&hash) as usize] += u32::from(is_set_apart(document_of(&hash)));
        }
        // Binomial with 2,000 draws at 0.3: 600, five standard deviations are 102.
        assert!(drawn.iter().all(|count| count.abs_diff(600) < 102), "{drawn:?}");
    }
}
