//! How the store connects.

use std::str::FromStr;
use std::time::Duration;

use accord_store::{StoreError, StoreResult};
use secrecy::{ExposeSecret, SecretString};
use sqlx::postgres::PgConnectOptions;

/// How the store connects; the address comes beside it, since it holds a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostgresOptions {
    /// The most connections of this process, without the one that listens for wake-ups.
    pub maximum_connections: u32,
    /// How long to wait for a connection, from the pool or from the server.
    pub acquire_timeout: Duration,
    /// How long a statement may take before the server ends it.
    pub statement_timeout: Duration,
    /// How long a transaction may do nothing before the server ends it, so that a stuck process cannot hold locks.
    pub idle_in_transaction_timeout: Duration,
}

impl Default for PostgresOptions {
    fn default() -> Self {
        Self {
            maximum_connections: 10,
            acquire_timeout: Duration::from_secs(10),
            statement_timeout: Duration::from_secs(60),
            idle_in_transaction_timeout: Duration::from_secs(60),
        }
    }
}

/// Reads the address of a database, without ever repeating it.
pub(crate) fn parse_address(url: &SecretString) -> StoreResult<PgConnectOptions> {
    PgConnectOptions::from_str(url.expose_secret())
        .map(|address| address.application_name("accord"))
        .map_err(|_| StoreError::Unavailable {
            problem: "its address is not valid: expected postgres://user:password@host:port/database".to_owned(),
        })
}

impl PostgresOptions {
    /// The address with the time limits of this process, and with plans that stay right while tables grow: a plan is made
    /// once and kept, and one that was made for a small table reads all of it for ever after. Every statement has an index.
    pub(crate) fn limit(&self, address: PgConnectOptions) -> PgConnectOptions {
        address.options([
            ("enable_seqscan", "off".to_owned()),
            // A plan that cannot do without is not worth compiling.
            ("jit", "off".to_owned()),
            ("statement_timeout", self.statement_timeout.as_millis().to_string()),
            (
                "idle_in_transaction_session_timeout",
                self.idle_in_transaction_timeout.as_millis().to_string(),
            ),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_repeats_an_address_that_is_not_valid() {
        let error = parse_address(&SecretString::from("postgres://accord:hunter2@host:notaport/x")).unwrap_err();
        assert!(!error.to_string().contains("hunter2"));
        assert!(error.to_string().contains("expected postgres://"));
    }
}
