//! Databases for tests: each its own, copied from a migrated template, dropped when the test is over.

use accord_store::{StoreError, StoreResult};
use secrecy::SecretString;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tokio::runtime::Builder;

use crate::error::failure;
use crate::options::parse_address;
use crate::store::{MIGRATIONS, migrate};
use crate::{PostgresOptions, PostgresStore};

/// The variable with the address of the server that tests use.
pub const SERVER_VARIABLE: &str = "ACCORD_TEST_POSTGRES_URL";

/// The advisory lock under which the template is made.
const TEMPLATE_LOCK: i64 = 0x6163_636f_7264;

/// A database of its own, dropped with this value, also when the test fails.
#[derive(Debug)]
pub struct TestDatabase {
    server: PgConnectOptions,
    name: String,
    url: String,
}

impl TestDatabase {
    /// Creates a database with the present schema on the server of `ACCORD_TEST_POSTGRES_URL`.
    ///
    /// # Errors
    /// `Unavailable` when the variable is not set or the server cannot be reached, `Database` when its user may not
    /// create databases.
    pub async fn create() -> StoreResult<Self> {
        let url = std::env::var(SERVER_VARIABLE).map_err(|_| StoreError::Unavailable {
            problem: format!(
                "{SERVER_VARIABLE} is not set: run the tests with `tests/postgres.sh run COMMAND`, or set it to what `tests/postgres.sh start` prints"
            ),
        })?;
        let server = parse_address(&SecretString::from(url.as_str()))?;
        let mut connection = PgConnection::connect_with(&server).await.map_err(failure)?;
        let template = ensure_template(&server, &mut connection).await?;
        let name: String = sqlx::query_scalar("SELECT 'accord_test_' || replace(gen_random_uuid()::TEXT, '-', '')")
            .fetch_one(&mut connection)
            .await
            .map_err(failure)?;
        run(&mut connection, format!("CREATE DATABASE {name} TEMPLATE {template}")).await?;
        connection.close().await.map_err(failure)?;
        Ok(Self {
            url: with_database(&url, &name)?,
            server,
            name,
        })
    }

    /// The address of the database.
    #[must_use]
    pub fn url(&self) -> SecretString {
        SecretString::from(self.url.as_str())
    }

    /// Opens the database; as often as wanted.
    ///
    /// # Errors
    /// As [`PostgresStore::connect`].
    pub async fn connect(&self) -> StoreResult<PostgresStore> {
        PostgresStore::connect(&self.url(), &PostgresOptions::default()).await
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let server = self.server.clone();
        let statement = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        // On a thread and runtime of its own, since the test's may be gone or unwinding.
        let dropped = std::thread::spawn(move || -> StoreResult<()> {
            let runtime =
                Builder::new_current_thread()
                    .enable_all()
                    .build()
                    .map_err(|error| StoreError::Unavailable {
                        problem: error.to_string(),
                    })?;
            runtime.block_on(async {
                let mut connection = PgConnection::connect_with(&server).await.map_err(failure)?;
                run(&mut connection, statement).await
            })
        })
        .join();
        if !matches!(dropped, Ok(Ok(()))) {
            tracing::warn!(database = %self.name, "a test database was left behind");
        }
    }
}

/// Creates the template of this very schema unless it is there, and returns its name.
async fn ensure_template(server: &PgConnectOptions, connection: &mut PgConnection) -> StoreResult<String> {
    let template = template_name();
    sqlx::query("SELECT pg_advisory_lock($1)")
        .bind(TEMPLATE_LOCK)
        .execute(&mut *connection)
        .await
        .map_err(failure)?;
    let finished: bool =
        sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1 AND datistemplate)")
            .bind(&template)
            .fetch_one(&mut *connection)
            .await
            .map_err(failure)?;
    if !finished {
        // What an interrupted run left behind is not marked as a template.
        run(connection, format!("DROP DATABASE IF EXISTS {template} WITH (FORCE)")).await?;
        run(connection, format!("CREATE DATABASE {template}")).await?;
        migrate(&server.clone().database(&template)).await?;
        run(connection, format!("ALTER DATABASE {template} IS_TEMPLATE true")).await?;
    }
    sqlx::query("SELECT pg_advisory_unlock($1)")
        .bind(TEMPLATE_LOCK)
        .execute(&mut *connection)
        .await
        .map_err(failure)?;
    Ok(template)
}

/// Names the template after the migrations in it, so that a changed schema gets a new one.
fn template_name() -> String {
    let mut name = "accord_template".to_owned();
    for migration in MIGRATIONS.iter() {
        name.push('_');
        name.extend(migration.checksum.iter().take(3).map(|byte| format!("{byte:02x}")));
    }
    // Names of databases have at most 63 characters; the newest migrations tell schemas apart.
    let excess = name.len().saturating_sub(63);
    name.replace_range(15..15 + excess, "");
    name
}

/// Runs a statement whose names were made here.
async fn run(connection: &mut PgConnection, statement: String) -> StoreResult<()> {
    sqlx::query(AssertSqlSafe(statement))
        .execute(connection)
        .await
        .map_err(failure)?;
    Ok(())
}

/// The same address with another database.
fn with_database(url: &str, name: &str) -> StoreResult<String> {
    let (address, parameters) = url
        .split_once('?')
        .map_or((url, None), |(address, rest)| (address, Some(rest)));
    let (scheme, rest) = address.split_once("://").ok_or_else(|| StoreError::Unavailable {
        problem: format!("{SERVER_VARIABLE} is not an address: expected postgres://user@host/database"),
    })?;
    let host = rest.split('/').next().unwrap_or_default();
    Ok(match parameters {
        Some(parameters) => format!("{scheme}://{host}/{name}?{parameters}"),
        None => format!("{scheme}://{host}/{name}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_only_the_database_of_an_address() {
        let of = |url| with_database(url, "one").unwrap();
        assert_eq!(of("postgres://a:b@host:5432/postgres"), "postgres://a:b@host:5432/one");
        assert_eq!(
            of("postgres://a@localhost/postgres?host=/run/x"),
            "postgres://a@localhost/one?host=/run/x"
        );
        assert_eq!(of("postgres://host"), "postgres://host/one");
        assert!(with_database("nonsense", "one").is_err());
    }

    #[test]
    fn names_the_template_after_the_migrations() {
        let name = template_name();
        assert!(name.starts_with("accord_template"));
        assert!((16..=63).contains(&name.len()), "{name}");
    }
}
