//! The whole shop on real servers.

#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod contract;
mod discovery;
mod event_schemas;
mod everything;
mod expiry;
mod faults;
mod generator;
mod hostile;
mod once;
mod oversell;
mod security;
mod startup;
mod transactions;
mod walkthrough;
