//! The service on real servers, called as others call it.
#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod events;
mod methods;
mod races;
mod shipments;
mod support;
mod tracking;
