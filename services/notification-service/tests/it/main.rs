//! The service on real servers, called as others call it.
#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod api;
mod deliveries;
mod emails;
mod events;
mod races;
mod retention;
mod settings;
mod smtp;
mod stream;
mod support;
mod unverified;
mod webhooks;
mod words;
