//! Real votes of crowds and language models, compared with what other libraries compute on them. The same comparison prints its
//! tables with `make reference`; where the data are not there the test says that it skips.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "tests fail by panicking and tell what they skip"
)]

#[path = "../examples/reference/checks/mod.rs"]
mod checks;

#[test]
fn real_votes_come_out_as_promised() {
    let folder = checks::folder();
    if !folder.is_dir() {
        println!("skipped: no votes at {}", folder.display());
        return;
    }
    let names = checks::set_names(&folder).unwrap();
    let mut missed = Vec::new();
    for name in &names {
        for section in checks::compare(&folder, name, None).unwrap() {
            println!("{}", section.table());
            missed.extend(section.missed());
        }
    }
    println!("{} data sets", names.len());
    assert!(!names.is_empty() && missed.is_empty(), "{}", missed.join("\n"));
}
