//! From a template and what it shows to a response.

use std::sync::LazyLock;

use axum::response::{Html, IntoResponse, Response};
use http::header::CACHE_CONTROL;
use http::{HeaderValue, StatusCode};
use serde::Serialize;
use tera::{Context, Kwargs, State as TemplateState, Tera};

use crate::access::SignedInPerson;
use crate::assets::{self, Templates};
use crate::problem::Problem;
use accord_domain::Role;

/// What every page shows around its content.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Frame {
    assets: String,
    person: Option<PersonShown>,
    form_token: String,
    /// A sentence about what was just done.
    pub(super) done: Option<&'static str>,
}

#[derive(Debug, Clone, Serialize)]
struct PersonShown {
    name: String,
    role: &'static str,
    may_review: bool,
    may_administer: bool,
}

impl Frame {
    /// The frame of a page that nobody is logged in on.
    pub(super) fn anonymous() -> Self {
        Self {
            assets: assets::address(),
            person: None,
            form_token: String::new(),
            done: None,
        }
    }

    /// The frame of a page of this person.
    pub(super) fn of(person: &SignedInPerson) -> Self {
        let user = &person.user;
        Self {
            assets: assets::address(),
            person: Some(PersonShown {
                name: user.name.clone(),
                role: user.role.word(),
                may_review: user.role >= Role::Reviewer,
                may_administer: user.role >= Role::Administrator,
            }),
            form_token: person.form_token(),
            done: None,
        }
    }

    /// The frame with a sentence about what was just done.
    pub(super) fn with_done(mut self, sentence: Option<&'static str>) -> Self {
        self.done = sentence;
        self
    }
}

#[expect(
    clippy::expect_used,
    reason = "the templates are part of the program and every one is rendered in its tests"
)]
static TEMPLATES: LazyLock<Tera> = LazyLock::new(|| {
    let files: Vec<(String, String)> = Templates::iter()
        .filter_map(|name| {
            let file = Templates::get(&name)?;
            let text = String::from_utf8(file.data.into_owned()).ok()?;
            Some((name.into_owned(), text))
        })
        .collect();
    let mut tera = Tera::default();
    tera.register_filter("urlencode", |text: &str, _: Kwargs, _: &TemplateState| {
        percent_encode(text)
    });
    tera.add_raw_templates(files).expect("every template is well formed");
    tera
});

/// A text as part of an address.
pub(super) fn percent_encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'/') {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

/// The page with what it shows.
pub(super) fn page(template: &str, frame: &Frame, view: &impl Serialize) -> Result<Response, Problem> {
    page_with_status(StatusCode::OK, template, frame, view)
}

/// The page with what it shows, as an answer of this status. Nobody may keep it: it is one person's.
pub(super) fn page_with_status(
    status: StatusCode,
    template: &str,
    frame: &Frame,
    view: &impl Serialize,
) -> Result<Response, Problem> {
    let mut context = Context::new();
    context.insert("frame", frame);
    context.insert("view", view);
    let text = TEMPLATES
        .render(template, &context)
        .map_err(|error| Problem::internal(&error))?;
    let mut response = (status, Html(text)).into_response();
    response
        .headers_mut()
        .insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}
