//! The whole shop on real servers.

#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod backup;
mod contract;
mod discovery;
mod event_schemas;
mod everything;
mod expiry;
mod faults;
mod generator;
mod hostile;
mod metrics;
mod once;
mod oversell;
mod rotation;
mod security;
mod startup;
mod traces;
mod transactions;
mod walkthrough;
