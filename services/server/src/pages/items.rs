//! The list of a project's items.

use accord_domain::{Item, ItemContent, ItemId, ItemState};
use accord_store::{ItemFilter, PageRequest};
use axum::extract::{Query, State};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::access::Reviewer;
use crate::pages::numbers::{Moment, count};
use crate::pages::projects::title;
use crate::pages::render::{Frame, page};
use crate::pages::shown::ShownState;
use crate::pages::visit::Visit;
use crate::problem::Problem;
use crate::state::AppState;
use accord_domain::{Consensus, Decision};

/// How many items are on a page.
const ITEMS_A_PAGE: u32 = 50;

/// The most characters of the beginning of a name that are searched for.
const MAXIMUM_PREFIX_CHARACTERS: usize = 200;

/// Which items are wanted.
#[derive(Debug, Deserialize)]
pub(super) struct ItemsQuery {
    #[serde(default)]
    state: String,
    #[serde(default)]
    name: String,
    after: Option<Uuid>,
}

#[derive(Debug, Serialize)]
struct ItemsShown {
    project: String,
    title: String,
    tabs: Vec<Tab>,
    state: &'static str,
    name: String,
    items: Vec<ItemLine>,
    first_page: bool,
    next: Option<String>,
}

/// One of the filters by state.
#[derive(Debug, Serialize)]
struct Tab {
    word: &'static str,
    title: &'static str,
    count: String,
    current: bool,
}

#[derive(Debug, Serialize)]
struct ItemLine {
    id: String,
    external_id: String,
    what: String,
    state: ShownState,
    /// Fields that a person must look at, by title.
    doubtful: Vec<String>,
    imported: Moment,
}

/// Lists items, filtered by state and by the beginning of their names.
pub(super) async fn list(
    State(state): State<AppState>,
    visit: Visit<Reviewer>,
    Query(query): Query<ItemsQuery>,
) -> Result<Response, Problem> {
    let wanted = parse_state(&query.state)?;
    let name: String = query.name.trim().chars().take(MAXIMUM_PREFIX_CHARACTERS).collect();
    let filter = ItemFilter {
        state: wanted,
        external_id_prefix: (!name.is_empty()).then(|| name.clone()),
    };
    let request = PageRequest {
        after: query.after,
        limit: ITEMS_A_PAGE,
    };
    let project = &visit.project;
    let mut transaction = state.store.read().await?;
    let found = transaction.list_items(project.id, &filter, request).await?;
    let counts = transaction.count_items(project.id).await?;
    let ids: Vec<ItemId> = found.rows.iter().map(|item| item.id).collect();
    let consensus = transaction.consensus_of_items(&ids).await?;
    let total = counts.pending + counts.accepted + counts.needs_review + counts.resolved;
    let tab = |word: &'static str, title: &'static str, number: i64| Tab {
        word,
        title,
        count: count(number),
        current: wanted.map_or("", ItemState::word) == word,
    };
    let shown = ItemsShown {
        project: project.definition.name.clone(),
        title: title(project),
        tabs: vec![
            tab("", "all", total),
            tab("pending", "in progress", counts.pending),
            tab("needs_review", "needs a person", counts.needs_review),
            tab("accepted", "accepted", counts.accepted),
            tab("resolved", "resolved", counts.resolved),
        ],
        state: wanted.map_or("", ItemState::word),
        name,
        items: found.rows.iter().map(|item| line(item, project, &consensus)).collect(),
        first_page: query.after.is_none(),
        next: found.next.map(|next| next.to_string()),
    };
    page("items.html", &Frame::of(&visit.person), &shown)
}

fn parse_state(word: &str) -> Result<Option<ItemState>, Problem> {
    let states = [
        ItemState::Pending,
        ItemState::Accepted,
        ItemState::NeedsReview,
        ItemState::Resolved,
    ];
    if word.is_empty() {
        return Ok(None);
    }
    let found = states.into_iter().find(|state| state.word() == word);
    found
        .map(Some)
        .ok_or_else(|| Problem::invalid("state", "`state` must be pending, accepted, needs_review or resolved"))
}

fn line(item: &Item, project: &accord_domain::Project, consensus: &[Consensus]) -> ItemLine {
    let doubtful = if item.state == ItemState::NeedsReview {
        project
            .definition
            .fields
            .iter()
            .filter(|field| {
                consensus.iter().any(|row| {
                    row.item_id == item.id
                        && row.field == field.name
                        && matches!(row.decision, Decision::NeedsReview { .. })
                })
            })
            .map(|field| field.title.clone())
            .collect()
    } else {
        Vec::new()
    };
    ItemLine {
        id: item.id.to_string(),
        external_id: item.external_id.clone(),
        what: what(&item.content),
        state: item.state.into(),
        doubtful,
        imported: item.created_at.into(),
    }
}

/// What an item consists of, in a word.
fn what(content: &ItemContent) -> String {
    match content {
        ItemContent::Inline { .. } => "text".to_owned(),
        ItemContent::File { media_type, .. } => match media_type.as_str() {
            "application/pdf" => "PDF".to_owned(),
            "text/plain" => "text file".to_owned(),
            image if image.starts_with("image/") => "image".to_owned(),
            xml if xml.ends_with("xml") => "XML".to_owned(),
            other => other.to_owned(),
        },
    }
}
