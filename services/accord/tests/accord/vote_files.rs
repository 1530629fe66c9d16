//! Agreement and aggregation on files, without any project.

use serde_json::Value;

use crate::program::Program;

/// Two people and two models on 24 items: the models share their errors.
fn votes() -> String {
    let mut text = String::from("item,annotator,label\n");
    for item in 0..24 {
        let truth = item % 3 == 0;
        let word = |yes: bool| if yes { "yes" } else { "no" };
        let models = if item % 4 == 1 { !truth } else { truth };
        text.push_str(&format!("{item},ann,{}\n", word(truth)));
        text.push_str(&format!(
            "{item},bob,{}\n",
            word(if item == 7 { !truth } else { truth })
        ));
        text.push_str(&format!("{item},gpt-small,{}\n", word(models)));
        text.push_str(&format!("{item},gpt-large,{}\n", word(models)));
    }
    text
}

fn gold() -> String {
    let rows = (0..24).map(|item| format!("{item},{}\n", if item % 3 == 0 { "yes" } else { "no" }));
    format!("item,label\n{}", rows.collect::<String>())
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn agreement_of_many_annotators_is_the_same_in_any_order_of_rows() {
    let program = Program::new();
    let mut rows: Vec<String> = (0..3_000)
        .map(|vote| {
            let (item, annotator) = (vote / 5, vote * 7 % 211);
            let label = if (vote * vote) % 11 < 3 {
                "other"
            } else {
                ["no", "yes"][item % 2]
            };
            format!("{item},{annotator},{label}")
        })
        .collect();
    let told = |rows: &[String]| {
        program.write("votes.csv", format!("item,annotator,label\n{}\n", rows.join("\n")));
        let told = json(
            &program
                .run(&["agreement", "votes.csv", "--json", "--replicates", "0"])
                .well(),
        );
        assert_eq!(
            (&told["votes"], &told["items"], &told["annotators"]),
            (&3_000.into(), &600.into(), &211.into())
        );
        told["fields"].clone()
    };
    let item_by_item = told(&rows);
    assert!(item_by_item[0]["alpha"]["value"].as_f64().unwrap() > 0.1);
    rows.rotate_left(3);
    // An item that comes again after others is read in another way.
    assert_eq!(told(&rows), item_by_item);
}

#[test]
fn agreement_needs_nothing_but_a_file() {
    let program = Program::new();
    program.write("votes.csv", votes());
    let printed = program.run(&["agreement", "votes.csv"]).well();
    for part in [
        "96 votes of 4 annotators on 24 items",
        "alpha",
        "AC1",
        "no: ",
        "yes: ",
        "pairs that agree least",
    ] {
        assert!(printed.contains(part), "{part}: {printed}");
    }
    assert!(!program.path("accord-data").exists(), "no database is opened");
    let found = json(&program.run(&["agreement", "votes.csv", "--json"]).well());
    let field = &found["fields"][0];
    assert_eq!(field["pairs"]["annotators"].as_array().unwrap().len(), 4);
    assert_eq!(field["labels"][0]["label"], "no");
    let alpha = field["alpha"]["value"].as_f64().unwrap();
    let interval = &field["alpha_bootstrap"]["interval"]["value"];
    assert!(interval["lower"].as_f64().unwrap() < alpha && alpha < interval["upper"].as_f64().unwrap());
    // The same from standard input, in another format, in another order.
    let mut lines: Vec<String> = votes()
        .lines()
        .skip(1)
        .map(|line| {
            let cells: Vec<&str> = line.split(',').collect();
            format!(
                "{{\"label\":\"{}\",\"annotator\":\"{}\",\"item\":{}}}\n",
                cells[2], cells[1], cells[0]
            )
        })
        .collect();
    lines.sort();
    let ended = program.run_with(&["agreement", "-", "--json", "--replicates", "0"], &lines.concat(), &[]);
    let again = json(&ended.well());
    assert_eq!(again["fields"][0]["alpha"], field["alpha"]);
    assert_eq!(again["fields"][0]["alpha_bootstrap"], Value::Null);
}

#[test]
fn pools_and_gold_show_shared_errors() {
    let program = Program::new();
    program.write("votes.csv", votes());
    program.write("gold.csv", gold());
    let arguments = [
        "agreement",
        "votes.csv",
        "--models",
        "gpt*",
        "--gold",
        "gold.csv",
        "--json",
        "--report",
        "a.html",
    ];
    let found = json(&program.run(&arguments).well());
    let field = &found["fields"][0];
    let pools = &field["pools"][0];
    assert_eq!(
        (&pools["first"], &pools["second"]),
        (&"models".into(), &"humans".into())
    );
    let of = |value: &Value| value["value"].as_f64().unwrap();
    assert!((of(&pools["first_alpha"]) - 1.0).abs() < 1e-12);
    assert!(of(&pools["kappa"]) < of(&pools["second_alpha"]));
    let panel = &field["panel"];
    assert_eq!(
        (&panel["labelled_items"], &panel["votes_per_item"]),
        (&24.into(), &4.into())
    );
    assert!(panel["effective_votes"].as_f64().unwrap() < 4.0);
    let page = std::fs::read_to_string(program.path("a.html")).unwrap();
    for part in [
        "<svg",
        "Pools",
        "What the votes are worth",
        "gpt-small",
        "prefers-color-scheme",
    ] {
        assert!(page.contains(part), "{part}");
    }
    for (arguments, parts) in [
        (
            &["--models", "llama*"][..],
            &["no annotator is called `llama*`", "ann, bob"][..],
        ),
        (&["--pool", "all=*"], &["one pool"]),
        (&["--pool", "a=ann,bob", "--pool", "b=b*"], &["`bob`", "pool `a`"]),
        (&["--level", "interval"], &["label `no` is no number"]),
        (&["--order", "no"], &["--order", "`yes`"]),
        (&["--gold", "votes.csv"], &["two different labels"]),
    ] {
        let all: Vec<&str> = ["agreement", "votes.csv"].iter().chain(arguments).copied().collect();
        program.run(&all).complains_of(parts);
    }
}

#[test]
fn two_annotators_get_cohens_kappa_and_what_bends_it() {
    let program = Program::new();
    let rows = (0..40).map(|item| format!("{item},a,{}\n{item},b,{}\n", u8::from(item < 37), u8::from(item < 36)));
    program.write(
        "votes.csv",
        format!("item,annotator,label\n{}", rows.collect::<String>()),
    );
    let found = json(&program.run(&["agreement", "votes.csv", "--json"]).well());
    let raters = &found["fields"][0]["two_raters"];
    assert_eq!(raters["items"], 40);
    assert!((raters["prevalence"]["adjusted_kappa"].as_f64().unwrap() - 0.95).abs() < 1e-12);
    assert!(raters["cohen_kappa"]["standard_error"]["value"].as_f64().unwrap() > 0.0);
    let printed = program.run(&["agreement", "votes.csv", "--level", "ordinal"]).well();
    assert!(printed.contains("PABAK") && printed.contains("a and b"), "{printed}");
}

#[test]
fn bad_rows_stop_it_unless_they_are_to_be_skipped() {
    let program = Program::new();
    program.write("votes.csv", format!("{}23,ann,no\n24,ann,\n", votes()));
    for command in ["agreement", "aggregate"] {
        let ended = program.run(&[command, "votes.csv"]);
        assert_eq!((ended.code, ended.output.as_str()), (Some(1), ""));
        for part in [
            "votes.csv line 98: a second vote of annotator `ann` on item `23`; the first is in line 94",
            "votes.csv line 99: column `label` is empty, expected a label",
            "--skip-bad-rows",
        ] {
            assert!(ended.complaint.contains(part), "{part}: {}", ended.complaint);
        }
        let ended = program.run(&[command, "votes.csv", "--skip-bad-rows", "--json"]);
        assert!(
            ended.complaint.contains("2 bad rows were left out"),
            "{}",
            ended.complaint
        );
        assert!(
            ended.complaint.contains("1 row: column `label` is empty"),
            "{}",
            ended.complaint
        );
        assert_eq!(json(&ended.well())["skipped"]["total"], 2);
    }
    program
        .run(&["agreement", "nowhere.csv"])
        .complains_of(&["nowhere.csv cannot be read"]);
    let ended = program.run(&["agreement", "votes.csv", "--input-format", "xls"]);
    assert_eq!(ended.code, Some(2));
    assert!(ended.complaint.contains("csv, jsonl or parquet"), "{}", ended.complaint);
}

#[test]
fn labels_are_written_as_they_were() {
    let program = Program::new();
    program.write(
        "votes.csv",
        "item,annotator,label\n007,a,=yes\n007,b,=yes\n007,c,-no\nx,a,=yes\nx,b,-no\ny,a,\"o,ui\"\n",
    );
    program.run(&["aggregate", "votes.csv", "-o", "labels.csv"]).well();
    let labels = std::fs::read_to_string(program.path("labels.csv")).unwrap();
    assert_eq!(
        labels,
        "item,label,share,margin,votes,tie\n007,=yes,0.6666666666666666,0.3333333333333333,3,\n\
         x,,0.5,0.0,2,-no|=yes\ny,\"o,ui\",1.0,1.0,1,\n"
    );
    program.run(&["aggregate", "votes.csv", "-o", "labels.jsonl"]).well();
    let labels = std::fs::read_to_string(program.path("labels.jsonl")).unwrap();
    let tied = json(labels.lines().nth(1).unwrap());
    assert_eq!(
        (&tied["label"], &tied["tie"]),
        (&Value::Null, &serde_json::json!(["-no", "=yes"]))
    );
    // What was written can be read: as votes of one more annotator it needs a column for him only.
    program.run(&["aggregate", "votes.csv", "-o", "labels.parquet"]).well();
    let all = std::fs::read(program.path("labels.parquet")).unwrap();
    assert!(all.starts_with(b"PAR1"));
    let parquet = program.run(&[
        "aggregate",
        "votes.csv",
        "--gold",
        "labels.parquet",
        "--json",
        "--skip-bad-rows",
    ]);
    let found = json(&parquet.well());
    assert_eq!(found["fields"][0]["accuracy"]["scored"], 2, "the tie is no gold");
    program
        .run(&["aggregate", "votes.csv", "-o", "labels.xls"])
        .complains_of(&[".csv, .jsonl or .parquet"]);
    assert!(!program.path("labels.xls.partial").exists());
}

#[test]
fn every_method_is_judged_on_gold() {
    let program = Program::new();
    program.write("votes.csv", votes());
    program.write("gold.csv", gold());
    for method in [
        "majority",
        "weighted",
        "dawid-skene",
        "one-coin",
        "glad",
        "mace",
        "auto",
    ] {
        let arguments = [
            "aggregate",
            "votes.csv",
            "--method",
            method,
            "--gold",
            "gold.csv",
            "--json",
        ];
        let ended = program.run(&arguments);
        let found = json(&ended.well());
        let field = &found["fields"][0];
        assert_eq!(found["method"], method);
        assert_eq!(field["annotators"].as_array().unwrap().len(), 4);
        let accuracy = &field["accuracy"];
        let (lost, won) = (
            accuracy["ties_lost"].as_f64().unwrap(),
            accuracy["ties_won"].as_f64().unwrap(),
        );
        assert!(
            lost <= accuracy["ties_drawn"].as_f64().unwrap() && lost <= won,
            "{accuracy}"
        );
        if method == "majority" {
            assert_eq!(
                (&field["ties"], &accuracy["correct"]),
                (&6.into(), &18.into()),
                "{field}"
            );
        }
        let skill = match method {
            "majority" => "none",
            "weighted" => "weight",
            "glad" => "ability",
            "mace" => "chance_of_looking",
            _ => "chance_of_being_right",
        };
        // Four votes an item, of which the two models' errors are the same: the rule without enough gold takes the majority.
        let skill = if method == "auto" { "none" } else { skill };
        assert_eq!(field["skill"], skill, "{method}");
        let hardest = field["difficulty"]["hardest"].as_array().map_or(0, Vec::len);
        assert_eq!(hardest, if method == "glad" { 5 } else { 0 });
        if method == "auto" {
            let choice = &field["choice"];
            assert_eq!(
                (&choice["taken"], &choice["by_gold"]),
                (&"majority".into(), &false.into()),
                "{choice}"
            );
            let because = choice["because"].to_string();
            assert!(
                because.contains("24 items have gold, of which an even vote gets 6 wrong"),
                "{because}"
            );
        }
        if method == "dawid-skene" {
            let warnings = field["warnings"].to_string();
            assert!(warnings.contains("only 24 items"), "{warnings}");
        }
    }
    let exact = [
        "aggregate",
        "votes.csv",
        "--method",
        "dawid-skene",
        "--iterations",
        "7",
        "--json",
        "--report",
        "r.html",
    ];
    let found = json(&program.run(&exact).well());
    assert_eq!(found["fields"][0]["course"]["iterations"], 7);
    let page = std::fs::read_to_string(program.path("r.html")).unwrap();
    assert!(
        page.contains("<svg") && page.contains("Look at this"),
        "the warning is on the page"
    );
}

/// A number from 0 to 99 that depends on item and model without a pattern.
fn drawn(item: usize, model: usize) -> u64 {
    let mixed = (item as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = mixed ^ (model as u64 + 1).wrapping_mul(0xd1b5_4a32_d192_ed03);
    ((mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 33) % 100
}

/// Six models on 300 items, of which 200 have gold: four fall for the same third of the items, two are seldom wrong.
fn misled() -> (String, String) {
    let (mut votes, mut gold) = (String::from("item,annotator,label\n"), String::from("item,label\n"));
    for item in 0..300_usize {
        let truth = (item / 3) % 2;
        for model in 0..6 {
            let is_caught = model < 4 && item.is_multiple_of(3) && drawn(item, model) < 80;
            let errs = drawn(item, model) < if model < 4 { 25 } else { 8 };
            let label = (truth + usize::from(is_caught || errs)) % 2;
            votes.push_str(&format!("i{item},model-{model},{}\n", ["no", "yes"][label]));
        }
        if item < 200 {
            gold.push_str(&format!("i{item},{}\n", ["no", "yes"][truth]));
        }
    }
    (votes, gold)
}

#[test]
fn gold_chooses_where_the_majority_is_misled() {
    let program = Program::new();
    let (votes, gold) = misled();
    program.write("votes.csv", votes);
    program.write("gold.csv", gold);
    let with_gold = ["aggregate", "votes.csv", "--method", "auto", "--gold", "gold.csv"];
    let found = json(
        &program
            .run(&[&with_gold[..], &["--json", "-o", "labels.csv"]].concat())
            .well(),
    );
    let field = &found["fields"][0];
    let choice = &field["choice"];
    assert_eq!(choice["by_gold"], true, "{choice}");
    let candidates = choice["candidates"].as_array().unwrap();
    let losses: Vec<f64> = candidates
        .iter()
        .map(|tried| tried["log_loss"].as_f64().unwrap())
        .collect();
    assert!(losses.len() > 5 && losses.is_sorted(), "{losses:?}");
    let taken: Vec<&Value> = candidates.iter().filter(|tried| tried["taken"] == true).collect();
    assert!(taken.len() == 1 && taken[0]["method"] == choice["taken"], "{choice}");
    // An even vote falls for the traps, what was learned does not.
    let accuracy = &field["accuracy"];
    assert_eq!(accuracy["scored"], 200);
    assert!(accuracy["ties_lost"].as_f64().unwrap() > 0.9, "{accuracy}");
    let majority = json(
        &program
            .run(&["aggregate", "votes.csv", "--gold", "gold.csv", "--json"])
            .well(),
    );
    assert!(majority["fields"][0]["accuracy"]["ties_won"].as_f64().unwrap() < 0.85);
    // Items without gold have labels too, and as good ones.
    let labels = std::fs::read_to_string(program.path("labels.csv")).unwrap();
    assert!(labels.starts_with("item,label,score,"), "{labels}");
    let is_right = |line: &str| {
        let mut cells = line.split(',');
        let item: usize = cells.next().unwrap().trim_start_matches('i').parse().unwrap();
        (item >= 200).then(|| cells.next() == Some(["no", "yes"][(item / 3) % 2]))
    };
    let right: Vec<bool> = labels.lines().skip(1).filter_map(is_right).collect();
    assert_eq!(right.len(), 100);
    assert!(right.iter().filter(|right| **right).count() > 90);
    // Without gold the shared errors are seen, and nothing is learned from them.
    let printed = program.run(&["aggregate", "votes.csv", "--method", "auto"]).well();
    assert!(printed.contains("taken: majority (there is no gold"), "{printed}");
    assert!(printed.contains("follows the larger camp"), "{printed}");
}

#[test]
fn weights_come_from_a_file_or_a_column() {
    let program = Program::new();
    program.write(
        "votes.csv",
        "item,annotator,label,weight\n1,a,x,1\n1,b,y,1\n1,c,y,3\n2,a,x,0\n2,b,y,0\n",
    );
    program.write("weights.csv", "annotator,weight\na,5\nb,1\nc,1\n");
    let weighted = |weights: &str| {
        let arguments = [
            "aggregate",
            "votes.csv",
            "--method",
            "weighted",
            "--weights",
            weights,
            "-o",
            "labels.csv",
        ];
        program.run(&arguments).well();
        std::fs::read_to_string(program.path("labels.csv")).unwrap()
    };
    assert_eq!(
        weighted("weights.csv"),
        "item,label,share,margin,votes,tie\n1,x,0.7142857142857143,0.42857142857142855,3,\n\
         2,x,0.8333333333333334,0.6666666666666667,2,\n"
    );
    assert_eq!(
        weighted("column"),
        "item,label,share,margin,votes,tie\n1,y,0.8,0.6000000000000001,3,\n2,,0.0,0.0,2,\n"
    );
    program.write("weights.csv", "annotator,weight\na,5\n");
    let some = [
        "aggregate",
        "votes.csv",
        "--method",
        "weighted",
        "--weights",
        "weights.csv",
    ];
    program.run(&some).complains_of(&["2 annotators have no weight", "`b`"]);
    program
        .run(&["aggregate", "votes.csv", "--weights", "weights.csv"])
        .complains_of(&["--method weighted"]);
}
