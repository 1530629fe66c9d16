//! Reproducible randomness.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// Generator number `stream` of a seed. Streams are independent, so work may be spread over threads
/// without changing its result.
pub(crate) fn generator(seed: u64, stream: u64) -> ChaCha8Rng {
    let mut generator = ChaCha8Rng::seed_from_u64(seed);
    generator.set_stream(stream);
    generator
}
