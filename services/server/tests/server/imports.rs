//! Import, also of what means no good.

use accord_domain::Scope;
use serde_json::json;

use crate::house::{House, machine_project};

const ITEMS: &str = "/api/v1/projects/work/items";

async fn house() -> (House, String) {
    let house = House::open_with(|settings| settings.maximum_file_bytes = 100_000).await;
    house.project(machine_project("work")).await;
    let admin = house.token(&[Scope::Admin]).await;
    (house, admin)
}

#[tokio::test]
async fn good_lines_are_kept_and_bad_ones_listed_with_their_number() {
    let (house, admin) = house().await;
    let lines = "{\"external_id\": \"a\", \"text\": \"one\", \"gold\": {\"label\": \"yes\"}}\nnot json\n\n{\"text\": \"no name\"}\n{\"external_id\": \"b\", \"text\": \"two\"}\n";
    let report = house
        .post_as(ITEMS, &admin, "application/x-ndjson", lines)
        .await
        .expect(200);
    assert_eq!(
        (&report["created"], &report["rejected"], &report["gold"]),
        (&json!(2), &json!(2), &json!(1))
    );
    let places: Vec<&str> = report["rejections"]
        .as_array()
        .unwrap()
        .iter()
        .map(|rejection| rejection["place"].as_str().unwrap())
        .collect();
    assert_eq!(places, ["line 2", "line 4"]);
    let again = house
        .post_as(ITEMS, &admin, "application/x-ndjson", lines)
        .await
        .expect(200);
    assert_eq!((&again["created"], &again["unchanged"]), (&json!(0), &json!(2)));
}

#[tokio::test]
async fn tables_and_documents_are_taken() {
    let (house, admin) = house().await;
    let table = "external_id,text,gold.label,metadata.source\na,\"two\nlines\",yes,mail\nb,plain,,\n";
    let report = house
        .post_as(ITEMS, &admin, "text/csv; charset=utf-8", table)
        .await
        .expect(200);
    assert_eq!((&report["created"], &report["gold"]), (&json!(2), &json!(1)));
    let one = house
        .post(ITEMS, &admin, &json!({ "external_id": "c", "text": "three" }))
        .await
        .expect(200);
    assert_eq!(one["created"], 1);
    let item = one["items"][0]["item_id"].as_str().unwrap();
    let content = house.get(&format!("{ITEMS}/{item}/content"), &admin).await;
    assert_eq!(content.header("content-type"), "application/json");
    assert_eq!(content.expect(200), json!({ "text": "three" }));
}

#[tokio::test]
async fn files_become_items_and_come_back_unharmed() {
    let (house, admin) = house().await;
    let report = house
        .post_files(
            ITEMS,
            &admin,
            &[
                ("file", Some("a.txt"), b"total 12.00"),
                ("note", None, b"ignored"),
                ("file", Some("..\\..\\etc/passwd.txt"), b"second"),
            ],
        )
        .await
        .expect(200);
    assert_eq!(report["created"], 2, "{report}");
    assert_eq!(report["items"][1]["external_id"], "passwd.txt");
    let item = report["items"][0]["item_id"].as_str().unwrap();
    let content = house.get(&format!("{ITEMS}/{item}/content"), &admin).await;
    assert_eq!(content.text(), "total 12.00");
    assert_eq!(content.header("content-type"), "application/octet-stream");
    assert_eq!(
        content.header("content-disposition"),
        "attachment; filename*=UTF-8''a.txt"
    );
    assert_eq!(content.header("x-content-type-options"), "nosniff");
    assert!(content.header("content-security-policy").contains("sandbox"));
}

#[tokio::test]
async fn hostile_files_are_refused_one_by_one() {
    let (house, admin) = house().await;
    let huge = vec![b'x'; 100_001];
    let report = house
        .post_files(
            ITEMS,
            &admin,
            &[
                ("file", Some("huge.txt"), &huge),
                ("file", Some("broken.pdf"), b"%PDF-1.7\nnothing that follows is a PDF"),
                ("file", Some("empty.pdf"), b""),
                ("file", Some("page.html"), b"<html><script>alert(1)</script></html>"),
                (
                    "file",
                    Some("program.exe"),
                    b"MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff",
                ),
                ("file", Some("good.txt"), b"total 12.00"),
            ],
        )
        .await
        .expect(200);
    let rejected: Vec<&str> = report["rejections"]
        .as_array()
        .unwrap()
        .iter()
        .map(|rejection| rejection["place"].as_str().unwrap())
        .collect();
    for place in ["file huge.txt", "file broken.pdf", "file empty.pdf", "file program.exe"] {
        assert!(rejected.contains(&place), "{place} was taken: {report}");
    }
    let taken = report["items"].as_array().unwrap();
    assert!(taken.iter().any(|item| item["external_id"] == "good.txt"), "{report}");
    for item in taken {
        let address = format!("{ITEMS}/{}/content", item["item_id"].as_str().unwrap());
        let content = house.get(&address, &admin).await;
        assert_ne!(content.header("content-type"), "text/html");
        assert!(
            content.header("content-disposition").starts_with("attachment"),
            "{item}"
        );
    }
}

#[tokio::test]
async fn bodies_that_are_no_import_are_refused() {
    let (house, admin) = house().await;
    for (media_type, body, status) in [
        ("text/plain", "a", 415),
        ("", "a", 415),
        ("application/json", "{", 400),
        ("application/json", "[]", 200),
        ("application/json", "[1]", 422),
        ("application/x-ndjson", "", 200),
        ("application/x-ndjson", "\u{0}\u{1}", 422),
        ("text/csv", "text\nno name\n", 422),
        ("multipart/form-data", "a", 400),
        ("multipart/form-data; boundary=boundary", "no boundary in here", 400),
        ("multipart/form-data; boundary=boundary", "--boundary--\r\n", 422),
    ] {
        let mut request = crate::house::request(axum::http::Method::POST, ITEMS, &admin, body.into());
        if !media_type.is_empty() {
            request
                .headers_mut()
                .insert("content-type", media_type.parse().unwrap());
        }
        let reply = house.send(request).await;
        assert_eq!(reply.status.as_u16(), status, "{media_type} {body:?}: {}", reply.text());
    }
    let long = json!([{ "external_id": "a", "text": "x".repeat(100_000) }]);
    house.post(ITEMS, &admin, &long).await.expect(413);
}

#[tokio::test]
async fn an_import_that_is_too_large_in_all_is_cut_and_says_so() {
    let house = House::open_with(|settings| settings.maximum_import_bytes = 10_000).await;
    house.project(machine_project("work")).await;
    let admin = house.token(&[Scope::Admin]).await;
    let line = |number: usize| {
        format!(
            "{{\"external_id\": \"i{number}\", \"text\": \"{}\"}}\n",
            "x".repeat(100)
        )
    };
    let lines: String = (0..200).map(line).collect();
    let problem = house
        .post_as(ITEMS, &admin, "application/x-ndjson", lines)
        .await
        .expect(413);
    assert!(
        problem["detail"].as_str().unwrap().contains("what came before"),
        "{problem}"
    );
}

#[tokio::test]
async fn files_that_are_too_large_in_all_are_cut_too() {
    let house = House::open_with(|settings| settings.maximum_import_bytes = 10_000).await;
    house.project(machine_project("work")).await;
    let admin = house.token(&[Scope::Admin]).await;
    let content = vec![b'x'; 20_000];
    house
        .post_files(ITEMS, &admin, &[("file", Some("a.txt"), &content)])
        .await
        .expect(413);
}
