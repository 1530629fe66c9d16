//! Repeatable randomness: every part of a sample draws from its own stream of the seed.

use rand::{Rng, RngCore, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// What a stream of random numbers is for; streams of different purposes never touch each other.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Purpose {
    Block = 1,
    Choice,
    Supplier,
    Buyer,
    Content,
    Scan,
    Receipt,
    Text,
    Electronic,
}

/// Draws from one stream.
#[derive(Debug, Clone)]
pub(crate) struct Chance {
    generator: ChaCha8Rng,
}

impl Chance {
    /// The stream of `seed` for the `index`-th thing of its purpose.
    pub(crate) fn new(seed: u64, purpose: Purpose, index: u64) -> Self {
        let mut generator = ChaCha8Rng::seed_from_u64(seed);
        generator.set_stream(((purpose as u64) << 40) | index);
        Self { generator }
    }

    /// A whole number from `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: i64, high: i64) -> i64 {
        self.generator.random_range(low..=high.max(low))
    }

    /// A position in a list of `length` entries; 0 for an empty one.
    pub(crate) fn below(&mut self, length: usize) -> usize {
        if length < 2 {
            return 0;
        }
        // u32 keeps the draw the same on machines of any word size.
        let bound = u32::try_from(length).unwrap_or(u32::MAX);
        self.generator.random_range(0..bound) as usize
    }

    /// Whether something that happens this often in a hundred times happens now.
    pub(crate) fn happens(&mut self, percent: i64) -> bool {
        self.between(1, 100) <= percent
    }

    /// One entry of a table, which must not be empty.
    pub(crate) fn pick<T: Copy>(&mut self, table: &[T]) -> T {
        table[self.below(table.len())]
    }

    /// A string of random digits.
    pub(crate) fn digits(&mut self, length: usize) -> String {
        (0..length)
            .map(|_| char::from(b'0' + u8::try_from(self.between(0, 9)).unwrap_or(0)))
            .collect()
    }

    /// Fills a buffer with random bytes.
    pub(crate) fn fill(&mut self, buffer: &mut [u8]) {
        self.generator.fill_bytes(buffer);
    }

    /// Puts a list into random order.
    pub(crate) fn shuffle<T>(&mut self, list: &mut [T]) {
        for last in (1..list.len()).rev() {
            list.swap(last, self.below(last + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_repeat_and_differ() {
        let draw = |seed, purpose, index| Chance::new(seed, purpose, index).digits(20);
        assert_eq!(draw(1, Purpose::Content, 3), draw(1, Purpose::Content, 3));
        assert_ne!(draw(1, Purpose::Content, 3), draw(1, Purpose::Content, 4));
        assert_ne!(draw(1, Purpose::Content, 3), draw(1, Purpose::Scan, 3));
        assert_ne!(draw(1, Purpose::Content, 3), draw(2, Purpose::Content, 3));
    }
}
