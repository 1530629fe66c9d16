//! The operations: what each one takes and answers, with a command to try it.

use serde_json::Value;

use super::html::{blocks, escape, inline};
use super::schemas::type_words;

/// The operations of the document, by tag, with a list of contents.
pub(super) fn render(document: &Value) -> String {
    let description = document
        .pointer("/info/description")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let operations = collect(document);
    let mut contents = String::new();
    let mut sections = String::new();
    for tag in document["tags"].as_array().into_iter().flatten() {
        let name = tag["name"].as_str().unwrap_or_default();
        let about = tag["description"].as_str().unwrap_or_default();
        sections.push_str(&format!(
            "<h2 id=\"{0}\">{0}</h2><p class=\"quiet\">{1}</p>",
            escape(name),
            inline(about)
        ));
        for operation in operations.iter().filter(|operation| operation.tag == name) {
            contents.push_str(&format!(
                "<li><a href=\"#{}\"><span class=\"method\">{}</span>{}</a></li>",
                escape(operation.id),
                operation.method.to_uppercase(),
                escape(operation.path)
            ));
            sections.push_str(&operation.render());
        }
    }
    format!(
        "<h1>Accord API</h1><p class=\"quiet\"><a href=\"/api/v1/openapi.json\">openapi.json</a> · <a href=\"/api/docs/problems\">problems</a> · <a href=\"#schemas\">schemas</a></p>{}<nav aria-label=\"Operations\"><ul>{contents}</ul></nav>{sections}",
        blocks(description)
    )
}

struct Operation<'a> {
    method: &'a str,
    path: &'a str,
    tag: &'a str,
    id: &'a str,
    value: &'a Value,
}

fn collect(document: &Value) -> Vec<Operation<'_>> {
    let paths = document["paths"].as_object().into_iter().flatten();
    paths
        .flat_map(|(path, methods)| {
            methods
                .as_object()
                .into_iter()
                .flatten()
                .map(move |(method, value)| Operation {
                    method,
                    path,
                    tag: value.pointer("/tags/0").and_then(Value::as_str).unwrap_or_default(),
                    id: value["operationId"].as_str().unwrap_or_default(),
                    value,
                })
        })
        .collect()
}

impl Operation<'_> {
    fn render(&self) -> String {
        let text = |key: &str| self.value[key].as_str().unwrap_or_default();
        format!(
            "<article id=\"{}\"><h3><span class=\"method\">{}</span><code>{}</code></h3><p>{}</p>{}<p class=\"quiet\">Needs {}</p>{}{}{}<pre tabindex=\"0\"><code>{}</code></pre></article>",
            escape(self.id),
            self.method.to_uppercase(),
            escape(self.path),
            inline(text("summary")),
            blocks(text("description")),
            self.scopes(),
            self.parameters(),
            self.body(),
            self.responses(),
            escape(&self.command()),
        )
    }

    fn scopes(&self) -> String {
        let scopes: Vec<String> = self.value["security"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|way| way.pointer("/bearer/0").and_then(Value::as_str))
            .map(|scope| format!("<code>{}</code>", escape(scope)))
            .collect();
        format!("a token with the scope {}, or a session", scopes.join(" or "))
    }

    fn parameters(&self) -> String {
        let rows: String = self.value["parameters"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|parameter| {
                let text = |key: &str| parameter[key].as_str().unwrap_or_default();
                format!(
                    "<tr><td><code>{}</code></td><td>{}</td><td>{}</td><td>{}</td></tr>",
                    escape(text("name")),
                    escape(text("in")),
                    type_words(&parameter["schema"]),
                    inline(text("description")),
                )
            })
            .collect();
        if rows.is_empty() {
            return String::new();
        }
        format!(
            "<table><thead><tr><th>parameter</th><th>in</th><th>type</th><th></th></tr></thead><tbody>{rows}</tbody></table>"
        )
    }

    fn body(&self) -> String {
        let rows: String = self.value["requestBody"]["content"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(media_type, content)| {
                format!(
                    "<li><code>{}</code> {}{}</li>",
                    escape(media_type),
                    type_words(&content["schema"]),
                    example(&content["example"])
                )
            })
            .collect();
        if rows.is_empty() {
            rows
        } else {
            format!("<p>Body:</p><ul>{rows}</ul>")
        }
    }

    fn responses(&self) -> String {
        let rows: String = self.value["responses"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(status, response)| {
                let schema = response["content"]
                    .as_object()
                    .and_then(|content| content.values().next())
                    .map_or_else(String::new, |content| type_words(&content["schema"]));
                let description = response["description"].as_str().unwrap_or_default();
                format!(
                    "<tr><td class=\"status\">{}</td><td>{}</td><td>{schema}</td></tr>",
                    escape(status),
                    inline(description)
                )
            })
            .collect();
        format!("<table><thead><tr><th>answer</th><th></th><th>body</th></tr></thead><tbody>{rows}</tbody></table>")
    }

    /// A command that makes the request.
    fn command(&self) -> String {
        let mut lines = vec![format!(
            "curl -H \"Authorization: Bearer $ACCORD_TOKEN\" \"$ACCORD_URL{}\"",
            self.path
        )];
        let has_body = |media_type: &str| !self.value["requestBody"]["content"][media_type].is_null();
        let method = self.method.to_uppercase();
        if has_body("multipart/form-data") {
            lines.push("-F file=@invoice.pdf".to_owned());
            if !self.path.contains("{project}") {
                lines.push("-F project=invoices".to_owned());
            }
        } else if has_body("application/json") && method == "POST" {
            lines.push("--json @body.json".to_owned());
        } else if has_body("application/json") {
            lines.push(format!("-X {method} --json @body.json"));
        } else if method != "GET" {
            lines.push(format!("-X {method}"));
        }
        for parameter in self.value["parameters"].as_array().into_iter().flatten() {
            if parameter["in"] == "header" {
                let example = match parameter["name"].as_str().unwrap_or_default() {
                    "Prefer" => "Prefer: wait=20",
                    "Idempotency-Key" => "Idempotency-Key: 5f2c7c1e",
                    "If-Match" => "If-Match: \\\"1\\\"",
                    _ => continue,
                };
                lines.push(format!("-H \"{example}\""));
            }
        }
        lines.join(" \\\n  ")
    }
}

fn example(value: &Value) -> String {
    match serde_json::to_string_pretty(value) {
        Ok(text) if !value.is_null() => format!("<pre tabindex=\"0\"><code>{}</code></pre>", escape(&text)),
        _ => String::new(),
    }
}
