//! The session's cookie.

use axum::http::request::Parts;
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};
use secrecy::{ExposeSecret, SecretString};

use crate::access::principal::{PrincipalSlot, SignedInPerson, user_label};
use crate::accounts::{NewSession, verify_session};
use crate::problem::Problem;
use crate::state::AppState;

/// The name of the session's cookie.
pub const SESSION_COOKIE: &str = "accord_session";

/// Its name when it is only sent over HTTPS; the prefix makes browsers refuse it from anywhere else.
const SECURE_SESSION_COOKIE: &str = "__Host-accord_session";

/// The person whose session the request belongs to.
pub(super) async fn find(parts: &Parts, state: &AppState) -> Result<Option<SignedInPerson>, Problem> {
    let jar = CookieJar::from_headers(&parts.headers);
    let Some(cookie) = jar.get(cookie_name(state)) else {
        return Ok(None);
    };
    let secret = SecretString::from(cookie.value());
    let user = verify_session(state.store.as_ref(), state.environment.as_ref(), &secret).await?;
    if let (Some(user), Some(slot)) = (&user, parts.extensions.get::<PrincipalSlot>()) {
        slot.set(user_label(user));
    }
    Ok(user.map(|user| SignedInPerson::new(user, secret)))
}

/// The cookie of a session that has just begun. The browser forgets it when it is closed; the server ends the session
/// at its own time.
#[must_use]
pub fn session_cookie(state: &AppState, session: &NewSession) -> Cookie<'static> {
    cookie(state, session.secret.expose_secret().to_owned())
}

/// The cookie that takes an ended session's place.
#[must_use]
pub fn expired_session_cookie(state: &AppState) -> Cookie<'static> {
    let mut cookie = cookie(state, String::new());
    cookie.make_removal();
    cookie
}

fn cookie(state: &AppState, value: String) -> Cookie<'static> {
    Cookie::build((cookie_name(state), value))
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(state.settings.secure_cookies)
        .build()
}

fn cookie_name(state: &AppState) -> &'static str {
    if state.settings.secure_cookies {
        SECURE_SESSION_COOKIE
    } else {
        SESSION_COOKIE
    }
}
