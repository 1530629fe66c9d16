//! Figures that were computed and still hold, and the one place to compute them in.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use accord_domain::{CalibratorId, Timestamp};
use tokio::sync::Semaphore;

use crate::problem::Problem;

/// How long figures are shown although votes come in all the time.
const FRESH_MILLISECONDS: i64 = 15_000;

/// How many results of one kind are remembered.
const MAXIMUM_ENTRIES: usize = 200;

/// What figures were computed from.
pub(super) trait Basis: PartialEq + Copy + Send + Sync {
    /// Whether figures from `self`, so many milliseconds old, still do for `now`.
    fn does_for(&self, now: &Self, age: i64) -> bool;
}

/// The votes of a project at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct VotesBasis {
    pub(super) project_version: i64,
    pub(super) annotation_count: i64,
    /// Whether all votes had been turned into consensus.
    pub(super) settled: bool,
}

impl Basis for VotesBasis {
    /// The same votes give the same figures; while votes come in, those of a moment ago do.
    fn does_for(&self, now: &Self, age: i64) -> bool {
        let holds = now.settled && self == now;
        let same_version = self.project_version == now.project_version;
        holds || (!now.settled && same_version && age < FRESH_MILLISECONDS)
    }
}

/// The votes on a field at one moment, and what gold was found to say of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FieldBasis {
    pub(super) votes: VotesBasis,
    /// The calibrator at that moment, which holds the figures of the panel; none before there is gold.
    pub(super) calibrator: Option<CalibratorId>,
}

impl Basis for FieldBasis {
    /// A new calibrator shows at once, however little the votes changed.
    fn does_for(&self, now: &Self, age: i64) -> bool {
        self.calibrator == now.calibrator && self.votes.does_for(&now.votes, age)
    }
}

/// Results by key, each with what it was computed from.
pub(super) struct FigureCache<K, B, V> {
    entries: Mutex<HashMap<K, Entry<B, V>>>,
    /// Only one result is computed at a time; others wait here.
    place: Arc<Semaphore>,
}

struct Entry<B, V> {
    basis: B,
    computed_at: Timestamp,
    figures: Arc<V>,
}

impl<K: Eq + Hash + Clone, B: Basis, V: Send + Sync + 'static> FigureCache<K, B, V> {
    pub(super) fn new(place: &Arc<Semaphore>) -> Self {
        Self {
            entries: Mutex::default(),
            place: Arc::clone(place),
        }
    }

    /// The figures under the key where they still do, else what `compute` gives, off the async threads.
    ///
    /// # Errors
    /// Those of `read`, which gathers what is computed from, and of `compute`.
    pub(super) async fn find<I, R>(
        &self,
        key: K,
        basis: B,
        now: Timestamp,
        read: R,
        compute: impl FnOnce(I) -> Result<V, Problem> + Send + 'static,
    ) -> Result<Arc<V>, Problem>
    where
        I: Send + 'static,
        R: Future<Output = Result<I, Problem>>,
    {
        if let Some(known) = self.known(&key, &basis, now) {
            return Ok(known);
        }
        let place = self.place.acquire().await;
        let _place = place.map_err(|error| Problem::internal(&error))?;
        // Whoever waited for the place may find that it was computed meanwhile.
        if let Some(known) = self.known(&key, &basis, now) {
            return Ok(known);
        }
        let input = read.await?;
        let figures = tokio::task::spawn_blocking(move || compute(input))
            .await
            .map_err(|error| Problem::internal(&error))??;
        let figures = Arc::new(figures);
        self.put(key, basis, now, Arc::clone(&figures));
        Ok(figures)
    }

    /// The last figures under the key, and whether they still do; none where there never were any.
    pub(super) fn latest(&self, key: &K, basis: &B, now: Timestamp) -> Option<(Arc<V>, bool)> {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = entries.get(key)?;
        let age = now.milliseconds_since(entry.computed_at);
        Some((Arc::clone(&entry.figures), entry.basis.does_for(basis, age)))
    }

    fn known(&self, key: &K, basis: &B, now: Timestamp) -> Option<Arc<V>> {
        let (figures, still_does) = self.latest(key, basis, now)?;
        still_does.then_some(figures)
    }

    fn put(&self, key: K, basis: B, computed_at: Timestamp, figures: Arc<V>) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() >= MAXIMUM_ENTRIES && !entries.contains_key(&key) {
            let oldest = entries.iter().min_by_key(|(_, entry)| entry.computed_at);
            let oldest = oldest.map(|(key, _)| key.clone());
            oldest.and_then(|key| entries.remove(&key));
        }
        let entry = Entry {
            basis,
            computed_at,
            figures,
        };
        entries.insert(key, entry);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn votes(annotation_count: i64, settled: bool) -> VotesBasis {
        VotesBasis {
            project_version: 1,
            annotation_count,
            settled,
        }
    }

    fn cache() -> FigureCache<u8, VotesBasis, u32> {
        FigureCache::new(&Arc::new(Semaphore::new(1)))
    }

    async fn find(cache: &FigureCache<u8, VotesBasis, u32>, basis: VotesBasis, second: i64, value: u32) -> u32 {
        let now = Timestamp::from_microseconds(second * 1_000_000);
        *cache.find(1, basis, now, async { Ok(value) }, Ok).await.unwrap()
    }

    #[tokio::test]
    async fn the_same_votes_are_computed_once_and_new_ones_anew() {
        let cache = cache();
        assert_eq!(find(&cache, votes(3, true), 0, 30).await, 30);
        assert_eq!(find(&cache, votes(3, true), 999, 31).await, 30);
        assert_eq!(find(&cache, votes(4, true), 999, 40).await, 40);
    }

    #[tokio::test]
    async fn while_votes_come_in_recent_figures_do() {
        let cache = cache();
        assert_eq!(find(&cache, votes(3, true), 0, 30).await, 30);
        assert_eq!(find(&cache, votes(9, false), 14, 90).await, 30);
        assert_eq!(find(&cache, votes(9, false), 16, 91).await, 91);
        let of_another_version = VotesBasis {
            project_version: 2,
            ..votes(9, false)
        };
        assert_eq!(find(&cache, of_another_version, 17, 92).await, 92);
    }

    #[tokio::test]
    async fn only_so_many_are_remembered() {
        let cache: FigureCache<usize, VotesBasis, usize> = FigureCache::new(&Arc::new(Semaphore::new(1)));
        for key in 0..MAXIMUM_ENTRIES + 5 {
            let now = Timestamp::from_microseconds(i64::try_from(key).unwrap());
            cache
                .find(key, votes(1, true), now, async { Ok(key) }, Ok)
                .await
                .unwrap();
        }
        let entries = cache.entries.lock().unwrap();
        assert_eq!(entries.len(), MAXIMUM_ENTRIES);
        assert!(!entries.contains_key(&4) && entries.contains_key(&5));
    }
}
