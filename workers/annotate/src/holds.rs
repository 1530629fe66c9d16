//! Projects whose models may not be asked for a while, because their budget is spent.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use accord_domain::ProjectId;

/// Projects whose models may not be asked for a while.
#[derive(Debug, Default)]
pub struct Holds {
    until: Mutex<BTreeMap<ProjectId, Instant>>,
}

impl Holds {
    /// Holds a project for so long from now.
    pub fn hold(&self, project_id: ProjectId, wait: Duration) {
        let until = Instant::now() + wait;
        self.until
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(project_id, until);
    }

    /// The projects that are held at this moment; those whose time is over are forgotten.
    #[must_use]
    pub fn at(&self, now: Instant) -> Vec<ProjectId> {
        let mut holds = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        holds.retain(|_, until| *until > now);
        holds.keys().copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn holds_end() {
        let holds = Holds::default();
        let project = ProjectId::from_uuid(Uuid::from_u128(1));
        holds.hold(project, Duration::from_secs(60));
        let now = Instant::now();
        assert_eq!(holds.at(now), [project]);
        assert!(holds.at(now + Duration::from_secs(61)).is_empty());
        assert!(holds.at(now).is_empty(), "what is over is forgotten");
    }
}
