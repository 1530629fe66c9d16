//! What happens to every request around its handler.

mod cross_site;
mod headers;
mod observe;
mod panics;
mod time_limit;

pub(crate) use cross_site::{Refusal, cross_site_protection};
pub(crate) use headers::add_security_headers;
pub(crate) use observe::observe;
pub(crate) use panics::catch_panics;
pub(crate) use time_limit::limit_time;
