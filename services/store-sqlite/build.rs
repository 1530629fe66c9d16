//! Builds the crate anew when a migration is added: the macro that embeds them cannot say so itself.
#![expect(clippy::print_stdout, reason = "how a build script speaks to cargo")]

fn main() {
    println!("cargo:rerun-if-changed=../../migrations/sqlite");
}
