//! Files in a multipart body, taken a few at a time.

use accord_datasets::intake::{ImportSummary, Importer, IncomingContent, IncomingItem, Place, Rejection};
use accord_domain::Project;
use axum::extract::Multipart;
use axum::extract::multipart::Field;
use bytes::{Bytes, BytesMut};
use serde_json::Map;

use crate::api::imports::multipart_problem;
use crate::problem::{Problem, ProblemKind};
use crate::state::AppState;

/// How many files are stored in one transaction.
const FILES_PER_TRANSACTION: usize = 16;

/// How many bytes of files are held in memory before they are stored.
const BYTES_PER_TRANSACTION: usize = 32 * 1024 * 1024;

/// Imports every part that has a file name.
pub(super) async fn import(
    state: &AppState,
    importer: &Importer,
    project: &Project,
    mut parts: Multipart,
) -> Result<ImportSummary, Problem> {
    let mut summary = ImportSummary::default();
    let (mut waiting, mut waiting_bytes) = (Vec::new(), 0);
    let mut seen = false;
    while let Some(mut part) = parts.next_field().await.map_err(|error| multipart_problem(&error))? {
        let Some(file_name) = part.file_name().map(base_name) else {
            continue;
        };
        seen = true;
        match read_file(&mut part, state.settings.maximum_file_bytes).await? {
            Some(bytes) => {
                waiting_bytes += bytes.len();
                waiting.push(incoming(file_name, bytes));
            }
            None => reject(&mut summary, file_name, state.settings.maximum_file_bytes),
        }
        if waiting.len() >= FILES_PER_TRANSACTION || waiting_bytes >= BYTES_PER_TRANSACTION {
            summary.merge(importer.import(project, std::mem::take(&mut waiting), 0).await?);
            waiting_bytes = 0;
        }
    }
    if !seen {
        return Err(Problem::new(
            ProblemKind::Invalid,
            "the body has no part with a file name: send files such as `-F file=@invoice.pdf`",
        ));
    }
    summary.merge(importer.import(project, waiting, 0).await?);
    Ok(summary)
}

/// The bytes of a part; none when there are more than allowed. The rest of a part that is too large is read past.
pub(in crate::api) async fn read_file(part: &mut Field<'_>, maximum_bytes: usize) -> Result<Option<Bytes>, Problem> {
    let mut bytes = BytesMut::new();
    let mut fits = true;
    while let Some(piece) = part.chunk().await.map_err(|error| multipart_problem(&error))? {
        fits = fits && bytes.len() + piece.len() <= maximum_bytes;
        if fits {
            bytes.extend_from_slice(&piece);
        } else {
            bytes.clear();
        }
    }
    Ok(fits.then(|| bytes.freeze()))
}

/// The last part of a file's name: some clients send the whole path.
pub(in crate::api) fn base_name(file_name: &str) -> String {
    let name = file_name.rsplit(['/', '\\']).next().unwrap_or_default().trim();
    if name.is_empty() {
        "file".to_owned()
    } else {
        name.to_owned()
    }
}

fn incoming(file_name: String, bytes: Bytes) -> IncomingItem {
    IncomingItem {
        place: Place::File(file_name.clone()),
        external_id: file_name.clone(),
        content: IncomingContent::File { file_name, bytes },
        metadata: Map::new(),
        gold: None,
    }
}

fn reject(summary: &mut ImportSummary, file_name: String, maximum_bytes: usize) {
    summary.merge(ImportSummary {
        rejected: 1,
        rejections: vec![Rejection {
            place: Place::File(file_name.clone()).to_string(),
            external_id: Some(file_name),
            problem: format!("the file is larger than {maximum_bytes} bytes"),
        }],
        ..ImportSummary::default()
    });
}
