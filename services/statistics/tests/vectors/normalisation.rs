//! Normalisation, which votes pass before they are counted. It lives with the domain's words.

use accord_domain::normalise::fold::fold;
use accord_domain::normalise::locale::Locale;
use accord_domain::normalise::money::read_money;
use accord_domain::{Field, normalise};
use serde_json::{Value, json};

use crate::Kind;
use crate::compare::Computed;

pub(crate) const METHODS: &[Kind] = &[
    ("money", &["values", "values[].locale", "values[].text"], money),
    ("date", &["values", "values[].order", "values[].text"], date),
    ("iban", &["values"], iban),
    ("eu_vat", &["values"], value_added_tax),
    ("text", &["values"], text),
];

fn each(input: &Value, read: impl Fn(&Value) -> Value) -> Computed {
    let values: Vec<Value> = input["values"].as_array().unwrap().iter().map(read).collect();
    json!({ "values": values }).into()
}

fn field(definition: Value) -> Field {
    serde_json::from_value(definition).unwrap()
}

fn with_locale(type_word: &str, locale: Option<&str>) -> Field {
    field(json!({ "name": "value", "type": type_word, "locale": locale }))
}

fn money(input: &Value) -> Computed {
    each(input, |value| {
        let (text, locale) = (value["text"].as_str().unwrap(), value["locale"].as_str());
        let canonical = normalise(&with_locale("money", locale), text);
        let money = read_money(text, Locale::new(locale));
        assert_eq!(canonical.parsed, money.is_some(), "{text}");
        money.map_or(Value::Null, |money| {
            json!({
                "decimal": canonical.canonical,
                "minor_units": money.minor_units,
                "currency": money.currency,
            })
        })
    })
}

fn date(input: &Value) -> Computed {
    each(input, |value| {
        let locale = value["order"].as_str().map(|order| match order {
            "DMY" => "en-GB",
            "MDY" => "en-US",
            other => panic!("unknown order {other}"),
        });
        let date = normalise(&with_locale("date", locale), value["text"].as_str().unwrap());
        json!(date.parsed.then_some(date.canonical))
    })
}

fn iban(input: &Value) -> Computed {
    let scheme = field(json!({ "name": "number", "type": "identifier", "scheme": "iban" }));
    each(input, |value| {
        let number = normalise(&scheme, value.as_str().unwrap());
        json!({"compact": number.canonical, "valid": number.valid})
    })
}

/// An invalid number is kept as it is; the reference gives it no compact form.
fn value_added_tax(input: &Value) -> Computed {
    let scheme = field(json!({ "name": "number", "type": "identifier", "scheme": "value_added_tax" }));
    each(input, |value| {
        let number = normalise(&scheme, value.as_str().unwrap());
        let compact = (number.valid == Some(true)).then_some(number.canonical);
        json!({"compact": compact, "valid": number.valid})
    })
}

fn text(input: &Value) -> Computed {
    each(input, |value| json!(fold(value.as_str().unwrap())))
}
