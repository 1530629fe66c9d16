//! Numeric ground under the methods: sums, quantiles, special functions, small linear systems.

pub(crate) mod beta_function;
pub(crate) mod bins;
pub(crate) mod clustered;
pub(crate) mod conditional_logit;
pub(crate) mod digamma;
pub(crate) mod gamma_function;
pub(crate) mod line;
pub(crate) mod linear;
pub(crate) mod linfa_start;
pub(crate) mod logistic;
pub(crate) mod newton;
pub(crate) mod normal;
pub(crate) mod pool_adjacent;
pub(crate) mod quantile;
pub(crate) mod random;
pub(crate) mod student;
pub(crate) mod sum;
