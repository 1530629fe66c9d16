//! Many people at once, by tokens and by sessions: never more votes than the overlap, nobody twice on an item.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::client::Client;
use crate::database::DatabaseKind;
use crate::house::{House, PASSWORD};

crate::on_both_databases!(many_people_never_exceed_the_overlap);

const PEOPLE: usize = 32;
const ITEMS: usize = 30;
const OVERLAP: usize = 3;

/// A vote that was acknowledged: person, item, answer.
type Vote = (String, String, String);

/// One of the people.
struct Person {
    name: String,
    client: Client,
    /// Whether the client is a token that acts for people.
    by_token: bool,
}

async fn many_people_never_exceed_the_overlap(kind: DatabaseKind) {
    let house = House::open(kind).await;
    let admin = house.administrator().await;
    admin.post("/api/v1/projects", &definition()).await.expect(201);
    let lines: Vec<Value> = (0..ITEMS)
        .map(|number| json!({ "external_id": format!("item-{number}"), "text": format!("text {number}") }))
        .collect();
    admin.import("work", &lines).await;
    let people = people(&house, &admin).await;

    let tasks: Vec<_> = people
        .into_iter()
        .enumerate()
        .map(|(number, person)| tokio::spawn(vote_until_nothing_is_left(person, number)))
        .collect();
    let mut acknowledged: Vec<Vote> = Vec::new();
    for task in tasks {
        acknowledged.extend(task.await.unwrap());
    }
    let progress = admin.wait_until_idle("work").await;
    assert_eq!(progress["annotation_count"], json!(ITEMS * OVERLAP));
    acknowledged.sort();
    assert_eq!(
        stored_votes(&admin).await,
        acknowledged,
        "what was acknowledged is stored, exactly once"
    );
    check_overlap(&acknowledged);
    check_consensus(&admin).await;
}

fn definition() -> Value {
    json!({
        "name": "work",
        "fields": [{ "name": "label", "type": "choice", "options": ["yes", "no"], "required": true }],
        "policy": { "people": "always", "overlap": OVERLAP },
    })
}

/// Half of the people come by session, half through an application with a token.
async fn people(house: &House, admin: &Client) -> Vec<Person> {
    let token = house.token(&["annotate"], None).await;
    let mut people = Vec::with_capacity(PEOPLE);
    for number in 0..PEOPLE {
        let name = format!("person-{number:02}");
        let account = json!({ "name": name, "password": PASSWORD, "role": "annotator" });
        admin.post("/api/v1/users", &account).await.expect(201);
        let by_token = number % 2 == 0;
        let client = if by_token {
            token.clone()
        } else {
            house.session(&name).await
        };
        people.push(Person { name, client, by_token });
    }
    people
}

/// Votes until there is nothing left; now and then gives a task back, skips one, renews, or submits twice.
async fn vote_until_nothing_is_left(person: Person, number: usize) -> Vec<Vote> {
    let mut votes = Vec::new();
    for round in 0.. {
        let mut body = json!({ "kind": "vote" });
        if person.by_token {
            body["user"] = json!(person.name);
        }
        let claimed = person.client.post("/api/v1/projects/work/tasks/claim", &body).await;
        if claimed.status.as_u16() == 204 {
            return votes;
        }
        let claimed = claimed.expect(200);
        let path = |verb: &str| format!("/api/v1/tasks/{}/{verb}", claimed["task"]["id"].as_str().unwrap());
        let lease = json!({ "lease_token": claimed["lease_token"] });
        match (round, number % 8) {
            (0, 3) => {
                person.client.post(&path("release"), &lease).await.expect(204);
                continue;
            }
            (1, 5) => {
                person.client.post(&path("skip"), &lease).await.expect(204);
                continue;
            }
            (_, 6) => {
                person.client.post(&path("renew"), &lease).await.expect(200);
            }
            _ => {}
        }
        let label = if number.is_multiple_of(3) { "no" } else { "yes" };
        let answer = json!({ "lease_token": claimed["lease_token"], "answers": { "label": label } });
        let stored = person.client.post(&path("submit"), &answer).await.expect(200);
        assert_eq!(stored["stored"], true);
        if number % 8 == 7 {
            let repeated = person.client.post(&path("submit"), &answer).await.expect(200);
            assert_eq!(repeated["stored"], false, "a repetition is harmless");
            assert_eq!(repeated["annotation_id"], stored["annotation_id"]);
        }
        let item = claimed["item"]["external_id"].as_str().unwrap().to_owned();
        votes.push((person.name.clone(), item, label.to_owned()));
    }
    votes
}

/// All votes of the project as its export has them.
async fn stored_votes(admin: &Client) -> Vec<Vote> {
    let export = admin.get("/api/v1/projects/work/exports/votes.jsonl").await.text();
    let mut votes: Vec<Vote> = export
        .lines()
        .map(|line| {
            let row: Value = serde_json::from_str(line).unwrap();
            let text = |key: &str| row[key].as_str().unwrap().to_owned();
            assert_eq!(row["blind"], true);
            (
                text("annotator").trim_start_matches('@').to_owned(),
                text("external_id"),
                text("canonical"),
            )
        })
        .collect();
    votes.sort();
    votes
}

fn check_overlap(votes: &[Vote]) {
    let mut voters: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (person, item, _) in votes {
        assert!(
            voters.entry(item).or_default().insert(person),
            "{person} voted twice on {item}"
        );
    }
    assert_eq!(voters.len(), ITEMS);
    for (item, people) in voters {
        assert_eq!(people.len(), OVERLAP, "{item}: {people:?}");
    }
}

/// Consensus counts every vote, whenever it came.
async fn check_consensus(admin: &Client) {
    let rows = admin.rows("/api/v1/projects/work/consensus").await;
    assert_eq!(rows.len(), ITEMS);
    for row in rows {
        assert_eq!(row["vote_count"], json!(OVERLAP), "{row}");
    }
}
