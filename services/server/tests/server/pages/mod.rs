//! The pages as people see them.

mod annotating;
mod browser;
mod clusters;
mod documents;
mod escaping;
mod everywhere;
mod figures;
mod live;
mod login;
mod methods;
mod reviewing;
mod running;
mod runs;
