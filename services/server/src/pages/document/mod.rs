//! The document of an item as pages show it: drawn from its words, as an image, or as plain text.

mod places;
mod sheets;

use accord_datasets::content::{ContentError, document_of_item};
use accord_documents::Document;
use accord_domain::{Field, Item, ItemContent, Project};
use serde::Serialize;

use crate::problem::Problem;
use crate::state::AppState;
use places::find_places;
use sheets::{Sheet, TextLine, draw_sheets, write_lines};

/// The most pages that are drawn.
const MAXIMUM_SHEETS: usize = 30;

/// A value whose places in the document are highlighted.
#[derive(Debug, Clone)]
pub(super) struct SoughtValue {
    /// The field.
    pub(super) field: Field,
    /// The value as given.
    pub(super) raw: String,
}

/// The document of an item.
#[derive(Debug, Clone, Serialize)]
pub(super) struct ShownDocument {
    /// `sheets`, `image`, `text` or `unreadable`.
    form: &'static str,
    /// The name by which people know it.
    name: String,
    /// Where its content is.
    address: String,
    is_pdf: bool,
    is_file: bool,
    sheets: Vec<Sheet>,
    lines: Vec<TextLine>,
    /// How many pages are not drawn.
    left_out: usize,
    problem: Option<String>,
}

/// The document of an item, with the places of these values.
pub(super) async fn show_document(
    state: &AppState,
    project: &Project,
    item: &Item,
    sought: Vec<SoughtValue>,
) -> Result<ShownDocument, Problem> {
    let read = document_of_item(state.store.as_ref(), state.blobs.as_ref(), &state.document_limits, item).await;
    let mut shown = empty(project, item);
    let document = match read {
        Ok(document) => document,
        Err(ContentError::Store(error)) => return Err(error.into()),
        Err(error) => {
            shown.problem = Some(error.to_string());
            return Ok(shown);
        }
    };
    if shown.form == "image" {
        return Ok(shown);
    }
    let filled = tokio::task::spawn_blocking(move || fill(shown, &document, &sought)).await;
    filled.map_err(|error| Problem::internal(&error))
}

fn empty(project: &Project, item: &Item) -> ShownDocument {
    let (media_type, name) = match &item.content {
        ItemContent::Inline { .. } => ("", item.external_id.clone()),
        ItemContent::File {
            media_type, file_name, ..
        } => (media_type.as_str(), file_name.clone()),
    };
    let form = if media_type.starts_with("image/") {
        "image"
    } else {
        "unreadable"
    };
    ShownDocument {
        form,
        name,
        address: format!("/api/v1/projects/{}/items/{}/content", project.definition.name, item.id),
        is_pdf: media_type == "application/pdf",
        is_file: !media_type.is_empty(),
        sheets: Vec::new(),
        lines: Vec::new(),
        left_out: 0,
        problem: None,
    }
}

fn fill(mut shown: ShownDocument, document: &Document, sought: &[SoughtValue]) -> ShownDocument {
    let places = find_places(document, sought);
    let has_sheets = document.pages.iter().any(|page| page.width > 0.0 && page.height > 0.0);
    if has_sheets {
        shown.form = "sheets";
        shown.left_out = document.pages.len().saturating_sub(MAXIMUM_SHEETS);
        shown.sheets = draw_sheets(document, &places, MAXIMUM_SHEETS);
    } else {
        shown.form = "text";
        shown.lines = write_lines(document, &places);
    }
    shown
}
