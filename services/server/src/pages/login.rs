//! Logging in and out.

use axum::extract::{Form, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::CookieJar;
use http::StatusCode;
use http::header::RETRY_AFTER;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::access::{ClientAddress, MaybeSignedIn, ProtectedForm, expired_session_cookie, session_cookie};
use crate::accounts::{LoginError, end_session, log_in};
use crate::pages::problems::is_own_address;
use crate::pages::render::{Frame, page, page_with_status};
use crate::problem::Problem;
use crate::state::AppState;

/// Where to go after the login.
#[derive(Debug, Deserialize)]
pub(super) struct LoginQuery {
    #[serde(default)]
    next: String,
}

/// The form of the login.
#[derive(Deserialize)]
pub(super) struct LoginForm {
    #[serde(default)]
    name: String,
    password: SecretString,
    #[serde(default)]
    next: String,
}

#[derive(Debug, Default, Serialize)]
struct LoginShown {
    next: String,
    name: String,
    problem: Option<String>,
    nobody_there: bool,
}

/// Shows the login; who is logged in already goes on.
pub(super) async fn show(
    State(state): State<AppState>,
    MaybeSignedIn(person): MaybeSignedIn,
    Query(query): Query<LoginQuery>,
) -> Result<Response, Problem> {
    if person.is_some() {
        return Ok(Redirect::to(way_on(&query.next)).into_response());
    }
    let shown = LoginShown {
        next: way_on(&query.next).to_owned(),
        nobody_there: nobody_there(&state).await?,
        ..LoginShown::default()
    };
    page("login.html", &Frame::anonymous(), &shown)
}

/// Logs a person in.
pub(super) async fn submit(
    State(state): State<AppState>,
    ClientAddress(address): ClientAddress,
    jar: CookieJar,
    Form(form): Form<LoginForm>,
) -> Result<Response, Problem> {
    let error = match log_in(&state, form.name.trim(), &form.password, address).await {
        Ok((_, session)) => {
            let jar = jar.add(session_cookie(&state, &session));
            return Ok((jar, Redirect::to(way_on(&form.next))).into_response());
        }
        Err(LoginError::Failed(error)) => return Err(error.into()),
        Err(error) => error,
    };
    let shown = LoginShown {
        next: way_on(&form.next).to_owned(),
        problem: Some(sentence(&error)),
        name: form.name,
        nobody_there: nobody_there(&state).await?,
    };
    let status = match &error {
        LoginError::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
        LoginError::Refused | LoginError::Failed(_) => StatusCode::UNAUTHORIZED,
    };
    let mut response = page_with_status(status, "login.html", &Frame::anonymous(), &shown)?;
    if let LoginError::TooMany(attempts) = &error {
        response
            .headers_mut()
            .insert(RETRY_AFTER, attempts.retry_after_seconds.into());
    }
    Ok(response)
}

/// Logs a person out.
pub(super) async fn leave(
    State(state): State<AppState>,
    jar: CookieJar,
    form: ProtectedForm<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    end_session(state.store.as_ref(), form.person.session_secret()).await?;
    let jar = jar.add(expired_session_cookie(&state));
    Ok((jar, Redirect::to("/login")).into_response())
}

fn way_on(next: &str) -> &str {
    if is_own_address(next) && !next.starts_with("/login") {
        next
    } else {
        "/"
    }
}

fn sentence(error: &LoginError) -> String {
    let text = error.to_string();
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(characters).chain(['.']).collect()
    })
}

async fn nobody_there(state: &AppState) -> Result<bool, Problem> {
    Ok(state.store.read().await?.list_users().await?.is_empty())
}
