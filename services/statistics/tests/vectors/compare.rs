//! Comparison of computed with expected values, and reading of inputs.

use serde_json::Value;

/// Marks an expected value that a well-known mistake would give.
const MISTAKE: &str = "DO_NOT_USE";

/// `|x - e| <= absolute + relative |e|`.
#[derive(Clone, Copy)]
pub(crate) struct Tolerance {
    pub(crate) absolute: f64,
    pub(crate) relative: f64,
}

impl Tolerance {
    pub(crate) fn of(file: &Value) -> Self {
        Self {
            absolute: file["tolerance"]["abs"].as_f64().unwrap(),
            relative: file["tolerance"]["rel"].as_f64().unwrap(),
        }
    }
}

/// What a method computed, and the keys whose tolerance the file states apart.
pub(crate) struct Computed {
    pub(crate) value: Value,
    pub(crate) looser: Vec<(&'static str, Tolerance)>,
}

impl From<Value> for Computed {
    fn from(value: Value) -> Self {
        Self {
            value,
            looser: Vec::new(),
        }
    }
}

/// All differences between an expected object and a computed one. Every expected key must have been
/// computed; keys that end in `DO_NOT_USE` must differ, unless the mistake gives nothing either.
pub(crate) fn compare(label: &str, expected: &Value, computed: &Computed, tolerance: Tolerance) -> Vec<String> {
    let mut differences = Vec::new();
    walk(label, expected, &computed.value, computed, tolerance, &mut differences);
    differences
}

fn walk(
    label: &str,
    expected: &Value,
    found: &Value,
    computed: &Computed,
    tolerance: Tolerance,
    differences: &mut Vec<String>,
) {
    match (expected, found) {
        (Value::Object(expected), Value::Object(found)) => {
            for (key, value) in expected {
                let label = format!("{label}.{key}");
                let looser = computed.looser.iter().find(|(name, _)| name == key);
                let tolerance = looser.map_or(tolerance, |(_, tolerance)| *tolerance);
                match found.get(key) {
                    None => differences.push(format!("{label}: expected key was not computed")),
                    Some(found) if key.ends_with(MISTAKE) => {
                        if !value.is_null() && is_close(value, found, tolerance) {
                            differences.push(format!("{label}: equals the mistake {value}"));
                        }
                    }
                    Some(found) => walk(&label, value, found, computed, tolerance, differences),
                }
            }
        }
        (Value::Array(expected), Value::Array(found)) => {
            if expected.len() != found.len() {
                let lengths = format!("expected {} entries, found {}", expected.len(), found.len());
                differences.push(format!("{label}: {lengths}"));
            }
            for (index, (expected, found)) in expected.iter().zip(found).enumerate() {
                walk(
                    &format!("{label}[{index}]"),
                    expected,
                    found,
                    computed,
                    tolerance,
                    differences,
                );
            }
        }
        _ if is_close(expected, found, tolerance) => {}
        _ => differences.push(format!("{label}: expected {expected}, found {found}")),
    }
}

fn is_close(expected: &Value, found: &Value, tolerance: Tolerance) -> bool {
    match (expected.as_f64(), found.as_f64()) {
        (Some(expected), Some(found)) => {
            (found - expected).abs() <= tolerance.absolute + tolerance.relative * expected.abs()
        }
        _ => expected == found,
    }
}

/// Numbers of an array.
pub(crate) fn numbers(value: &Value) -> Vec<f64> {
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry.as_f64().unwrap())
        .collect()
}

/// An index or count.
pub(crate) fn whole(value: &Value) -> usize {
    usize::try_from(value.as_u64().unwrap()).unwrap()
}

/// Class indices of an array, null for a missing vote.
pub(crate) fn votes(value: &Value) -> Vec<Option<usize>> {
    let entries = value.as_array().unwrap().iter();
    entries.map(|entry| (!entry.is_null()).then(|| whole(entry))).collect()
}

/// Labels given as 0 and 1.
pub(crate) fn flags(value: &Value) -> Vec<bool> {
    numbers(value).into_iter().map(|entry| entry == 1.0).collect()
}

/// Rows of a matrix.
pub(crate) fn rows(value: &Value) -> Vec<Vec<f64>> {
    value.as_array().unwrap().iter().map(numbers).collect()
}
