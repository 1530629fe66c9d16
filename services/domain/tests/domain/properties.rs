//! What holds for every input.

use accord_domain::{Answer, Field, answer_from_json, answer_to_json, normalise};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::shared::field;

/// One field of every type, in several locales.
fn fields() -> Vec<Field> {
    let mut definitions = vec![
        json!({ "name": "kind", "type": "choice", "options": ["Invoice", "Credit note", "other"] }),
        json!({ "name": "marks", "type": "choices", "options": ["a", "B", "c, d"] }),
        json!({ "name": "paid", "type": "boolean" }),
        json!({ "name": "stars", "type": "rating", "minimum": -3, "maximum": 1200 }),
        json!({ "name": "company", "type": "name" }),
        json!({ "name": "place", "type": "address" }),
        json!({ "name": "note", "type": "text" }),
        json!({ "name": "lines", "type": "table", "columns": [
            { "name": "what", "type": "text" }, { "name": "amount", "type": "money" }, { "name": "count", "type": "decimal" },
        ] }),
    ];
    for scheme in ["plain", "value_added_tax", "iban", "currency"] {
        definitions.push(json!({ "name": "code", "type": "identifier", "scheme": scheme }));
    }
    for locale in [
        None,
        Some("de-DE"),
        Some("en-US"),
        Some("en-MY"),
        Some("sv-SE"),
        Some("de-CH"),
    ] {
        for type_word in ["money", "date", "integer", "decimal"] {
            definitions.push(json!({ "name": "value", "type": type_word, "locale": locale }));
        }
    }
    definitions.into_iter().map(field).collect()
}

/// Text that looks like values more often than chance would have it.
fn plausible_text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "\\PC{0,30}",
        "[-+(]?(RM|€|\\$|EUR |kr )?[0-9]{1,3}([., '][0-9]{3}){0,2}([.,][0-9]{1,4})?[-)]?( €| USD| JPY)?",
        "[0-9]{1,4}[-/. ][0-9]{1,2}[-/. ][0-9]{1,4}",
        "[0-9]{1,2}[ .-]?(JAN|mars|Okt\\.|décembre) ?[0-9]{2,4}",
        "[0-9]{6,8}",
        "(DE|NL|SE|FR|IE|ES|BE|AT|XX)[ -]?[0-9A-Z+* ]{2,14}",
        "[A-Z]{2}[0-9]{2}[A-Z0-9 ]{0,30}",
        "(yes|NEIN|oui|Invoice|a,B|c, d|\\[\"a\"\\])",
        "\\[(\\{\"(what|amount|count)\":(\"[0-9.,a-z]{0,6}\"|[0-9]{1,3}(\\.[0-9]{1,4})?|null|true)\\},?){0,3}\\]",
        "[A-Za-z &.]{1,20}( S/B| SDN BHD| GmbH)?( \\([0-9A-Z-]{1,8}\\))?",
    ]
}

/// Values of JSON, nested a little.
fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        (-100_000_i64..100_000, 0_u32..4)
            .prop_map(|(digits, scale)| json!(digits as f64 / f64::from(10_u32.pow(scale)))),
        plausible_text().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map("(what|amount|count|[a-z]{1,3})", inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn canonical_text_is_its_own_canonical_text(raw in plausible_text()) {
        for field in fields() {
            let value = normalise(&field, &raw);
            if value.parsed {
                let again = normalise(&field, &value.canonical);
                prop_assert!(again.parsed, "{:?} {:?}", field, value);
                prop_assert_eq!(&again.canonical, &value.canonical, "{:?}", field);
                prop_assert_eq!(again.valid, value.valid, "{:?}", field);
            }
            prop_assert_eq!(value.raw, raw.as_str());
        }
    }

    #[test]
    fn answers_survive_being_written_as_json(given in json_value()) {
        for field in fields() {
            let Ok(answer) = answer_from_json(&field, &given) else { continue };
            let written = answer_to_json(&field, &answer);
            let again = answer_from_json(&field, &written).unwrap();
            prop_assert_eq!(answer.class(), again.class(), "{:?} {}", field, written);
            if let (Answer::Value(first), Answer::Value(second)) = (&answer, &again) {
                prop_assert_eq!(first.parsed, second.parsed, "{:?} {}", field, written);
            }
        }
    }

    #[test]
    fn hostile_json_never_votes_for_absence_by_its_spelling(given in json_value()) {
        for field in fields() {
            if let Ok(answer @ Answer::Value(_)) = answer_from_json(&field, &given) {
                prop_assert_ne!(answer.class(), Some(accord_domain::ABSENT_CLASS));
            }
        }
        let spelt = normalise(&field(json!({ "name": "code", "type": "identifier" })), "__ABSENT__");
        prop_assert!(!spelt.parsed);
        prop_assert_eq!(spelt.canonical.as_str(), "__absent__");
    }
}
