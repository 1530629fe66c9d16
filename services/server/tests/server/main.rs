//! The server as its clients see it: the whole application in process, on a real database.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

mod access;
mod agreement;
mod annotators;
mod calibration;
mod document;
mod exports;
mod extractions;
mod gold;
mod house;
mod imports;
mod log;
mod pages;
mod panel;
mod problems;
mod projects;
mod reservations;
mod runs;
mod serving;
mod sessions;
