//! From the data of a line to the document that annotators read.

use accord_datasets::content::{ContentError, document_of_data};
use accord_documents::{Document, Limits};
use serde_json::{Value, json};

fn document(data: Value) -> Result<Document, ContentError> {
    let Value::Object(data) = data else {
        panic!("data are an object")
    };
    document_of_data(&data, &Limits::default())
}

#[test]
fn text_is_what_is_read() {
    assert_eq!(document(json!({"text": "one\ntwo"})).unwrap().text(), "one\ntwo");
    assert_eq!(
        document(json!({"text_rows": "rows", "text": "other"})).unwrap().text(),
        "rows"
    );
    assert_eq!(
        document(json!({"text_rows": null, "lines": null, "text": "text"}))
            .unwrap()
            .text(),
        "text"
    );
}

#[test]
fn lines_with_boxes_come_before_text() {
    let lines = json!([
        {"text": "SHOP", "box": [10.0, 10.0, 60.0, 20.0], "row": 0},
        {"text": "TOTAL", "box": [10.0, 50.0, 60.0, 60.0], "row": 1},
        {"text": "12.50", "box": [70.0, 50.0, 99.0, 60.0], "row": 1},
    ]);
    let read = document(json!({"lines": lines, "image_size": [100, 200], "text": "not this"})).unwrap();
    assert_eq!(read.text(), "SHOP\nTOTAL  12.50");
    assert!((read.pages[0].width - 100.0).abs() < f32::EPSILON && (read.pages[0].height - 200.0).abs() < f32::EPSILON);
}

#[test]
fn what_cannot_be_read_is_said() {
    for (data, expected) in [
        (json!({}), "`text` is missing"),
        (json!({"text": null}), "`text` is missing"),
        (json!({"text": " \n"}), "`text` is empty"),
        (json!({"text": ["a"]}), "must be a string"),
        (json!({"lines": [{"text": "a"}]}), "`lines` must be a list"),
        (json!({"lines": [], "image_size": "big"}), "`image_size` must be"),
    ] {
        let problem = document(data.clone()).unwrap_err().to_string();
        assert!(problem.contains(expected), "{data}: {problem}");
    }
}
