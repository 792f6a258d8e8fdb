//! The service on real servers, called as others call it.

#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod cart;
mod events;
mod lists;
mod races;
mod support;
mod wishes;
