//! Laying one table of settings over another, and environment variables over both.

use toml::{Table, Value};

/// Variables that begin with this set a key: `ACCORD__SERVER__LISTEN` is `listen` in `[server]`.
const PREFIX: &str = "ACCORD__";

/// Lays `upper` over `lower`: tables are merged key by key, everything else is replaced.
pub(super) fn lay_over(lower: &mut Table, upper: Table) {
    for (key, value) in upper {
        match (lower.get_mut(&key), value) {
            (Some(Value::Table(below)), Value::Table(above)) => lay_over(below, above),
            (_, value) => {
                lower.insert(key, value);
            }
        }
    }
}

/// The table that environment variables describe. Values are read as the type of the key they replace, so that
/// `ACCORD__SERVER__WORKERS=false` is a boolean and a password of digits stays a text.
pub(super) fn of_environment(variables: impl Iterator<Item = (String, String)>, defaults: &Table) -> Table {
    let mut overlay = Table::new();
    for (name, text) in variables {
        let Some(path) = name.strip_prefix(PREFIX) else {
            continue;
        };
        let keys: Vec<String> = path.split("__").map(str::to_lowercase).collect();
        let value = typed_like(find(defaults, &keys), text);
        insert(&mut overlay, &keys, value);
    }
    overlay
}

fn find<'a>(table: &'a Table, keys: &[String]) -> Option<&'a Value> {
    let (first, rest) = keys.split_first()?;
    let value = table.get(first)?;
    if rest.is_empty() {
        Some(value)
    } else {
        find(value.as_table()?, rest)
    }
}

fn typed_like(known: Option<&Value>, text: String) -> Value {
    let parsed = match known {
        Some(Value::String(_)) => None,
        Some(Value::Integer(_)) => text.parse().ok().map(Value::Integer),
        Some(Value::Float(_)) => text.parse().ok().map(Value::Float),
        Some(Value::Boolean(_)) => text.parse().ok().map(Value::Boolean),
        // Keys without a default, such as those of providers: whatever it looks like, but never a number with a
        // meaning of its own such as a price.
        _ => match text.as_str() {
            "true" => Some(Value::Boolean(true)),
            "false" => Some(Value::Boolean(false)),
            _ => text.parse().ok().map(Value::Integer),
        },
    };
    parsed.unwrap_or(Value::String(text))
}

fn insert(table: &mut Table, keys: &[String], value: Value) {
    match keys {
        [] => {}
        [last] => {
            table.insert(last.clone(), value);
        }
        [first, rest @ ..] => {
            let inner = table.entry(first.clone()).or_insert_with(|| Value::Table(Table::new()));
            if let Value::Table(inner) = inner {
                insert(inner, rest, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs
            .iter()
            .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
            .collect()
    }

    #[test]
    fn variables_take_the_type_of_what_they_replace() {
        let defaults: Table = "[server]\nworkers = true\n[database]\nurl = \"\"\nconnections = 4"
            .parse()
            .unwrap();
        let set = variables(&[
            ("ACCORD__SERVER__WORKERS", "false"),
            ("ACCORD__DATABASE__URL", "12345"),
            ("ACCORD__DATABASE__CONNECTIONS", "8"),
            ("ACCORD__PROVIDERS__LOCAL__BASE_URL", "http://localhost:1"),
            ("UNRELATED", "x"),
        ]);
        let overlay = of_environment(set.into_iter(), &defaults);
        assert_eq!(overlay["server"]["workers"].as_bool(), Some(false));
        assert_eq!(overlay["database"]["url"].as_str(), Some("12345"));
        assert_eq!(overlay["database"]["connections"].as_integer(), Some(8));
        assert_eq!(
            overlay["providers"]["local"]["base_url"].as_str(),
            Some("http://localhost:1")
        );
    }

    #[test]
    fn tables_merge_and_values_replace() {
        let mut lower: Table = "a = 1\n[t]\nx = 1\ny = 2".parse().unwrap();
        lay_over(&mut lower, "a = 2\n[t]\ny = 3".parse().unwrap());
        assert_eq!(lower["a"].as_integer(), Some(2));
        assert_eq!(lower["t"]["x"].as_integer(), Some(1));
        assert_eq!(lower["t"]["y"].as_integer(), Some(3));
    }
}
