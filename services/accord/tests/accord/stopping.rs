//! Replays of votes under rules that stop asking early.

use serde_json::Value;

use crate::program::Program;

/// Four models of falling quality on 60 items: on every tenth the best is wrong, on every third one of the others.
fn panel_of_four(program: &Program) {
    let (mut votes, mut gold) = (String::from("item,annotator,label\n"), String::from("item,label\n"));
    for item in 0..60 {
        let truth = ["yes", "no"][item % 2];
        let wrong = ["no", "yes"][item % 2];
        gold.push_str(&format!("{item},{truth}\n"));
        for (annotator, errs) in [
            ("best", item % 10 == 3),
            ("second", item % 6 == 1),
            ("third", item % 5 == 2),
            ("fourth", item % 3 == 0),
        ] {
            let label = if errs { wrong } else { truth };
            votes.push_str(&format!("{item},{annotator},{label}\n"));
        }
    }
    program.write("votes.csv", &votes);
    program.write("gold.csv", &gold);
}

#[test]
fn stopping_early_is_replayed_and_judged() {
    let program = Program::new();
    panel_of_four(&program);
    let printed = program.run(&["experiment", "stopping", "votes.csv", "--gold", "gold.csv", "--json"]);
    let found: Value = serde_json::from_str(&printed.well()).unwrap();
    let replays = found["fields"][0]["replays"].as_array().unwrap();
    let find = |weights: &str, rule: Value| {
        let is_it = |replay: &&Value| replay["weights"] == weights && replay["rule"] == rule;
        replays.iter().find(is_it).unwrap()
    };
    let all = find("even", "all_votes".into());
    assert_eq!(
        (&all["calls"], &all["calls_saved"]["value"]),
        (&240.into(), &0.0.into())
    );
    let safe = find("even", "cannot_change".into());
    assert_eq!(
        (&safe["changed_winners"], &safe["difference"]["value"]),
        (&0.into(), &0.0.into())
    );
    assert!(safe["calls"].as_u64().unwrap() < 240);
    let beta = find("even", serde_json::json!({"beta": 0.85}));
    assert!(beta["calls"].as_u64().unwrap() < safe["calls"].as_u64().unwrap());
    // The cheap one first: fewer calls are not less money.
    program.write("prices.csv", "annotator,price\nbest,100\nsecond,1\nthird,1\nfourth,1\n");
    let words = program
        .run(&[
            "experiment",
            "stopping",
            "votes.csv",
            "--gold",
            "gold.csv",
            "--prices",
            "prices.csv",
            "--panel",
            "best,second,third",
        ])
        .well();
    for part in [
        "a panel of 3 on 60 items with gold",
        "price saved",
        "winner is safe",
        "or posterior 0.99",
    ] {
        assert!(words.contains(part), "{part}: {words}");
    }
}

#[test]
fn a_panel_that_is_none_is_refused() {
    let program = Program::new();
    panel_of_four(&program);
    let stopping = |more: &[&str]| {
        let arguments = [&["experiment", "stopping", "votes.csv", "--gold", "gold.csv"], more].concat();
        program.run(&arguments)
    };
    stopping(&["--panel", "best,nobody"]).complains_of(&["nobody"]);
    stopping(&["--panel", "best,best"]).complains_of(&["twice"]);
    stopping(&["--panel", "best"]).complains_of(&["at least 2"]);
    stopping(&["--beta", "1.5"]).complains_of(&["level of the Beta rule"]);
    program.write("prices.csv", "annotator,price\nbest,1\n");
    stopping(&["--prices", "prices.csv"]).complains_of(&["second", "no price"]);
    program.write("prices.csv", "annotator,price\nbest,0\n");
    stopping(&["--prices", "prices.csv"]).complains_of(&["price", "above 0"]);
}
