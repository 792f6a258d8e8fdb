//! The service on real servers, called as others call it.

#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod demo;
mod events;
mod moderation;
mod races;
mod ratings;
mod support;
