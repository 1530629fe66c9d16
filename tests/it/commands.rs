//! The commands of the program, one after the other, as an operator runs them.

use accord_samples::generate;
use serde_json::Value;

use crate::database::DatabaseKind;
use crate::house::House;

crate::on_both_databases!(an_operator_goes_the_whole_way);

async fn an_operator_goes_the_whole_way(kind: DatabaseKind) {
    let house = House::open_with(kind, &[], &["--no-workers"]).await;
    let run = async |arguments: &[&str]| house.surroundings.run(arguments).await;
    run(&["samples", "letters", "--kind", "texts", "--count", "24", "--seed", "2"]).await;
    run(&["samples", "bills", "--count", "5", "--seed", "2"]).await;
    run(&["project", "create", "--template", "invoice", "--name", "bills"]).await;
    let again = house
        .surroundings
        .run_with_input(&["project", "create", "--template", "invoice", "--name", "bills"], "");
    assert!(!again.await.status.success(), "the name is taken");

    let imported: Value =
        serde_json::from_str(&run(&["import", "--project", "bills", "bills", "--json"]).await).unwrap();
    assert_eq!(
        (&imported["created"], &imported["rejected"]),
        (&5.into(), &0.into()),
        "{imported}"
    );
    assert!(
        imported["gold"].as_u64().unwrap() > 30,
        "gold files beside the documents are read"
    );
    run(&["work", "--until-idle"]).await;
    let shown: Value = serde_json::from_str(&run(&["project", "show", "bills", "--json"]).await).unwrap();
    assert_eq!(shown["items"]["pending"], 0, "{shown}");

    for (what, file) in [("votes", "votes.parquet"), ("consensus", "consensus.csv")] {
        run(&["export", "--project", "bills", what, "--output", file]).await;
        assert!(house.folder().join(file).metadata().unwrap().len() > 500, "{file}");
    }
    let lines = run(&["export", "--project", "bills", "consensus", "--format", "jsonl"]).await;
    assert_eq!(lines.lines().count(), 5 * 12, "one row for each item and field");

    check_extract(&house).await;
    check_texts(&house).await;
    check_doctor(&house).await;
    let users = house
        .surroundings
        .run_with_input(&["user", "create", "ann"], "short")
        .await;
    assert!(!users.status.success(), "short passwords are refused");
}

/// The doctor misses accounts, and is content once there is one.
async fn check_doctor(house: &House) {
    let before = house.surroundings.run_with_input(&["doctor"], "").await;
    assert!(!before.status.success());
    let complaint = String::from_utf8_lossy(&before.stdout).into_owned();
    assert!(complaint.contains("accord user create"), "{complaint}");
    house.user("ada", "administrator").await;
    let after = house.surroundings.run(&["doctor"]).await;
    assert!(after.contains("nothing is wrong"), "{after}");
}

async fn check_extract(house: &House) {
    let invoice = generate(77, 1).unwrap().remove(0);
    std::fs::write(house.folder().join("new.pdf"), &invoice.pdf).unwrap();
    let printed = house
        .surroundings
        .run(&["extract", "new.pdf", "--project", "bills", "--json"])
        .await;
    let extraction: Value = serde_json::from_str(&printed).unwrap();
    let fields = extraction["fields"].as_array().unwrap();
    let total = fields.iter().find(|field| field["field"] == "gross_total").unwrap();
    assert!(total["vote_count"].as_u64().unwrap() > 0, "{total}");
    assert_eq!(
        total["votes"].as_array().unwrap()[0]["answer"]["status"]
            .as_str()
            .map(str::is_empty),
        Some(false)
    );
    let table = house.surroundings.run(&["extract", "new.pdf"]).await;
    assert!(table.contains("gross_total") || table.contains("Gross"), "{table}");
}

/// People vote on texts; the reader that learns learns from gold that came with them.
async fn check_texts(house: &House) {
    let run = async |arguments: &[&str]| house.surroundings.run(arguments).await;
    run(&[
        "project",
        "create",
        "--template",
        "text-classification",
        "--name",
        "letters",
    ])
    .await;
    let file = house.folder().join("letters");
    let path = if file.is_dir() {
        let mut entries = file.read_dir().unwrap().map(|entry| entry.unwrap().path());
        entries
            .find(|path| path.extension().is_some_and(|ending| ending == "jsonl"))
            .unwrap()
    } else {
        file
    };
    run(&["import", "--project", "letters", path.to_str().unwrap()]).await;
    let shown: Value = serde_json::from_str(&run(&["project", "show", "letters", "--json"]).await).unwrap();
    assert_eq!(shown["items"]["pending"], 24, "{shown}");
}
