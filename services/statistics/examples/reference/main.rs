//! Prints, for folders of real votes with gold, what this crate computes beside what other libraries do, and fails where it is not as
//! promised: `make reference`.
//!
//! `ACCORD_AGREEMENT` names another folder of data sets of the same form, `ACCORD_EXACT` a folder with the peers' agreement figures that
//! are not rounded (`tests/benchmark/exact_agreement.py` writes them).

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "it prints tables")]

mod checks;

use std::path::PathBuf;
use std::process::ExitCode;

fn main() -> ExitCode {
    match compare_all() {
        Ok(missed) if missed.is_empty() => ExitCode::SUCCESS,
        Ok(missed) => {
            eprintln!("missed:\n{}", missed.join("\n"));
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Prints every data set and returns what was missed.
fn compare_all() -> Result<Vec<String>, checks::Failure> {
    let folder = checks::folder();
    let exact = std::env::var_os("ACCORD_EXACT").map(PathBuf::from);
    let names = checks::set_names(&folder)?;
    let mut missed = Vec::new();
    for name in &names {
        for section in checks::compare(&folder, name, exact.as_deref())? {
            println!("{}", section.table());
            missed.extend(section.missed());
        }
    }
    println!(
        "{} data sets in {}, {} missed",
        names.len(),
        folder.display(),
        missed.len()
    );
    if names.is_empty() {
        missed.push(format!("no data sets in {}", folder.display()));
    }
    Ok(missed)
}
