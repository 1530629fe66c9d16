//! Keys that nobody knows.

use serde_json::Value;

/// Keys of an object itself that are not among the known ones.
pub(crate) fn unknown(label: &str, object: &Value, known: &[&str]) -> Vec<String> {
    let keys = object.as_object().into_iter().flat_map(|object| object.keys());
    keys.filter(|key| !known.contains(&key.as_str()))
        .map(|key| format!("{label}: unknown key {key}"))
        .collect()
}

/// Keys at any depth that are not among the known paths: `a.b` is key `b` of the object under `a`, `a[].b` of
/// the objects in the array under `a`, and `a.*` stands for any key under `a`.
pub(crate) fn unknown_within(label: &str, value: &Value, known: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    walk("", value, known, &mut found);
    found
        .into_iter()
        .map(|path| format!("{label}: unknown key {path}"))
        .collect()
}

fn walk(path: &str, value: &Value, known: &[&str], found: &mut Vec<String>) {
    match value {
        Value::Object(object) => {
            for (key, inner) in object {
                let join = |key: &str| {
                    if path.is_empty() {
                        key.to_owned()
                    } else {
                        format!("{path}.{key}")
                    }
                };
                let (own, any) = (join(key), join("*"));
                if known.contains(&own.as_str()) || known.contains(&any.as_str()) {
                    walk(&own, inner, known, found);
                } else {
                    found.push(own);
                }
            }
        }
        Value::Array(entries) => {
            let path = format!("{path}[]");
            for entry in entries {
                walk(&path, entry, known, found);
            }
        }
        _ => {}
    }
}

#[test]
fn unknown_keys_are_found_at_any_depth() {
    let value = serde_json::json!({"a": 1, "rows": [{"b": 2}, {"c": 3}], "rho": {"x": 1, "y": 2}, "z": {}});
    let found = unknown_within("case", &value, &["a", "rows", "rows[].b", "rho", "rho.*"]);
    assert_eq!(found, ["case: unknown key rows[].c", "case: unknown key z"]);
    assert_eq!(unknown("file", &value, &["a", "rows", "rho"]), ["file: unknown key z"]);
}
