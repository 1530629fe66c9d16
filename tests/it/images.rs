//! Documents without a text layer, and files as they are, before models that see and one that does not.

use std::num::NonZeroU32;
use std::time::Duration;

use accord_documents::image::image_size;
use accord_documents::{Limits, MediaType, pdf::page_images};
use accord_samples::{SampleInvoice, ScanKind, samples};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use crate::client::Client;
use crate::database::DatabaseKind;
use crate::house::House;
use crate::scripted::action::answer;
use crate::scripted::{Call, ScriptedModel};

crate::on_both_databases!(an_image_of_a_page_goes_the_whole_way);

/// Pixels of the longest edge that the models are to be sent.
const LONGEST_EDGE: u32 = 700;

fn definition() -> Value {
    let model = |name: &str, provider: &str, view: &str| {
        json!({
            "name": name, "kind": "language_model", "provider": provider, "model": name, "prompt": "extract",
            "view": view, "family": name,
        })
    };
    json!({
        "name": "payable",
        "fields": [{ "name": "invoice_number", "type": "identifier" }],
        "annotators": [
            model("reader", "seeing", "rows"),
            model("looker", "seeing", "page_image"),
            model("blind", "blind", "rows"),
            model("misled", "blind", "page_image"),
            model("filer", "filing", "file"),
            model("misfiled", "blind", "file"),
        ],
        "policy": { "maximum_attempts": 1 },
    })
}

/// The sizes of the images in a question.
fn sizes(body: &Value) -> Vec<(u32, u32)> {
    let parts = body["messages"][1]["content"].as_array().into_iter().flatten();
    let urls = parts.filter_map(|part| part["image_url"]["url"].as_str());
    let size = |url: &str| {
        let data = url.strip_prefix("data:image/jpeg;base64,").unwrap();
        let size = image_size(&STANDARD.decode(data).unwrap(), MediaType::Jpeg, &Limits::default());
        size.map(|size| (size.width, size.height)).unwrap()
    };
    urls.map(size).collect()
}

/// Whether a PDF file of one page is in a question.
fn holds_file(body: &Value) -> bool {
    let mut parts = body["messages"][1]["content"].as_array().into_iter().flatten();
    parts.any(|part| {
        let data = part["file"]["file_data"].as_str();
        let data = data.and_then(|data| data.strip_prefix("data:application/pdf;base64,"));
        data.is_some_and(|data| STANDARD.decode(data).unwrap().starts_with(b"%PDF-"))
            && part["type"] == "file"
            && part["file"]["filename"] == "document-of-1-pages.pdf"
    })
}

/// What was seen: a file, an image of the right size, or else the words.
fn seen(call: &Call<'_>) -> &'static str {
    if holds_file(call.body) {
        return "FILE-1";
    }
    match &*sizes(call.body) {
        [] => "WORDS-1",
        [(width, height)] if *height.max(width) == LONGEST_EDGE => "IMAGE-1",
        _ => "OTHER-1",
    }
}

async fn an_image_of_a_page_goes_the_whole_way(kind: DatabaseKind) {
    let model = ScriptedModel::start(Duration::from_millis(2), |call| {
        answer(&json!({ "invoice_number": seen(call) }))
    })
    .await;
    let edge = LONGEST_EDGE.to_string();
    let mut variables = model.provider("seeing", &[("IMAGES", "true"), ("LONGEST_IMAGE_EDGE", &edge)]);
    variables.extend(model.provider("blind", &[]));
    variables.extend(model.provider("filing", &[("FILES", "true")]));
    let variables: Vec<(&str, &str)> = variables.iter().map(|(name, value)| (&**name, &**value)).collect();
    let house = House::open_with(kind, &variables, &[]).await;
    let admin = house.administrator().await;
    admin.post("/api/v1/projects", &definition()).await.expect(201);

    let of_kind = |kind: ScanKind| -> SampleInvoice {
        let mut all = samples(5).map(Result::unwrap);
        all.find(|sample| sample.gold.scan == kind).unwrap()
    };
    let (scan, drawn) = (of_kind(ScanKind::ImageOnly), of_kind(ScanKind::Drawn));
    let page = page_images(&scan.pdf, &Limits::default()).unwrap().swap_remove(0);
    assert!(page.width.max(page.height) > LONGEST_EDGE && page.media_type == MediaType::Jpeg);
    let files = [
        ("scan.pdf", scan.pdf),
        ("drawn.pdf", drawn.pdf),
        ("photograph.jpg", page.bytes.clone()),
    ];
    let form = files.into_iter().fold(Form::new(), |form, (name, bytes)| {
        form.part("file", Part::bytes(bytes).file_name(name))
    });
    let request = admin.request(reqwest::Method::POST, "/api/v1/projects/payable/items");
    let report = admin.send(request.multipart(form)).await.expect(200);
    assert_eq!(report["created"], json!(3), "{report}");
    admin.wait_until_idle("payable").await;
    for item in report["items"].as_array().unwrap() {
        let (is_drawn, is_file) = (
            item["external_id"] == "drawn.pdf",
            item["external_id"] != "photograph.jpg",
        );
        check(&admin, item["item_id"].as_str().unwrap(), is_drawn, is_file).await;
    }
    extract(&house, page.bytes).await;
}

/// Those that see, and only they, answer for a page without text; who takes files answers for a PDF file of either kind.
async fn check(admin: &Client, item: &str, is_drawn: bool, is_file: bool) {
    let path = format!("/api/v1/projects/payable/items/{item}/consensus");
    let rows = admin.get(&path).await.expect(200);
    let votes = rows[0]["votes"].as_array().unwrap();
    let raw = |name: &str| {
        let vote = votes.iter().find(|vote| vote["annotator"] == name);
        vote.map(|vote| vote["raw"].clone())
    };
    let words_or_image = if is_drawn { "WORDS-1" } else { "IMAGE-1" };
    assert_eq!(raw("reader"), Some(json!(words_or_image)), "{rows}");
    if !is_drawn {
        assert_eq!(raw("looker"), Some(json!("IMAGE-1")), "{rows}");
        assert_eq!(rows[0]["outcome"]["value"], json!("IMAGE-1"), "{rows}");
        assert!(raw("blind").is_none_or(|raw| raw.is_null()), "{rows}");
    }
    let reason = |name: &str| {
        let vote = votes.iter().find(|vote| vote["annotator"] == name).unwrap();
        vote["reason"].as_str().unwrap_or_default()
    };
    let misled = reason("misled");
    assert!(
        is_drawn || misled.contains("set `images = true` in [providers.blind]"),
        "{misled}"
    );
    let misfiled = reason("misfiled");
    assert!(
        misfiled.contains("set `files = true` in [providers.blind]"),
        "{misfiled}"
    );
    if is_file {
        assert_eq!(raw("filer"), Some(json!("FILE-1")), "{rows}");
    } else {
        let filer = reason("filer");
        assert!(filer.contains("use the view page_image"), "{filer}");
    }
}

/// The same by the request of somebody who waits, for a file that is new.
async fn extract(house: &House, image: Vec<u8>) {
    let client = house.token(&["extract"], None).await;
    let edge = NonZeroU32::new(900).unwrap();
    let other = accord_documents::image::fitted_image(image, MediaType::Jpeg, edge, &Limits::default()).unwrap();
    let form = Form::new()
        .text("project", "payable")
        .part("file", Part::bytes(other).file_name("receipt.jpg"));
    let request = client.request(reqwest::Method::POST, "/api/v1/extractions");
    let done = client
        .send(request.header("prefer", "wait=60").multipart(form))
        .await
        .expect(200);
    assert_eq!(done["fields"]["invoice_number"]["value"], json!("IMAGE-1"), "{done}");
}
