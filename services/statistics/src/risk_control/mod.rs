//! Accepting automatically with a stated bound on the error.
//!
//! The certification items must be a simple random sample, untouched by any fitting, and alike to what comes
//! next; a new supplier, template or language is not covered.

mod audit;
mod binomial;
mod clustered;
mod conformal;
mod coverage_steps;
mod fixed_sequence;
mod hoeffding_bentkus;
mod strata;

pub use audit::{AuditPlan, audit_pass_probability, plan_audit};
pub use binomial::{binomial_p_value, error_lower_bound, error_upper_bound, smallest_sample};
pub use clustered::{design_effect, intraclass_correlation};
pub use conformal::{ConformalPath, ConformalStep, conformal_threshold};
pub use coverage_steps::coverage_steps;
pub use fixed_sequence::{Certification, DEFAULT_START_ERRORS, LevelTest, RiskTarget, certify_threshold};
pub use hoeffding_bentkus::{LossPValues, loss_p_values};
pub use strata::{Stratum, delta_in_period, stratified_upper_bound};
