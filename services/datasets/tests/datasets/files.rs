//! Files, some of them broken.

use accord_datasets::content::document_of_item;
use accord_datasets::intake::{IncomingContent, IncomingItem, Place};
use accord_documents::Limits;
use accord_domain::ItemContent;
use serde_json::Map;

use crate::house::{House, rejections};

fn file(name: &str, bytes: &[u8]) -> IncomingItem {
    IncomingItem {
        place: Place::File(name.to_owned()),
        external_id: name.to_owned(),
        content: IncomingContent::File {
            file_name: name.to_owned(),
            bytes: bytes.to_vec().into(),
        },
        metadata: Map::new(),
        gold: None,
    }
}

#[tokio::test]
async fn a_broken_file_does_not_keep_the_others_out() {
    let house = House::open().await;
    let samples = accord_samples::generate(5, 2).unwrap();
    let items = vec![
        file("good.pdf", &samples[0].pdf),
        file("broken.pdf", b"%PDF-1.7\nnothing that follows is a PDF"),
        file("empty.pdf", b""),
        file("note.txt", "Grüße aus Köln".as_bytes()),
        file("archive.zip", b"PK\x03\x04 and so on"),
        file("other.pdf", &samples[1].pdf),
    ];
    let summary = house.importer().import(&house.project, items, 0).await.unwrap();
    assert_eq!((summary.created, summary.rejected), (3, 3), "{:?}", summary.rejections);
    let places: Vec<&str> = rejections(&summary).into_iter().map(|(place, _)| place).collect();
    assert_eq!(places, ["file broken.pdf", "file empty.pdf", "file archive.zip"]);
    let created: Vec<&str> = summary.items.iter().map(|item| item.external_id.as_str()).collect();
    assert_eq!(created, ["good.pdf", "note.txt", "other.pdf"], "in the order given");

    let good = house.item("good.pdf").await;
    let ItemContent::File {
        media_type, size_bytes, ..
    } = &good.content
    else {
        panic!("it is a file")
    };
    assert_eq!(
        (media_type.as_str(), *size_bytes),
        ("application/pdf", samples[0].pdf.len() as u64)
    );
    let bytes = house.blobs.get(&good.content_hash).await.unwrap().unwrap();
    assert_eq!(bytes, samples[0].pdf);
    let read = document_of_item(house.store.as_ref(), house.blobs.as_ref(), &Limits::default(), &good)
        .await
        .unwrap();
    let afresh = accord_documents::read_document(&samples[0].pdf, Some("good.pdf"), &Limits::default()).unwrap();
    assert_eq!(
        read, afresh.document,
        "what was read at the import is what annotators get"
    );
}

#[tokio::test]
async fn the_same_file_again_is_unchanged_and_another_of_its_name_a_conflict() {
    let house = House::open().await;
    let importer = house.importer();
    importer
        .import(&house.project, vec![file("note.txt", b"one")], 0)
        .await
        .unwrap();
    let again = importer
        .import(&house.project, vec![file("note.txt", b"one")], 0)
        .await
        .unwrap();
    assert_eq!((again.created, again.unchanged), (0, 1));
    let other = importer
        .import(&house.project, vec![file("note.txt", b"two")], 0)
        .await
        .unwrap();
    assert_eq!((other.created, other.rejected), (0, 1));
}
