//! A limit on failed logins, so that passwords cannot be guessed by trying.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Mutex;

use accord_domain::Timestamp;

/// How long it takes until one more attempt is allowed.
const RECOVERY_MILLISECONDS: i64 = 30_000;

/// How many names and addresses are remembered; the oldest are forgotten first.
const MAXIMUM_ENTRIES: usize = 10_000;

/// One address may fail this many times as often as one name from it, over all names.
const ADDRESS_FACTOR: i64 = 10;

/// Counts failed logins by name and address, and by address alone, in the memory of this process.
pub struct LoginLimit {
    attempts: u32,
    entries: Mutex<HashMap<Key, Timestamp>>,
}

/// Whose failures are counted.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    Name(String, Option<IpAddr>),
    Address(IpAddr),
}

/// Too many logins have failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooManyAttempts {
    /// After how long one more attempt is allowed.
    pub retry_after_seconds: u64,
}

impl LoginLimit {
    /// Allows this many failures in a row.
    #[must_use]
    pub fn new(attempts: u32) -> Self {
        Self {
            attempts,
            entries: Mutex::new(HashMap::new()),
        }
    }

    /// Counts an attempt as failed before its password is looked at, so that attempts at the same time count too.
    ///
    /// # Errors
    /// The name or the address has failed too often.
    pub fn begin(&self, name: &str, address: Option<IpAddr>, now: Timestamp) -> Result<(), TooManyAttempts> {
        let mut entries = self.entries.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let keys = keys(name, address);
        for (key, factor) in &keys {
            // An entry is the moment at which all of its failures are forgiven; each failure moves it on.
            let cost = RECOVERY_MILLISECONDS / factor;
            let allowed = cost * i64::from(self.attempts) * factor;
            let forgiven_at = entries.get(key).copied().unwrap_or(now).max(now);
            let excess = forgiven_at.milliseconds_since(now) + cost - allowed;
            if excess > 0 {
                let retry_after_seconds = u64::try_from(excess / 1000 + 1).unwrap_or(1);
                return Err(TooManyAttempts { retry_after_seconds });
            }
        }
        for (key, factor) in keys {
            let forgiven_at = entries.get(&key).copied().unwrap_or(now).max(now);
            entries.insert(key, forgiven_at.plus_milliseconds(RECOVERY_MILLISECONDS / factor));
        }
        if entries.len() > MAXIMUM_ENTRIES {
            forget(&mut entries, now);
        }
        drop(entries);
        Ok(())
    }

    /// Forgives the failures of a name that has logged in from this address.
    pub fn succeed(&self, name: &str, address: Option<IpAddr>) {
        let mut entries = self.entries.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        entries.remove(&Key::Name(name.trim().to_lowercase(), address));
    }
}

fn keys(name: &str, address: Option<IpAddr>) -> Vec<(Key, i64)> {
    let mut keys = vec![(Key::Name(name.trim().to_lowercase(), address), 1)];
    keys.extend(address.map(|address| (Key::Address(address), ADDRESS_FACTOR)));
    keys
}

fn forget(entries: &mut HashMap<Key, Timestamp>, now: Timestamp) {
    entries.retain(|_, forgiven_at| *forgiven_at > now);
    if entries.len() > MAXIMUM_ENTRIES {
        let mut moments: Vec<Timestamp> = entries.values().copied().collect();
        moments.sort_unstable();
        if let Some(median) = moments.get(moments.len() / 2).copied() {
            entries.retain(|_, forgiven_at| *forgiven_at > median);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::from_microseconds(1_000_000_000);

    #[test]
    fn the_sixth_failure_waits_and_time_heals() {
        let limit = LoginLimit::new(5);
        for _ in 0..5 {
            assert_eq!(limit.begin("ada", None, START), Ok(()));
        }
        let refused = limit.begin("Ada ", None, START).unwrap_err();
        assert!(refused.retry_after_seconds <= 31, "{refused:?}");
        let later = START.plus_milliseconds(RECOVERY_MILLISECONDS);
        assert_eq!(limit.begin("ada", None, later), Ok(()));
        assert!(limit.begin("ada", None, later).is_err());
    }

    #[test]
    fn others_are_not_hindered_and_success_forgives() {
        let limit = LoginLimit::new(1);
        let here = Some(IpAddr::from([127, 0, 0, 1]));
        let there = Some(IpAddr::from([10, 0, 0, 1]));
        assert_eq!(limit.begin("ada", here, START), Ok(()));
        assert!(limit.begin("ada", here, START).is_err());
        assert_eq!(limit.begin("ada", there, START), Ok(()));
        assert_eq!(limit.begin("eve", here, START), Ok(()));
        limit.succeed("ada", here);
        assert_eq!(limit.begin("ada", here, START), Ok(()));
    }

    #[test]
    fn one_address_cannot_try_ever_new_names() {
        let limit = LoginLimit::new(2);
        let address = Some(IpAddr::from([127, 0, 0, 1]));
        let allowed = (0..100)
            .filter(|number| limit.begin(&format!("name-{number}"), address, START).is_ok())
            .count();
        assert_eq!(allowed, 20);
    }
}
