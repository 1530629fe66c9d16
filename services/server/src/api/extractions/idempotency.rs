//! The header `Idempotency-Key`: a repeated request gets the extraction of the first one.

use accord_datasets::intake::IncomingContent;
use accord_domain::{Project, Timestamp};
use accord_store::KeyState;
use http::HeaderMap;
use sha2::{Digest, Sha256};

use crate::access::Principal;
use crate::api::extractions::EXTERNAL_ID_PREFIX;
use crate::api::extractions::incoming::IncomingDocument;
use crate::problem::{Problem, ProblemKind};
use crate::state::AppState;

/// The most characters of a key.
const MAXIMUM_KEY_CHARACTERS: usize = 255;

/// How long a key is remembered: a day.
const KEY_LIFE_MILLISECONDS: i64 = 24 * 3_600_000;

/// The name under which a request makes its item.
pub(super) struct Claim {
    pub(super) external_id: String,
    /// Whether an earlier request has claimed the name. It may have died before it made the item.
    pub(super) repeated: bool,
}

impl Claim {
    /// Claims the key of the request, if it has one.
    pub(super) async fn make(
        state: &AppState,
        principal: &Principal,
        headers: &HeaderMap,
        project: &Project,
        document: &IncomingDocument,
    ) -> Result<Self, Problem> {
        let random = state.environment.random_bytes();
        let external_id = format!("{EXTERNAL_ID_PREFIX}{}", hex::encode(random));
        let Some(key) = key(headers)? else {
            return Ok(Self {
                external_id,
                repeated: false,
            });
        };
        let now = state.environment.now();
        let forgotten = Timestamp::from_microseconds(now.as_microseconds() - KEY_LIFE_MILLISECONDS * 1000);
        let mut transaction = state.store.write().await?;
        transaction.delete_keys_before(forgotten).await?;
        let claimed = transaction
            .claim_key(
                &principal.label(),
                key,
                &request_hash(project, document),
                &external_id,
                now,
            )
            .await?;
        transaction.commit().await?;
        match claimed {
            KeyState::New => Ok(Self {
                external_id,
                repeated: false,
            }),
            KeyState::Repeated { reference } => Ok(Self {
                external_id: reference,
                repeated: true,
            }),
            KeyState::Mismatch => Err(Problem::new(
                ProblemKind::Invalid,
                "this `Idempotency-Key` was used for another request: use a new key for a new document",
            )),
        }
    }
}

fn key(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let Some(header) = headers.get("idempotency-key") else {
        return Ok(None);
    };
    let text = header.to_str().unwrap_or_default().trim().trim_matches('"');
    if text.is_empty() || text.len() > MAXIMUM_KEY_CHARACTERS {
        return Err(Problem::invalid(
            "Idempotency-Key",
            format!("the key must have 1 to {MAXIMUM_KEY_CHARACTERS} visible ASCII characters"),
        ));
    }
    Ok(Some(text))
}

/// The hash of all that makes two requests the same. Every part is preceded by its length, so that no two lists of parts
/// run together to the same bytes.
fn request_hash(project: &Project, document: &IncomingDocument) -> String {
    let metadata = serde_json::Value::Object(document.metadata.clone()).to_string();
    let (name, content) = match &document.content {
        IncomingContent::Data(data) => (
            String::new(),
            serde_json::Value::Object(data.clone()).to_string().into(),
        ),
        IncomingContent::File { file_name, bytes } => (file_name.clone(), bytes.clone()),
    };
    let mut hasher = Sha256::new();
    for part in [
        project.id.to_string().as_bytes(),
        metadata.as_bytes(),
        name.as_bytes(),
        &content,
    ] {
        hasher.update(part.len().to_le_bytes());
        hasher.update(part);
    }
    hex::encode(hasher.finalize())
}
