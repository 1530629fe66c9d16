//! Stopping early: when the next vote is not worth its price.
//!
//! A calibrator must be fitted and certified on items voted under the same stopping rule: an early unanimous
//! vote was selected by stopping.

mod expected_votes;
mod families;
mod leader;
mod order;
mod replay;
mod rule;
mod sequential_test;
mod windows;

pub use expected_votes::{EvenRule, expected_votes};
pub use families::{FamilyVote, cannot_change_by_families};
pub use leader::{cannot_change, leader_probability, leader_probability_of_all};
pub use order::{call_order, expected_information};
pub use replay::{Replay, ReplayWeights, replay};
pub use rule::{Standing, StopReason, StoppingRule};
pub use sequential_test::{SequentialDecision, SequentialTest, SequentialTrace};
pub use windows::calls_until_unanimous_window;
