//! Real transcripts with boxes.

use accord_documents::{Segment, from_segments};
use serde_json::Value;

use crate::shared;

#[test]
fn receipts_keep_their_rows_and_every_word_lies_in_its_segment() {
    let Some(invoices) = shared::invoices() else {
        return;
    };
    let lines = std::fs::read_to_string(invoices.join("sroie/receipts.jsonl")).unwrap();
    let mut count = 0;
    for line in lines.lines() {
        let record: Value = serde_json::from_str(line).unwrap();
        let segments: Vec<Segment> = serde_json::from_value(record["lines"].clone()).unwrap();
        let size: [f32; 2] = serde_json::from_value(record["image_size"].clone()).unwrap();
        let document = from_segments(&segments, size[0], size[1]);
        let normalise = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let rows = record["text_rows"].as_str().unwrap();
        assert_eq!(normalise(&document.text()), normalise(rows), "{}", record["id"]);
        for (segment, line) in segments.iter().zip(&document.pages[0].lines) {
            let [left, top, right, bottom] = segment.edges;
            let bounds = line.bounds().unwrap();
            assert!(bounds.left >= left - 0.1 && bounds.right <= right + 0.1);
            assert_eq!((bounds.top, bounds.bottom), (top, bottom));
        }
        count += 1;
    }
    assert!(count >= 300);
}
