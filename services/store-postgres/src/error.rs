//! What the driver and the server say, by what the caller can do about it. The one place where this is decided.

use accord_store::StoreError;
use sqlx::migrate::MigrateError;
use sqlx::postgres::PgDatabaseError;

/// SQLSTATE of a broken uniqueness rule.
const UNIQUE_VIOLATION: &str = "23505";
/// SQLSTATE of a reference to a row that is not there.
const FOREIGN_KEY_VIOLATION: &str = "23503";
/// SQLSTATE of a character that the server's encoding does not have, such as NUL.
const CHARACTER_NOT_IN_REPERTOIRE: &str = "22021";

/// Serialisation failure, deadlock, lock not available, statement cancelled (too slow), transaction idle too long, no
/// such database, and the classes of connection failures, wrong credentials, exhausted resources and shutdowns.
const PASSING_STATES: [&str; 6] = ["40001", "40P01", "55P03", "57014", "25P03", "3D000"];
const PASSING_CLASSES: [&str; 4] = ["08", "28", "53", "57P"];

/// Translates a failure of the driver.
pub(crate) fn failure(error: sqlx::Error) -> StoreError {
    match error {
        sqlx::Error::Database(error) => match error.try_downcast_ref::<PgDatabaseError>() {
            Some(error) => refusal(error),
            None => StoreError::Database {
                problem: error.message().to_owned(),
            },
        },
        sqlx::Error::PoolTimedOut => unavailable("no connection became free in time"),
        sqlx::Error::PoolClosed => unavailable("the store has been closed"),
        sqlx::Error::WorkerCrashed => unavailable("the connection was lost"),
        sqlx::Error::Io(error) => unavailable(&error.to_string()),
        sqlx::Error::Tls(error) => unavailable(&format!("no secure connection: {error}")),
        sqlx::Error::BeginFailed => unavailable("a transaction could not begin"),
        // A connection address with its password may be part of these.
        sqlx::Error::Configuration(_) => unavailable("its address or connection settings are not valid"),
        other => StoreError::Database {
            problem: other.to_string(),
        },
    }
}

/// Translates a failure of bringing the schema up to date.
pub(crate) fn migration_failure(error: MigrateError) -> StoreError {
    match error {
        MigrateError::Execute(error) => failure(error),
        MigrateError::ExecuteMigration(error, version) => match failure(error) {
            StoreError::Database { problem } => StoreError::Database {
                problem: format!("migration {version} failed: {problem}"),
            },
            other => other,
        },
        other => StoreError::Database {
            problem: format!("the schema cannot be brought up to date: {other}"),
        },
    }
}

/// Whether a uniqueness rule was broken.
pub(crate) fn is_unique_violation(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Database(error) if error.code().as_deref() == Some(UNIQUE_VIOLATION))
}

fn unavailable(problem: &str) -> StoreError {
    StoreError::Unavailable {
        problem: problem.to_owned(),
    }
}

fn refusal(error: &PgDatabaseError) -> StoreError {
    let state = error.code();
    if PASSING_STATES.contains(&state) || PASSING_CLASSES.iter().any(|class| state.starts_with(class)) {
        return unavailable(&format!("{} (SQLSTATE {state})", error.message()));
    }
    let name = error
        .detail()
        .and_then(key_in_detail)
        .or_else(|| error.constraint().map(str::to_owned))
        .unwrap_or_default();
    match state {
        UNIQUE_VIOLATION => StoreError::Conflict {
            what: thing_in_table(error.table().unwrap_or_default()),
            name,
        },
        FOREIGN_KEY_VIOLATION => StoreError::Missing {
            what: thing_referred_to(error.constraint().unwrap_or_default()),
            name,
        },
        CHARACTER_NOT_IN_REPERTOIRE => StoreError::Invalid {
            what: "text",
            problem: "it has a character that the database cannot hold, such as NUL".to_owned(),
        },
        _ => StoreError::Database {
            problem: match error.constraint() {
                Some(constraint) => format!("{} (SQLSTATE {state}, rule {constraint})", error.message()),
                None => format!("{} (SQLSTATE {state})", error.message()),
            },
        },
    }
}

/// The last value of the key in `Key (project_id, name)=(0193…, panel) already exists.`, in any language of the server.
fn key_in_detail(detail: &str) -> Option<String> {
    let (columns, rest) = detail.split_once(")=(")?;
    let (values, _) = rest.rsplit_once(')')?;
    // Only the last of several values may hold a comma itself: the others are identifiers.
    let separators = columns.matches(", ").count();
    values.splitn(separators + 1, ", ").last().map(str::to_owned)
}

fn thing_in_table(table: &str) -> &'static str {
    match table {
        "projects" => "project",
        "users" => "user",
        "sessions" => "session",
        "tokens" => "token",
        "annotators" => "annotator",
        "items" => "item",
        "tasks" => "task",
        "annotations" => "annotation",
        "consensus" => "consensus",
        "gold" => "gold",
        "calibrators" => "calibrator",
        "judgements" => "judgement",
        "method_comparisons" => "comparison of methods",
        _ => "row",
    }
}

fn thing_referred_to(constraint: &str) -> &'static str {
    const REFERENCES: [(&str, &str); 8] = [
        ("_project_id_fkey", "project"),
        ("_item_id_fkey", "item"),
        ("_annotator_id_fkey", "annotator"),
        ("_user_id_fkey", "user"),
        ("_task_id_fkey", "task"),
        ("_consensus_id_fkey", "consensus"),
        ("_gold_id_fkey", "gold"),
        ("_calibrator_id_fkey", "calibrator"),
    ];
    REFERENCES
        .iter()
        .find(|(ending, _)| constraint.ends_with(ending))
        .map_or("row", |(_, thing)| thing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_key_in_any_language() {
        let of = |detail| key_in_detail(detail).unwrap();
        assert_eq!(of("Key (name)=(receipts) already exists."), "receipts");
        assert_eq!(of("Schlüssel »(name)=(a (b), c)« existiert bereits."), "a (b), c");
        assert_eq!(of("Key (project_id, name)=(0193, a, b) already exists."), "a, b");
        assert_eq!(key_in_detail("nothing of the kind"), None);
    }

    #[test]
    fn never_shows_connection_settings() {
        let error = failure(sqlx::Error::Configuration("postgres://a:hunter2@h".into()));
        assert!(!error.to_string().contains("hunter2"));
    }

    #[test]
    fn knows_what_a_reference_refers_to() {
        assert_eq!(thing_referred_to("tasks_item_id_fkey"), "item");
        assert_eq!(thing_referred_to("current_gold_gold_id_fkey"), "gold");
        assert_eq!(thing_referred_to("other"), "row");
    }
}
