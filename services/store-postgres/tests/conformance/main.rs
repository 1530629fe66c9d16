#![expect(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]
#![expect(clippy::print_stderr, reason = "tests print what they measured")]
//! The conformance suite on PostgreSQL, and what only PostgreSQL has to show. Run with `tests/postgres.sh run COMMAND`.

use std::sync::Arc;

use accord_store::conformance::TestStore;
use accord_store_postgres::testing::TestDatabase;

mod load;
mod schema;
mod server_failures;
mod simultaneous;
mod wake_ups;

async fn factory() -> TestStore {
    let database = TestDatabase::create().await.unwrap();
    TestStore {
        store: Arc::new(database.connect().await.unwrap()),
        second: Arc::new(database.connect().await.unwrap()),
        guard: Box::new(database),
    }
}

accord_store::conformance_suite!(factory);
