//! Commands on files of scores and of experiments.

use std::fmt::Write as _;

use serde_json::Value;

use crate::program::{Ended, Program};

/// Shares of seven votes that are too sure: of the rows at a share only so many in a thousand are right.
const LEVELS: [(f64, u32); 4] = [(1.0, 940), (0.857, 820), (0.714, 690), (0.571, 520)];

/// A stand-in for chance that is the same everywhere: a number from 0 to 999.
fn mixed(row: u32) -> u32 {
    let mut state = row.wrapping_mul(2_654_435_769) ^ 0x9e37;
    state ^= state >> 15;
    state = state.wrapping_mul(2_246_822_519);
    (state ^ (state >> 13)) % 1000
}

fn scores(rows: u32) -> String {
    let mut text = "id,score,votes,correct,document\n".to_owned();
    for row in 0..rows {
        let (share, right) = LEVELS[(mixed(row + 7_000_000) % 4) as usize];
        let correct = u32::from(mixed(row) < right);
        writeln!(text, "r{row},{share},7,{correct},d{}", row / 2).unwrap();
    }
    text
}

fn json(ended: Ended) -> Value {
    serde_json::from_str(&ended.well()).unwrap()
}

#[test]
fn a_calibrator_is_chosen_kept_applied_and_measured() {
    let program = Program::new();
    program.write("scores.csv", scores(600));
    let fit = [
        "calibrate",
        "fit",
        "scores.csv",
        "-o",
        "model.json",
        "--json",
        "--replicates",
        "50",
    ];
    let model = json(program.run(&fit));
    let field = &model["fields"][0];
    assert_eq!(
        (field["items"].as_u64(), field["documents"].as_u64()),
        (Some(600), Some(300))
    );
    assert_eq!(field["candidates"].as_array().unwrap().len(), 8);
    let loss = |which: &str| field[which]["log_loss"]["value"]["clipped"].as_f64().unwrap();
    assert!(loss("out_of_fold") < loss("before"), "{field}");
    assert_ne!(field["method"], "base_rate");
    // The same again, and as a table.
    assert_eq!(json(program.run(&fit)), model);
    let table = program
        .run(&["calibrate", "fit", "scores.csv", "--replicates", "0"])
        .well();
    assert!(
        table.contains("(chosen)") && table.contains("after") && table.contains("isotonic"),
        "{table}"
    );
    // Applied to scores without labels, quoted names included.
    program.write("new.csv", "id,score,votes\n\"a,b\",1.0,7\nc,0.571,7\n");
    let applied = program.run(&["calibrate", "apply", "model.json", "new.csv"]).well();
    let lines: Vec<&str> = applied.lines().collect();
    assert_eq!(lines[0], "id,score,probability");
    let probability = |line: &str| line.rsplit(',').next().unwrap().parse::<f64>().unwrap();
    assert!(lines[1].starts_with("\"a,b\",1,"), "{applied}");
    assert!(
        probability(lines[1]) > 0.85 && probability(lines[2]) < 0.65,
        "{applied}"
    );
    // Measured out of fold on its own rows, and as it is on others.
    let own = program
        .run(&["calibrate", "report", "model.json", "scores.csv", "--replicates", "0"])
        .well();
    assert!(own.contains("out of fold: these are the rows"), "{own}");
    program.write("fresh.csv", scores(900).replace("d1,", "d2,"));
    let fresh = [
        "calibrate",
        "report",
        "model.json",
        "fresh.csv",
        "--replicates",
        "50",
        "--report",
        "report.html",
    ];
    let fresh = program.run(&fresh).well();
    assert!(fresh.contains("not fitted on"), "{fresh}");
    let page = std::fs::read_to_string(program.path("report.html")).unwrap();
    assert!(page.contains("<svg") && page.contains("score: after"));
}

#[test]
fn a_lean_fit_keeps_the_curve_and_nothing_else() {
    let program = Program::new();
    let mut text = "score,correct\n".to_owned();
    for row in 0..400 {
        let score = f64::from(mixed(row)) / 100.0 - 5.0;
        let correct = u32::from(f64::from(mixed(row + 999)) / 1000.0 < 1.0 / (1.0 + (-score).exp()));
        writeln!(text, "{score},{correct}").unwrap();
    }
    program.write("raw.csv", &text);
    let lean = [
        "calibrate",
        "fit",
        "raw.csv",
        "--method",
        "platt",
        "--no-metrics",
        "-o",
        "m.json",
        "--json",
    ];
    let model = json(program.run(&lean));
    let field = &model["fields"][0];
    assert_eq!(field["method"], "platt_raw");
    assert!(field["out_of_fold"].is_null() && field["before"].is_null());
    let slope = field["fitted"]["calibrator"]["curve"]["slope"].as_f64().unwrap();
    assert!((slope - 1.0).abs() < 0.35, "{slope}");
    program
        .run(&["calibrate", "fit", "raw.csv", "--method", "beta"])
        .complains_of(&["beta", "scores from 0 to 1"]);
    program
        .run(&["calibrate", "report", "raw.csv"])
        .complains_of(&["no probabilities"]);
    program.write("other.json", "{}");
    program
        .run(&["calibrate", "apply", "other.json", "raw.csv"])
        .complains_of(&["other.json", "no model"]);
}

#[test]
fn bad_rows_are_named_or_left_out() {
    let program = Program::new();
    program.write("bad.csv", "score,correct\n0.9,1\nhigh,1\n0.2,0\n0.3,maybe\n0.8,1\n");
    program
        .run(&["calibrate", "fit", "bad.csv", "--method", "platt", "--no-metrics"])
        .complains_of(&["line 3", "line 5", "--skip-bad-rows"]);
    let skipping = [
        "calibrate",
        "fit",
        "bad.csv",
        "--method",
        "platt",
        "--no-metrics",
        "--skip-bad-rows",
    ];
    let ended = program.run(&skipping);
    assert!(
        ended.complaint.contains("2 bad rows were left out"),
        "{}",
        ended.complaint
    );
    assert!(ended.well().contains("platt_raw"));
    program.write("unlabelled.csv", "score\n0.9\n");
    program
        .run(&["calibrate", "fit", "unlabelled.csv"])
        .complains_of(&["`correct`"]);
}

#[test]
fn a_threshold_is_certified_or_the_missing_labels_are_counted() {
    let program = Program::new();
    // The worked example: 480 rows at level 1 with one error, 120 at 0.8 with three more.
    let mut text = "score,correct\n".to_owned();
    for row in 0..700 {
        let score = if row < 480 {
            1.0
        } else if row < 600 {
            0.8
        } else {
            0.4
        };
        let wrong = row == 0 || (480..483).contains(&row) || row > 650;
        writeln!(text, "{score},{}", u8::from(!wrong)).unwrap();
    }
    program.write("audit.csv", &text);
    let certify = ["certify", "audit.csv", "--alpha", "0.01", "--first-errors", "1"];
    let found = json(program.run(&[&certify[..], &["--json"]].concat()));
    let field = &found["fields"][0];
    assert_eq!(field["threshold"], 1.0);
    assert!((field["coverage"].as_f64().unwrap() - 480.0 / 700.0).abs() < 1e-12);
    assert!((field["candidates"][0]["p_value"].as_f64().unwrap() - 0.0470).abs() < 5e-5);
    assert_eq!(field["candidates"][1]["certified"], false);
    let page = [&certify[..], &["--report", "c.html"]].concat();
    assert!(program.run(&page).well().contains("1 of 480"));
    assert!(
        std::fs::read_to_string(program.path("c.html"))
            .unwrap()
            .contains("<svg")
    );
    // Two errors first allowed: 628 labels are needed before the first test, at level 1 there are only 480.
    let strict = program.run(&["certify", "audit.csv", "--alpha", "0.005"]);
    assert_eq!(strict.code, Some(2), "{}", strict.output);
    assert!(strict.output.contains("558 more labels"), "{}", strict.output);
    let conformal = json(program.run(&["certify", "audit.csv", "--alpha", "0.05", "--conformal", "--json"]));
    assert_eq!(conformal["fields"][0]["threshold"], 0.8);
}

#[test]
fn documents_and_fields_share_the_promise() {
    let program = Program::new();
    let mut text = "score,correct,field,document\n".to_owned();
    for row in 0..1200 {
        // In field b one document in four is half wrong.
        let wrong = row % 2 == 1 && row % 8 == 1;
        writeln!(text, "0.9,1,a,d{}\n0.9,{},b,d{}", row / 2, u8::from(!wrong), row / 2).unwrap();
    }
    program.write("audit.csv", &text);
    let ended = program.run(&["certify", "audit.csv", "--alpha", "0.02", "--json"]);
    assert_eq!(ended.code, Some(2));
    let found: Value = serde_json::from_str(&ended.output).unwrap();
    assert_eq!(found["target_of_a_field"]["delta"], 0.025);
    let (first, second) = (&found["fields"][0], &found["fields"][1]);
    assert_eq!(
        (first["labels"].as_u64(), first["threshold"].as_f64()),
        (Some(600), Some(0.9))
    );
    assert_eq!(
        (second["errors"].as_u64(), second["threshold"].as_f64()),
        (Some(150), None)
    );
    assert!(second["result"].as_str().unwrap().starts_with("not held"), "{second}");
}

#[test]
fn samples_carry_what_their_labels_need() {
    let program = Program::new();
    let mut text = "id,score,field\n".to_owned();
    for row in 0..2000 {
        let score = 0.4 + 0.6 * f64::from(mixed(row)) / 1000.0;
        writeln!(
            text,
            "r{row},{score:.4},{}",
            if row.is_multiple_of(3) { "total" } else { "date" }
        )
        .unwrap();
    }
    program.write("scored.csv", &text);
    let sample = ["sample", "scored.csv", "--budget", "200", "-o", "audit.csv", "--json"];
    let summary = json(program.run(&sample));
    assert_eq!(
        (summary["drawn"].as_u64(), summary["rows"].as_u64()),
        (Some(200), Some(2000))
    );
    let first = std::fs::read_to_string(program.path("audit.csv")).unwrap();
    assert!(first.starts_with("row,id,field,score,propensity,stratum,design,seed\n"));
    assert_eq!(first.lines().count(), 201);
    assert!(first.lines().nth(1).unwrap().ends_with(",1") && first.contains("neyman-"));
    program.run(&sample).well();
    assert_eq!(std::fs::read_to_string(program.path("audit.csv")).unwrap(), first);
    program.run(&[&sample[..], &["--seed", "2"]].concat()).well();
    assert_ne!(std::fs::read_to_string(program.path("audit.csv")).unwrap(), first);
    let uncertain = ["sample", "scored.csv", "--budget", "200", "--design", "uncertainty"];
    let drawn = program.run(&uncertain);
    assert!(drawn.complaint.contains("rows drawn"), "{}", drawn.complaint);
    assert!(drawn.well().lines().count() > 150);
    program
        .run(&["sample", "scored.csv", "--budget", "200", "--design", "poisson"])
        .complains_of(&["`priority`"]);
    program
        .run(&["sample", "scored.csv", "--budget", "3000"])
        .complains_of(&["budget"]);
}

#[test]
fn an_experiment_is_sized_and_decided() {
    let program = Program::new();
    let size = [
        "experiment",
        "size",
        "--discordant",
        "0.1",
        "--difference",
        "0.02",
        "--json",
    ];
    let size = json(program.run(&[&size[..], &["--alpha-minus", "0.001"]].concat()));
    // About 1544 at a power of 80 %, a little more for what deterioration tests may cost.
    let documents = size["documents"].as_u64().unwrap();
    assert!((1544..1570).contains(&documents), "{documents}");
    let mut text = "old,new\n".to_owned();
    for row in 0..500 {
        let (old, new) = if row < 30 {
            (0, 1)
        } else if row < 43 {
            (1, 0)
        } else {
            (1, 1)
        };
        writeln!(text, "{old},{new}").unwrap();
    }
    program.write("both.csv", &text);
    let found = json(program.run(&["experiment", "analyze", "both.csv", "--json"]));
    let binary = &found["overall"]["binary"];
    assert!((binary["test"]["mid_p"].as_f64().unwrap() - 0.009_559_878_856).abs() < 1e-9);
    assert_eq!(
        (found["decision"]["ship"].as_bool(), found["learning"].as_str()),
        (Some(true), Some("win"))
    );
    let words = program.run(&["experiment", "analyze", "both.csv"]).well();
    assert!(words.contains("decision (rule 2): ship"), "{words}");
}

#[test]
fn two_versions_are_joined_by_id_and_clustered_by_document() {
    let program = Program::new();
    let (mut old, mut new) = ("id,correct,document\n".to_owned(), "id,correct\n".to_owned());
    for row in 0..300 {
        writeln!(old, "{row},1,{}", row / 3).unwrap();
        // Backwards, and one document in ten got worse in all its rows.
        let back = 299 - row;
        writeln!(new, "{back},{}", u8::from(!(back / 3_u32).is_multiple_of(10))).unwrap();
    }
    program.write("old.csv", &old);
    program.write("new.csv", &new);
    let found = json(program.run(&["experiment", "analyze", "old.csv", "new.csv", "--json"]));
    assert_eq!(
        (found["rows"].as_u64(), found["documents"].as_u64()),
        (Some(300), Some(100))
    );
    assert!((found["overall"]["difference"]["mean"].as_f64().unwrap() + 0.1).abs() < 1e-12);
    assert!(
        (found["overall"]["difference"]["design_effect"]["value"]
            .as_f64()
            .unwrap()
            - 3.0)
            .abs()
            < 0.1
    );
    assert_eq!(found["learning"], "regression");
    program.write("half.csv", "id,correct\n1,1\n2,0\n");
    let half = json(program.run(&["experiment", "analyze", "old.csv", "half.csv", "--json"]));
    assert_eq!(half["learning"]["invalid"][0], "new_missing");
    program.write("twice.csv", "id,correct\n1,1\n1,0\n");
    program
        .run(&["experiment", "analyze", "old.csv", "twice.csv"])
        .complains_of(&["`1`", "twice"]);
}
