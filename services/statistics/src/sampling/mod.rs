//! Which items to label, and what their labels say about all items.
//!
//! Every selection stores the probability with which each item could have been drawn, the design and the seed.
//! Labels without a known probability must not fit calibrators, measure, or certify.

mod allocation;
mod draw;
mod estimates;
mod propensities;
mod purposes;
mod stratified_mean;

pub use allocation::{Allocation, LEAST_DEVIATION, SamplingStratum, error_deviation, neyman_allocation};
pub use draw::{Draw, Drawn, draw_poisson, draw_stratified};
pub use estimates::{SampleMean, estimate_mean, kish_effective_size};
pub use propensities::{PoissonDesign, poisson_propensities};
pub use purposes::{Purpose, PurposeShares, split_purposes};
pub use stratified_mean::{ErrorStratum, StratifiedMean, stratified_mean};
