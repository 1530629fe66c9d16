//! What has had its time: leases that ended are taken back, sessions and idempotency keys that ended are removed.

pub mod retention;
