//! The order in which the parts of a question are named.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The order in which the parts of a question are named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// As they were declared, or as they stand in the document.
    #[default]
    Declared,
    /// The last one first.
    Reversed,
    /// Shuffled by this seed; the same seed gives the same order.
    Shuffled(u32),
}

impl Order {
    /// The parts in this order.
    #[must_use]
    pub fn arrange<T>(self, mut parts: Vec<T>) -> Vec<T> {
        match self {
            Self::Declared => parts,
            Self::Reversed => {
                parts.reverse();
                parts
            }
            Self::Shuffled(seed) => {
                let mut ranked: Vec<([u8; 32], T)> = parts
                    .into_iter()
                    .enumerate()
                    .map(|(position, part)| (rank(seed, position), part))
                    .collect();
                ranked.sort_by_key(|(rank, _)| *rank);
                ranked.into_iter().map(|(_, part)| part).collect()
            }
        }
    }

    /// Whether it is the order of those who say nothing about it.
    #[must_use]
    pub fn is_declared(&self) -> bool {
        *self == Self::Declared
    }
}

fn rank(seed: u32, position: usize) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(b"order 1");
    hash.update(seed.to_be_bytes());
    hash.update((position as u64).to_be_bytes());
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_keep_every_part_and_follow_their_seed() {
        let parts: Vec<u32> = (0..20).collect();
        assert_eq!(Order::Declared.arrange(parts.clone()), parts);
        assert_eq!(Order::Reversed.arrange(vec![1, 2, 3]), [3, 2, 1]);
        let one = Order::Shuffled(1).arrange(parts.clone());
        assert_eq!(one, Order::Shuffled(1).arrange(parts.clone()));
        assert_ne!(one, Order::Shuffled(2).arrange(parts.clone()));
        let mut sorted = one.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, parts);
        assert_ne!(one, parts);
        // The order is in the keys of calls that were paid for: it must never change.
        assert_eq!(
            Order::Shuffled(1).arrange(vec!["a", "b", "c", "d", "e"]).concat(),
            "ebadc"
        );
    }
}
