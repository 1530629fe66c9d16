//! The pages for people: rendered on the server, readable without scripts, sent as plain forms.

mod agreement;
mod annotate;
mod calibration;
mod clusters;
mod difference;
mod document;
mod figure_cell;
mod form;
mod held;
mod item;
mod items;
mod levels;
mod login;
mod methods;
mod numbers;
mod overview;
mod problems;
mod projects;
mod reading;
mod reliability;
mod render;
mod review;
mod rows_difference;
mod runs;
mod shown;
mod visit;
mod votes;

use axum::Router;
use axum::routing::{get, post};

use crate::assets;
use crate::state::AppState;

pub(crate) use problems::show_problems_as_pages;

/// The addresses of all pages.
pub(crate) fn routes(_state: &AppState) -> Router<AppState> {
    Router::new()
        .route("/", get(projects::list))
        .route("/projects", get(projects::all))
        .route("/login", get(login::show).post(login::submit))
        .route("/logout", post(login::leave))
        .route("/projects/{project}", get(overview::show))
        .route("/projects/{project}/agreement", get(agreement::show))
        .route("/projects/{project}/calibration", get(calibration::first))
        .route("/projects/{project}/calibration/{field}", get(calibration::show))
        .route("/projects/{project}/methods", get(methods::show))
        .route("/projects/{project}/refit", post(overview::refit))
        .route("/projects/{project}/tasks/{task}/revive", post(overview::revive))
        .route("/projects/{project}/tasks/{task}/renew", post(held::renew))
        .route("/projects/{project}/tasks/{task}/release", post(held::release))
        .route("/projects/{project}/runs", get(runs::list).post(runs::start))
        .route("/projects/{project}/runs/{run}", get(runs::show))
        .route("/projects/{project}/runs/{run}/pause", post(runs::pause))
        .route("/projects/{project}/runs/{run}/resume", post(runs::resume))
        .route("/projects/{project}/runs/{run}/cancel", post(runs::cancel))
        .route("/projects/{project}/runs/{run}/budget", post(runs::set_budget))
        .route("/projects/{project}/reading", get(reading::read))
        .route("/projects/{project}/items", get(items::list))
        .route("/projects/{project}/items/{item}", get(item::show))
        .route("/projects/{project}/items/{item}/review", post(item::review))
        .route(
            "/projects/{project}/annotate",
            get(annotate::show).post(annotate::submit_form),
        )
        .route("/projects/{project}/review", get(review::list))
        .route("/projects/{project}/review/next", get(review::next))
        .route(
            "/projects/{project}/review/{task}",
            get(review::show).post(review::submit_form),
        )
        .merge(assets::routes())
}
