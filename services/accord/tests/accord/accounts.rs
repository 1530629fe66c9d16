//! Accounts and tokens.

use crate::program::Program;

#[test]
fn accounts_are_made_with_a_password_from_standard_input() {
    let program = Program::new();
    let create = |name: &str, role: &str, password: &str| {
        program.run_with(&["user", "create", name, "--role", role], password, &[])
    };
    let made = create("ada", "reviewer", "a long enough password\n").well();
    assert_eq!(made, "account `ada` created as reviewer\n");
    create("ada", "annotator", "another long password").complains_of(&["ada"]);
    create("bob", "king", "a long enough password").complains_of(&["king", "annotator, reviewer or administrator"]);
    create("bob", "annotator", "short").complains_of(&["password"]);
    create("bob", "annotator", "").complains_of(&["password"]);
    program
        .run_with(&["user", "password", "ada"], "a new long password", &[])
        .well();
    program
        .run_with(&["user", "password", "nobody"], "a new long password", &[])
        .complains_of(&["nobody"]);
    let listed = program.run(&["user", "list"]).well();
    assert!(
        listed.contains("ada") && !listed.contains("bob") && !listed.contains("argon2"),
        "{listed}"
    );
}

#[test]
fn a_token_is_all_that_is_printed_and_printed_once() {
    let program = Program::with_project("receipt");
    let made = program.run(&[
        "token",
        "create",
        "bot",
        "--scope",
        "extract",
        "--scope",
        "read-data",
        "--project",
        "bills",
        "--days",
        "30",
    ]);
    let identifier = made.complaint.split_whitespace().nth(1).unwrap().to_owned();
    let secret = made.well();
    assert_eq!(secret.lines().count(), 1);
    let listed = program.run(&["token", "list"]).well();
    assert!(
        listed.contains("bot") && listed.contains("until") && !listed.contains(secret.trim()),
        "{listed}"
    );
    program.run(&["token", "revoke", &identifier]).well();
    assert!(program.run(&["token", "list"]).well().contains("withdrawn"));
    program
        .run(&["token", "revoke", "123"])
        .complains_of(&["123", "token identifier"]);
    program
        .run(&["token", "create", "bot", "--scope", "everything"])
        .complains_of(&["admin, annotate, read-data or extract"]);
    program
        .run(&["token", "create", "bot", "--scope", "extract", "--project", "nothing"])
        .complains_of(&["`nothing`", "accord project list"]);
}
