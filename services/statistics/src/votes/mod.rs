//! Votes as a compact table: who gave which class to which item.
//!
//! All methods that need to know the voters take a [`VoteTable`]. It holds 6 bytes a vote and 4 an item (14 a vote with
//! weights), and is never changed.

mod grouping;
mod table;

pub use table::{VoteRow, VoteTable};
