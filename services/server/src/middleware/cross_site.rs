//! Refuses what other sites make a browser send.

use axum::response::{IntoResponse, Response};
use tower_http::csrf::{CsrfLayer, ProtectionError};

use crate::problem::{Problem, ProblemKind};
use crate::settings::SettingsError;

/// How the layer answers what it refuses.
pub(crate) type Refusal = fn(ProtectionError) -> Response;

/// The layer that refuses requests that change something and come from another site, by `Sec-Fetch-Site` and `Origin`.
pub(crate) fn cross_site_protection(trusted_origins: &[String]) -> Result<CsrfLayer<Refusal>, SettingsError> {
    let mut layer = CsrfLayer::new();
    for origin in trusted_origins {
        layer = layer.add_trusted_origin(origin).map_err(|error| SettingsError {
            name: "trusted_origins",
            problem: error.to_string(),
        })?;
    }
    Ok(layer.with_rejection_response(refuse as Refusal))
}

fn refuse(_error: ProtectionError) -> Response {
    Problem::new(ProblemKind::Forbidden, "the request comes from another site").into_response()
}
