//! Normalisation against reference vectors made with other programs.

use accord_domain::normalise::fold::fold;
use accord_domain::normalise::locale::Locale;
use accord_domain::normalise::money::read_money;
use accord_domain::{Field, normalise};
use serde_json::{Value, json};

use crate::shared::{field, vector_file};

#[test]
fn normalisation_agrees_with_the_reference_vectors() {
    let Some(path) = vector_file("normalisation vectors", "normalise.json") else {
        return;
    };
    let file: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let mut checked = 0;
    for case in file["cases"].as_array().unwrap() {
        let inputs = case["input"]["values"].as_array().unwrap();
        let expected = case["expected"]["values"].as_array().unwrap();
        assert_eq!(inputs.len(), expected.len());
        for (input, expected) in inputs.iter().zip(expected) {
            let name = format!("{} {input}", case["name"]);
            match case["kind"].as_str().unwrap() {
                "money" => check_money(&name, input, expected),
                "date" => check_date(&name, input, expected),
                "iban" => check_identifier(&name, "iban", input, expected),
                "eu_vat" => check_identifier(&name, "value_added_tax", input, expected),
                "text" => assert_eq!(
                    Some(fold(input.as_str().unwrap()).as_str()),
                    expected.as_str(),
                    "{name}"
                ),
                other => panic!("the vectors have a kind `{other}` that is not tested"),
            }
            checked += 1;
        }
    }
    assert!(checked >= 70, "only {checked} vectors were found");
}

fn check_money(name: &str, input: &Value, expected: &Value) {
    let text = input["text"].as_str().unwrap();
    let locale = input["locale"].as_str();
    let money = read_money(text, Locale::new(locale));
    let canonical = normalise(&with_locale("money", locale), text);
    if expected.is_null() {
        assert_eq!(money, None, "{name}");
        assert!(!canonical.parsed, "{name}");
        return;
    }
    let money = money.unwrap_or_else(|| panic!("{name} is read"));
    assert_eq!(Some(money.minor_units), expected["minor_units"].as_i64(), "{name}");
    assert_eq!(money.currency, expected["currency"].as_str(), "{name}");
    assert_eq!(
        Some(canonical.canonical.as_str()),
        expected["decimal"].as_str(),
        "{name}"
    );
}

fn check_date(name: &str, input: &Value, expected: &Value) {
    let locale = match input["order"].as_str() {
        Some("DMY") => Some("en-GB"),
        Some("MDY") => Some("en-US"),
        Some(other) => panic!("order {other} is not known"),
        None => None,
    };
    let date = normalise(&with_locale("date", locale), input["text"].as_str().unwrap());
    assert_eq!(
        date.parsed.then_some(date.canonical.as_str()),
        expected.as_str(),
        "{name}"
    );
}

/// Where the reference gives no compact form, the number is wrong and kept as it is.
fn check_identifier(name: &str, scheme: &str, input: &Value, expected: &Value) {
    let number = normalise(
        &field(json!({ "name": "number", "type": "identifier", "scheme": scheme })),
        input.as_str().unwrap(),
    );
    assert_eq!(number.valid, expected["valid"].as_bool(), "{name}");
    if let Some(compact) = expected["compact"].as_str() {
        assert_eq!(number.canonical, compact, "{name}");
    }
}

fn with_locale(type_word: &str, locale: Option<&str>) -> Field {
    field(json!({ "name": "value", "type": type_word, "locale": locale }))
}
