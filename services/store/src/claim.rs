//! Choosing among tasks that could be claimed where annotators have limits: the same for every database.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use accord_domain::{AnnotatorId, Task, TaskId, TaskKind};

use crate::error::{StoreError, StoreResult};
use crate::tasks::{ClaimLimit, ClaimRequest};

/// A task that could be claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate {
    /// The task.
    pub id: TaskId,
    /// Who is asked.
    pub annotator_id: AnnotatorId,
    /// Higher goes first.
    pub priority: i32,
    /// Whether it was tried before.
    pub repeated: bool,
}

impl Candidate {
    /// What there is to know of a task; none where it is for no annotator.
    #[must_use]
    pub fn of(task: &Task) -> Option<Self> {
        Some(Self {
            id: task.id,
            annotator_id: task.annotator_id?,
            priority: task.priority,
            repeated: task.attempts > 0 || task.uncounted > 0,
        })
    }
}

/// Annotators that share a limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimGroup {
    /// The annotators.
    pub annotators: Vec<AnnotatorId>,
    /// How many candidates of them together are worth finding.
    pub tasks: u32,
    /// Whether tasks that were tried before may be claimed.
    pub repeated: bool,
}

/// The limits of one claim, by annotator.
#[derive(Debug)]
pub struct ClaimLimits<'a> {
    most: u32,
    limits: &'a [ClaimLimit],
    by_annotator: BTreeMap<AnnotatorId, usize>,
}

impl<'a> ClaimLimits<'a> {
    /// The limits of a request.
    ///
    /// # Errors
    /// `Invalid` when anything but `annotate` is asked for.
    pub fn of(request: &ClaimRequest<'a>) -> StoreResult<Self> {
        if request.kinds != [TaskKind::Annotate] {
            return Err(StoreError::Invalid {
                what: "claim",
                problem: "annotators are limited, so only `annotate` may be asked for".to_owned(),
            });
        }
        let by_annotator = request.limits.iter().enumerate().flat_map(|(position, limit)| {
            let annotators = limit.annotators.iter();
            annotators.map(move |annotator| (*annotator, position))
        });
        Ok(Self {
            most: request.limit,
            limits: request.limits,
            by_annotator: by_annotator.collect(),
        })
    }

    fn limit(&self, annotator: AnnotatorId) -> Option<(usize, &'a ClaimLimit)> {
        let position = *self.by_annotator.get(&annotator)?;
        self.limits.get(position).map(|limit| (position, limit))
    }

    /// How many candidates of this annotator are worth finding.
    #[must_use]
    pub fn tasks(&self, annotator: AnnotatorId) -> u32 {
        self.limit(annotator)
            .map_or(self.most, |(_, limit)| limit.tasks.min(self.most))
    }

    /// Whether tasks of this annotator that were tried before may be claimed.
    #[must_use]
    pub fn repeated(&self, annotator: AnnotatorId) -> bool {
        self.limit(annotator).is_none_or(|(_, limit)| limit.repeated > 0)
    }

    /// These annotators by the limits that they share, without those that may have no tasks.
    #[must_use]
    pub fn groups(&self, annotators: impl Iterator<Item = AnnotatorId>) -> Vec<ClaimGroup> {
        let mut groups: BTreeMap<Option<usize>, ClaimGroup> = BTreeMap::new();
        for annotator in annotators.filter(|annotator| self.tasks(*annotator) > 0) {
            let position = self.limit(annotator).map(|(position, _)| position);
            let group = groups.entry(position).or_insert_with(|| ClaimGroup {
                annotators: Vec::new(),
                tasks: self.tasks(annotator),
                repeated: self.repeated(annotator),
            });
            group.annotators.push(annotator);
        }
        groups.into_values().collect()
    }

    /// The best of the candidates: highest priority first, then oldest, within all limits.
    #[must_use]
    pub fn choose(&self, mut candidates: Vec<Candidate>) -> Vec<TaskId> {
        candidates.sort_unstable_by_key(|candidate| (Reverse(candidate.priority), candidate.id));
        let mut left: Vec<(u32, u32)> = self.limits.iter().map(|limit| (limit.tasks, limit.repeated)).collect();
        let mut chosen = Vec::new();
        for candidate in candidates {
            if chosen.len() >= self.most as usize {
                break;
            }
            let group = self.limit(candidate.annotator_id).map(|(position, _)| position);
            if let Some((tasks, repeated)) = group.and_then(|position| left.get_mut(position)) {
                if *tasks == 0 || (candidate.repeated && *repeated == 0) {
                    continue;
                }
                *tasks -= 1;
                *repeated -= u32::from(candidate.repeated);
            }
            chosen.push(candidate.id);
        }
        chosen
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn annotator(number: u128) -> AnnotatorId {
        AnnotatorId::from_uuid(Uuid::from_u128(number))
    }

    fn candidate(id: u128, of: u128, priority: i32, repeated: bool) -> Candidate {
        Candidate {
            id: TaskId::from_uuid(Uuid::from_u128(id)),
            annotator_id: annotator(of),
            priority,
            repeated,
        }
    }

    #[test]
    fn groups_share_their_limit_and_others_have_none() {
        let limits = [ClaimLimit {
            annotators: vec![annotator(1), annotator(2)],
            tasks: 2,
            repeated: 1,
        }];
        let request = ClaimRequest {
            kinds: &[TaskKind::Annotate],
            project_id: None,
            worker: "w",
            lease_milliseconds: 1,
            limit: 4,
            limits: &limits,
        };
        let own = ClaimLimits::of(&request).unwrap();
        assert_eq!((own.tasks(annotator(1)), own.tasks(annotator(9))), (2, 4));
        assert!(own.repeated(annotator(2)) && own.repeated(annotator(9)));
        let groups = own.groups([1, 9, 2, 8].into_iter().map(annotator));
        let groups: Vec<_> = groups
            .into_iter()
            .map(|group| (group.annotators, group.tasks))
            .collect();
        let expected = [([9, 8].map(annotator).to_vec(), 4), ([1, 2].map(annotator).to_vec(), 2)];
        assert_eq!(groups, expected);
        let candidates = vec![
            candidate(1, 1, 0, true),
            candidate(2, 2, 0, true),
            candidate(3, 9, 0, false),
            candidate(4, 2, 1, false),
            candidate(5, 1, 0, false),
            candidate(6, 9, 0, true),
            candidate(7, 9, 0, true),
        ];
        let chosen: Vec<u128> = own.choose(candidates).iter().map(|id| id.as_uuid().as_u128()).collect();
        assert_eq!(chosen, [4, 1, 3, 6]);
        let other = ClaimRequest {
            kinds: &[TaskKind::Annotate, TaskKind::Score],
            ..request
        };
        assert!(ClaimLimits::of(&other).is_err());
    }
}
