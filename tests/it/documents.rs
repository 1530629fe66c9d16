//! Files by API: good ones become items, bad ones a reason, and the process lives on.

use accord_samples::{SampleInvoice, generate};

use lopdf::{Document, EncryptionState, EncryptionVersion, Object, Permissions};
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use crate::client::{Client, Reply};
use crate::database::DatabaseKind;
use crate::house::{House, template};

crate::on_both_databases!(bad_files_are_told_apart_from_good_ones);

/// Enough for one with embedded XML among them.
const INVOICES: usize = 6;

async fn bad_files_are_told_apart_from_good_ones(kind: DatabaseKind) {
    let house = House::open(kind).await;
    let admin = house.administrator().await;
    let definition = template(&house, "invoice", "payable").await;
    admin.post("/api/v1/projects", &definition).await.expect(201);
    let invoices = generate(5, INVOICES).unwrap();

    let mut files: Vec<(String, Vec<u8>)> = invoices
        .iter()
        .map(|invoice| (format!("{}.pdf", invoice.id), invoice.pdf.clone()))
        .collect();
    let good = files[0].1.clone();
    files.insert(1, ("truncated.pdf".to_owned(), good[..good.len() / 3].to_vec()));
    files.insert(2, ("locked.pdf".to_owned(), encrypted(&good)));
    files.insert(
        4,
        (
            "noise.pdf".to_owned(),
            (0..5000_u32).map(|number| (number * 97 % 251) as u8).collect(),
        ),
    );
    files.push(("empty.pdf".to_owned(), Vec::new()));
    let report = send(&admin, files).await.expect(200);
    check_report(&report);
    let alive = house.client().get("/healthz").await;
    assert_eq!(alive.status.as_u16(), 200);

    let nothing = send(&admin, vec![("noise.pdf".to_owned(), vec![7; 100])]).await;
    let problem = nothing.expect(422);
    assert_eq!(problem["errors"].as_array().unwrap().len(), 1, "{problem}");

    let progress = admin.wait_until_idle("payable").await;
    assert_eq!(progress["items"]["total"], json!(INVOICES));
    assert_eq!(progress["items"]["pending"], json!(0));
    check_votes(&admin, &report, &definition, &invoices).await;
}

async fn send(admin: &Client, files: Vec<(String, Vec<u8>)>) -> Reply {
    let form = files.into_iter().fold(Form::new(), |form, (name, bytes)| {
        form.part("file", Part::bytes(bytes).file_name(name))
    });
    let request = admin.request(reqwest::Method::POST, "/api/v1/projects/payable/items");
    admin.send(request.multipart(form)).await
}

/// The same file behind a password.
fn encrypted(pdf: &[u8]) -> Vec<u8> {
    let mut document = Document::load_mem(pdf).unwrap();
    let identifier = || Object::string_literal("0123456789abcdef");
    document.trailer.set("ID", vec![identifier(), identifier()]);
    let version = EncryptionVersion::V2 {
        document: &document,
        owner_password: "owner",
        user_password: "user",
        key_length: 128,
        permissions: Permissions::all(),
    };
    let state = EncryptionState::try_from(version).unwrap();
    document.encrypt(&state).unwrap();
    let mut bytes = Vec::new();
    document.save_to(&mut bytes).unwrap();
    bytes
}

fn check_report(report: &Value) {
    assert_eq!(report["created"], json!(INVOICES), "{report}");
    let rejections = report["rejections"].as_array().unwrap();
    let names: Vec<&str> = rejections
        .iter()
        .map(|one| one["external_id"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        ["truncated.pdf", "locked.pdf", "noise.pdf", "empty.pdf"],
        "{report}"
    );
    let problem = |position: usize| rejections[position]["problem"].as_str().unwrap();
    assert!(problem(1).contains("encrypted"), "{}", problem(1));
    for position in 0..4 {
        assert!(problem(position).len() > 10, "{}", problem(position));
    }
}

/// Readers of the same file agree with its embedded XML, which is exact.
async fn check_votes(admin: &Client, report: &Value, definition: &Value, invoices: &[SampleInvoice]) {
    let annotators = definition["annotators"].as_array().unwrap().len();
    let fields = definition["fields"].as_array().unwrap().len();
    let mut with_xml = 0;
    for item in report["items"].as_array().unwrap() {
        let id = item["item_id"].as_str().unwrap();
        let path = |rest: &str| format!("/api/v1/projects/payable/items/{id}/{rest}");
        let annotations = admin.get(&path("annotations")).await.expect(200);
        assert_eq!(annotations.as_array().unwrap().len(), annotators);
        let rows = admin.get(&path("consensus")).await.expect(200);
        assert_eq!(rows.as_array().unwrap().len(), fields);
        let name = item["external_id"].as_str().unwrap().trim_end_matches(".pdf");
        let invoice = invoices.iter().find(|invoice| invoice.id == name).unwrap();
        if invoice.invoice_xml.is_some() {
            with_xml += 1;
            check_xml_vote(rows.as_array().unwrap(), invoice);
        }
        let content = admin.get(&path("content")).await;
        assert_eq!(content.header("content-type"), "application/pdf");
        assert_eq!(content.body, invoice.pdf);
    }
    assert!(with_xml > 0, "no sample has embedded XML");
}

fn check_xml_vote(rows: &[Value], invoice: &SampleInvoice) {
    for (field, expected) in [
        ("invoice_number", &invoice.gold.gold.invoice_number),
        ("seller_name", &invoice.gold.gold.seller_name),
    ] {
        let row = rows.iter().find(|row| row["field"] == field).unwrap();
        let votes = row["votes"].as_array().unwrap();
        let vote = votes.iter().find(|vote| vote["kind"] == "invoice_xml").unwrap();
        assert_eq!(vote["raw"].as_str(), Some(expected.as_str()), "{}: {vote}", invoice.id);
    }
}
