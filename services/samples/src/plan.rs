//! Which supplier writes which document, which documents are scanned and which carry an electronic invoice.

use std::collections::HashMap;

use crate::chance::{Chance, Purpose};
use crate::gold::ScanKind;
use crate::supplier::Pool;

/// What one document is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) pool: Pool,
    /// Which supplier of the pool.
    pub(crate) supplier: u64,
    /// The how-manieth document of this supplier, from 0.
    pub(crate) sequence: i64,
    pub(crate) scan: ScanKind,
}

/// One document in so many is scanned.
const SCANNED_EVERY: u64 = 8;
/// One document in so many carries an electronic invoice.
const ELECTRONIC_EVERY: u64 = 5;
/// How often, in a hundred times, a document comes from a supplier not seen before: while few are known, and later.
const NEW_SUPPLIER_PERCENT: (i64, i64) = (88, 46);
/// How many suppliers are few.
const FEW_SUPPLIERS: u64 = 7;

/// Plans documents one after the other; the plan of a document never depends on those after it.
pub(crate) struct Planner {
    seed: u64,
    index: u64,
    known: HashMap<&'static str, u64>,
    sequences: HashMap<(&'static str, u64), i64>,
}

impl Planner {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            seed,
            index: 0,
            known: HashMap::new(),
            sequences: HashMap::new(),
        }
    }

    fn scan_of(&self, index: u64) -> ScanKind {
        let block = index / SCANNED_EVERY;
        let place = Chance::new(self.seed, Purpose::Block, block).below(SCANNED_EVERY as usize) as u64;
        match (index % SCANNED_EVERY == place, block % 2) {
            (false, _) => ScanKind::Drawn,
            (true, 0) => ScanKind::RecognisedText,
            (true, _) => ScanKind::ImageOnly,
        }
    }

    fn is_electronic(&self, index: u64) -> bool {
        let block = index / ELECTRONIC_EVERY;
        let first = block * ELECTRONIC_EVERY;
        let place = Chance::new(self.seed, Purpose::Block, (1 << 32) + block).below(ELECTRONIC_EVERY as usize) as u64;
        let chosen = (0..ELECTRONIC_EVERY)
            .map(|step| first + (place + step) % ELECTRONIC_EVERY)
            .find(|candidate| self.scan_of(*candidate) == ScanKind::Drawn);
        chosen == Some(index)
    }
}

impl Iterator for Planner {
    type Item = Plan;

    fn next(&mut self) -> Option<Plan> {
        let index = self.index;
        self.index += 1;
        let mut chance = Chance::new(self.seed, Purpose::Choice, index);
        let (pool, key) = match self.is_electronic(index) {
            true => (Pool::Electronic, "electronic"),
            false => (Pool::Paper, "paper"),
        };
        let known = self.known.entry(key).or_insert(0);
        let (early, late) = NEW_SUPPLIER_PERCENT;
        let percent = if *known < FEW_SUPPLIERS { early } else { late };
        let supplier = if *known == 0 || chance.happens(percent) {
            *known += 1;
            *known - 1
        } else {
            chance.below(usize::try_from(*known).unwrap_or(usize::MAX)) as u64
        };
        let sequence = self.sequences.entry((key, supplier)).or_insert(0);
        *sequence += 1;
        Some(Plan {
            pool,
            supplier,
            sequence: *sequence - 1,
            scan: self.scan_of(index),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_kept_and_suppliers_come_back() {
        for seed in 0..5 {
            let plans: Vec<Plan> = Planner::new(seed).take(80).collect();
            let scans = plans.iter().filter(|plan| plan.scan != ScanKind::Drawn).count();
            let electronic = plans.iter().filter(|plan| plan.pool == Pool::Electronic).count();
            assert_eq!((scans, electronic), (10, 16));
            assert!(plans.iter().filter(|plan| plan.sequence > 0).count() > 15);
            assert!(plans.iter().filter(|plan| plan.sequence == 0).count() > 25);
        }
    }
}
