//! What an operator may set about the server.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What an operator may set about the server. Every part has a default; unknown keys are refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ServerSettings {
    /// Whether cookies are only sent over HTTPS. Set it wherever the server is reached by HTTPS.
    pub secure_cookies: bool,
    /// Other origins, such as `https://accord.example.org`, from which forms may be posted: needed when a proxy changes
    /// the `Host` header.
    pub trusted_origins: Vec<String>,
    /// Whether the last address of `X-Forwarded-For` is taken for the client's. Set it only behind a proxy that sets it.
    pub trust_forwarded_for: bool,
    /// How long a session lasts.
    pub session_hours: u32,
    /// The largest body of an ordinary request.
    pub maximum_body_bytes: usize,
    /// The largest single file of an import or an extraction, and the largest import as one JSON document.
    pub maximum_file_bytes: usize,
    /// The largest body of an import in all.
    pub maximum_import_bytes: usize,
    /// How long an ordinary request may take until its answer begins.
    pub request_timeout_seconds: u64,
    /// How long an import or an extraction may take until its answer begins.
    pub long_request_timeout_seconds: u64,
    /// How long the client may pause in the middle of a body.
    pub body_pause_seconds: u64,
    /// How long running requests may go on after the server was told to stop.
    pub shutdown_seconds: u64,
    /// How many failed logins in a row one name may have from one address; one more is allowed every 30 seconds.
    pub login_attempts: u32,
    /// How dear a guess of a password is.
    pub password_cost: PasswordCost,
}

/// The cost of hashing a password with Argon2id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PasswordCost {
    /// Memory of one hash.
    pub memory_kibibytes: u32,
    /// Passes over the memory.
    pub iterations: u32,
    /// How many hashes are computed at the same time; others wait.
    pub parallel_hashes: usize,
}

/// A setting that cannot be accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("setting `{name}` {problem}")]
pub struct SettingsError {
    /// The setting.
    pub name: &'static str,
    /// What is wrong and what was expected.
    pub problem: String,
}

const MEBIBYTE: usize = 1024 * 1024;

impl Default for ServerSettings {
    fn default() -> Self {
        Self {
            secure_cookies: false,
            trusted_origins: Vec::new(),
            trust_forwarded_for: false,
            session_hours: 24 * 7,
            maximum_body_bytes: 2 * MEBIBYTE,
            maximum_file_bytes: 20 * MEBIBYTE,
            maximum_import_bytes: 4096 * MEBIBYTE,
            request_timeout_seconds: 30,
            long_request_timeout_seconds: 3600,
            body_pause_seconds: 30,
            shutdown_seconds: 20,
            login_attempts: 5,
            password_cost: PasswordCost::default(),
        }
    }
}

impl Default for PasswordCost {
    /// The least that OWASP recommends for Argon2id: 19 MiB, two passes.
    fn default() -> Self {
        Self {
            memory_kibibytes: 19 * 1024,
            iterations: 2,
            parallel_hashes: 2,
        }
    }
}

impl ServerSettings {
    /// Checks the numbers.
    ///
    /// # Errors
    /// Names the first setting that is out of range.
    pub fn check(&self) -> Result<(), SettingsError> {
        let whole = |value: usize| u64::try_from(value).unwrap_or(u64::MAX);
        let positive = [
            ("session_hours", u64::from(self.session_hours)),
            ("maximum_body_bytes", whole(self.maximum_body_bytes)),
            ("maximum_file_bytes", whole(self.maximum_file_bytes)),
            ("maximum_import_bytes", whole(self.maximum_import_bytes)),
            ("request_timeout_seconds", self.request_timeout_seconds),
            ("long_request_timeout_seconds", self.long_request_timeout_seconds),
            ("body_pause_seconds", self.body_pause_seconds),
            ("login_attempts", u64::from(self.login_attempts)),
            ("password_cost.iterations", u64::from(self.password_cost.iterations)),
            (
                "password_cost.parallel_hashes",
                whole(self.password_cost.parallel_hashes),
            ),
        ];
        if let Some((name, _)) = positive.into_iter().find(|(_, value)| *value == 0) {
            return Err(SettingsError {
                name,
                problem: "must be at least 1".to_owned(),
            });
        }
        if self.password_cost.memory_kibibytes < LEAST_PASSWORD_MEMORY_KIBIBYTES {
            return Err(SettingsError {
                name: "password_cost.memory_kibibytes",
                problem: format!("must be at least {LEAST_PASSWORD_MEMORY_KIBIBYTES}"),
            });
        }
        crate::middleware::cross_site_protection(&self.trusted_origins).map(|_| ())
    }

    pub(crate) const fn request_timeout(&self) -> Duration {
        Duration::from_secs(self.request_timeout_seconds)
    }

    pub(crate) const fn long_request_timeout(&self) -> Duration {
        Duration::from_secs(self.long_request_timeout_seconds)
    }

    pub(crate) const fn body_pause(&self) -> Duration {
        Duration::from_secs(self.body_pause_seconds)
    }
}

/// Argon2 needs eight blocks of one kibibyte for each lane.
const LEAST_PASSWORD_MEMORY_KIBIBYTES: u32 = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_accepted() {
        assert_eq!(ServerSettings::default().check(), Ok(()));
    }

    #[test]
    fn a_zero_is_named() {
        let settings = ServerSettings {
            session_hours: 0,
            ..ServerSettings::default()
        };
        let error = settings.check().unwrap_err();
        assert_eq!(error.to_string(), "setting `session_hours` must be at least 1");
    }

    #[test]
    fn an_origin_must_be_one() {
        let settings = ServerSettings {
            trusted_origins: vec!["accord.example.org/path".to_owned()],
            ..ServerSettings::default()
        };
        assert_eq!(settings.check().unwrap_err().name, "trusted_origins");
    }
}
