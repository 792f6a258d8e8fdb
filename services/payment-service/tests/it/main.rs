//! The service over HTTP, on real servers.
#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod act;
mod cancel;
mod disputes;
mod localstripe;
mod model;
mod pay;
mod played;
mod races;
mod recovery;
mod returns;
mod secrets;
mod stripe;
mod stripe_wire;
mod support;
mod transactions;
mod webhook;
