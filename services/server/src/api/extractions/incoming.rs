//! The document of an extraction, in any of its forms.

use accord_datasets::intake::IncomingContent;
use axum::extract::multipart::Field;
use axum::extract::{FromRequest, Multipart, Request};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

use crate::api::imports::files::{base_name, read_file};
use crate::api::imports::multipart_problem;
use crate::extract::{is_json, media_type, parse_json, read_body};
use crate::problem::{Problem, ProblemKind};
use crate::state::AppState;

/// The most bytes of a part that is not the file.
const MAXIMUM_PARAMETER_BYTES: usize = 64 * 1024;

/// Where the fields come from.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::api) struct ExtractionQuery {
    /// Identifier or name of the project whose fields are asked for. It may also be in the body.
    pub(super) project: Option<String>,
}

/// A document as JSON.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct ExtractionBody {
    /// Identifier or name of the project whose fields are asked for.
    #[serde(default)]
    project: Option<String>,
    /// The document as plain text. Either this or `content_base64`.
    #[serde(default)]
    text: Option<String>,
    /// The file's bytes in base64. Either this or `text`.
    #[serde(default)]
    content_base64: Option<String>,
    /// The file's name, with `content_base64`.
    #[serde(default)]
    file_name: Option<String>,
    /// Whatever is to be kept with it.
    #[serde(default)]
    #[schema(value_type = Object)]
    metadata: Map<String, Value>,
}

/// A document as a form.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "describes the parts of a body that is read part by part")]
pub(in crate::api) struct ExtractionForm {
    /// The file.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
    /// Identifier or name of the project whose fields are asked for.
    project: Option<String>,
    /// Whatever is to be kept with it, as a JSON object.
    metadata: Option<String>,
}

/// A document on its way in.
#[derive(Debug)]
pub(super) struct IncomingDocument {
    pub(super) project: Option<String>,
    pub(super) content: IncomingContent,
    pub(super) metadata: Map<String, Value>,
}

impl IncomingDocument {
    pub(super) async fn read(state: &AppState, request: Request) -> Result<Self, Problem> {
        let maximum_bytes = state.settings.maximum_file_bytes;
        if media_type(request.headers()) == "multipart/form-data" {
            let parts = Multipart::from_request(request, state).await;
            let parts = parts.map_err(|rejection| Problem::new(ProblemKind::Malformed, rejection.body_text()))?;
            return Self::from_parts(parts, maximum_bytes).await;
        }
        if !is_json(request.headers()) {
            return Err(Problem::new(
                ProblemKind::UnsupportedMediaType,
                "expected multipart/form-data or application/json",
            ));
        }
        let body: ExtractionBody = parse_json(&read_body(request).await?)?;
        let content = body_content(body.text, body.content_base64, body.file_name, maximum_bytes)?;
        Ok(Self {
            project: body.project,
            content,
            metadata: body.metadata,
        })
    }

    async fn from_parts(mut parts: Multipart, maximum_bytes: usize) -> Result<Self, Problem> {
        let (mut project, mut metadata, mut content) = (None, Map::new(), None);
        while let Some(mut part) = parts.next_field().await.map_err(|error| multipart_problem(&error))? {
            match part.name().unwrap_or_default() {
                "file" if content.is_some() => {
                    return Err(Problem::invalid("file", "an extraction takes exactly one file"));
                }
                "file" => {
                    let file_name = part.file_name().map_or_else(|| "file".to_owned(), base_name);
                    let bytes = read_file(&mut part, maximum_bytes)
                        .await?
                        .ok_or_else(|| too_large(maximum_bytes))?;
                    content = Some(IncomingContent::File { file_name, bytes });
                }
                "project" => project = Some(parameter(&mut part, "project").await?),
                "metadata" => metadata = parse_json(parameter(&mut part, "metadata").await?.as_bytes())?,
                other => {
                    let name: String = other.chars().take(80).collect();
                    return Err(Problem::invalid(
                        name,
                        "expected the parts `file`, `project` and `metadata`",
                    ));
                }
            }
        }
        let content = content.ok_or_else(|| Problem::invalid("file", "the part `file` is missing"))?;
        Ok(Self {
            project,
            content,
            metadata,
        })
    }
}

fn body_content(
    text: Option<String>,
    content_base64: Option<String>,
    file_name: Option<String>,
    maximum_bytes: usize,
) -> Result<IncomingContent, Problem> {
    match (text, content_base64) {
        (Some(text), None) if text.trim().is_empty() => Err(Problem::invalid("text", "the text is empty")),
        (Some(text), None) => Ok(IncomingContent::Data(Map::from_iter([(
            "text".to_owned(),
            Value::String(text),
        )]))),
        (None, Some(encoded)) => {
            let bytes = STANDARD
                .decode(encoded.trim())
                .map_err(|error| Problem::invalid("content_base64", format!("not valid base64: {error}")))?;
            if bytes.len() > maximum_bytes {
                return Err(too_large(maximum_bytes));
            }
            Ok(IncomingContent::File {
                file_name: file_name.as_deref().map_or_else(|| "file".to_owned(), base_name),
                bytes: bytes.into(),
            })
        }
        _ => Err(Problem::new(
            ProblemKind::Invalid,
            "expected either `text` or `content_base64`",
        )),
    }
}

async fn parameter(part: &mut Field<'_>, name: &str) -> Result<String, Problem> {
    let bytes = read_file(part, MAXIMUM_PARAMETER_BYTES).await?;
    let bytes = bytes.ok_or_else(|| Problem::invalid(name, "the part is too large"))?;
    String::from_utf8(bytes.to_vec()).map_err(|_| Problem::invalid(name, "the part is not UTF-8"))
}

fn too_large(maximum_bytes: usize) -> Problem {
    Problem::new(
        ProblemKind::TooLarge,
        format!("the file is larger than {maximum_bytes} bytes"),
    )
}
