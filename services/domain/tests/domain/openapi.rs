//! The OpenAPI schemas say what is really written.

use accord_domain::{
    Annotation, Annotator, AnnotatorDefinition, Calibrator, Consensus, Field, Gold, Item, ItemId, Project, Provenance,
    Task, Timestamp,
};
use serde_json::{Value, json};
use utoipa::{PartialSchema, ToSchema};

fn schema<T: PartialSchema>() -> Value {
    serde_json::to_value(T::schema()).unwrap()
}

/// The schema of the type itself and of everything it refers to, by name.
fn referred<T: ToSchema>() -> serde_json::Map<String, Value> {
    let mut schemas = Vec::new();
    T::schemas(&mut schemas);
    schemas.push((T::name().into_owned(), T::schema()));
    schemas
        .into_iter()
        .map(|(name, schema)| (name, serde_json::to_value(schema).unwrap()))
        .collect()
}

#[test]
fn moments_identifiers_and_amounts_are_text() {
    assert_eq!(schema::<Timestamp>()["format"], json!("date-time"));
    assert_eq!(schema::<Timestamp>()["type"], json!("string"));
    assert_eq!(schema::<ItemId>()["format"], json!("uuid"));
    assert_eq!(schema::<ItemId>()["type"], json!("string"));
    let cost = &schema::<Provenance>()["properties"]["cost"]["type"];
    assert_eq!(*cost, json!(["string", "null"]));
}

#[test]
fn fields_and_annotators_are_described_as_they_are_written() {
    let field = schema::<Field>();
    for key in [
        "name",
        "type",
        "options",
        "scheme",
        "minimum",
        "columns",
        "comparison",
        "locale",
        "target",
    ] {
        assert!(field["properties"].get(key).is_some(), "{key} is missing in {field}");
    }
    assert_eq!(field["additionalProperties"], json!(false));
    let annotator = schema::<AnnotatorDefinition>();
    for key in ["name", "kind", "family", "reader", "provider", "maximum_tokens"] {
        assert!(
            annotator["properties"].get(key).is_some(),
            "{key} is missing in {annotator}"
        );
    }
}

#[test]
fn every_reference_leads_somewhere() {
    let mut known = serde_json::Map::new();
    known.extend(referred::<Project>());
    known.extend(referred::<Item>());
    known.extend(referred::<Task>());
    known.extend(referred::<Annotation>());
    known.extend(referred::<Annotator>());
    known.extend(referred::<Consensus>());
    known.extend(referred::<Calibrator>());
    known.extend(referred::<Gold>());
    let text = serde_json::to_string(&known).unwrap();
    let mut references = 0;
    for reference in text.split("#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap();
        assert!(known.contains_key(name), "{name} is referred to and not defined");
        references += 1;
    }
    assert!(references > 30, "only {references} references");
}
