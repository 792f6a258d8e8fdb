//! The service over HTTP, on real servers.
#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod act;
mod cancel;
mod pay;
mod races;
mod recovery;
mod returns;
mod secrets;
mod support;
mod transactions;
mod webhook;
