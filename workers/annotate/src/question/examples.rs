//! Which items serve as examples: drawn from gold, never from the item's own part of it.

use std::collections::BTreeSet;

use accord_domain::{Answers, Field, ItemId, document_of, fold_of, is_set_apart};
use sha2::{Digest, Sha256};

/// An item with gold.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// The item; none for a document that is no item of a project.
    pub item_id: Option<ItemId>,
    /// SHA-256 of its content, in lower-case hexadecimal.
    pub content_hash: String,
    /// Its gold.
    pub answers: Answers,
}

impl Candidate {
    /// Whether it can show a whole answer: it has gold, a value or absence, on every one of these fields.
    #[must_use]
    pub fn is_complete(&self, fields: &[Field]) -> bool {
        let mut answers = fields.iter().map(|field| self.answers.get(&field.name));
        answers.all(|answer| answer.is_some_and(|answer| answer.class().is_some()))
    }
}

/// Draws at most so many examples for the item with this content, the same ones for the same seed.
///
/// None is of the item's own fold, so that an item is never asked with what its calibration holds out, and none of the
/// part that is set apart for certification. More gold changes the draw only where it comes first in it.
#[must_use]
pub fn draw<'a>(candidates: &'a [Candidate], content_hash: &str, count: u32, seed: u32) -> Vec<&'a Candidate> {
    let own_fold = fold_of(content_hash);
    let mut contents = BTreeSet::new();
    let mut ranked: Vec<([u8; 32], &Candidate)> = candidates
        .iter()
        .filter(|candidate| {
            fold_of(&candidate.content_hash) != own_fold && !is_set_apart(document_of(&candidate.content_hash))
        })
        .filter(|candidate| contents.insert(candidate.content_hash.as_str()))
        .map(|candidate| (rank(seed, &candidate.content_hash), candidate))
        .collect();
    ranked.sort_by_key(|(rank, _)| *rank);
    ranked.truncate(count as usize);
    ranked.into_iter().map(|(_, candidate)| candidate).collect()
}

fn rank(seed: u32, content_hash: &str) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(b"examples 1");
    hash.update(seed.to_be_bytes());
    hash.update(content_hash.as_bytes());
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidates(numbers: std::ops::Range<usize>) -> Vec<Candidate> {
        let candidate = |number| Candidate {
            item_id: None,
            content_hash: format!("content {number}"),
            answers: Answers::new(),
        };
        numbers.map(candidate).collect()
    }

    #[test]
    fn no_example_is_of_the_items_own_fold_or_set_apart() {
        let pool = candidates(0..200);
        for item in &pool {
            let drawn = draw(&pool, &item.content_hash, 5, 1);
            assert_eq!(drawn.len(), 5);
            for example in drawn {
                assert_ne!(fold_of(&example.content_hash), fold_of(&item.content_hash));
                assert!(!is_set_apart(document_of(&example.content_hash)));
            }
        }
        // Where every other document is of its own fold or set apart, there is nothing to show.
        let own: Vec<Candidate> = pool
            .iter()
            .filter(|one| fold_of(&one.content_hash) == 0)
            .cloned()
            .collect();
        assert!(own.len() > 20);
        assert_eq!(draw(&own, &own[0].content_hash, 5, 1), Vec::<&Candidate>::new());
    }

    #[test]
    fn the_draw_follows_its_seed_and_stays_when_gold_comes_in() {
        let pool = candidates(0..200);
        let names =
            |drawn: Vec<&Candidate>| -> Vec<String> { drawn.into_iter().map(|one| one.content_hash.clone()).collect() };
        let first = names(draw(&pool, "item", 4, 1));
        let mut turned = pool.clone();
        turned.reverse();
        assert_eq!(
            first,
            names(draw(&turned, "item", 4, 1)),
            "the order of gold does not matter"
        );
        assert_ne!(first, names(draw(&pool, "item", 4, 2)));
        let more = names(draw(&candidates(0..201), "item", 4, 1));
        assert!(more == first || more.iter().filter(|name| first.contains(name)).count() == 3);
        let copies: Vec<Candidate> = pool.iter().chain(&pool).cloned().collect();
        assert_eq!(first, names(draw(&copies, "item", 4, 1)), "copies are one document");
    }
}
