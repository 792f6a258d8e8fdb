//! The service on real servers, called as others call it.

#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod events;
mod formats;
mod parcels;
mod races;
mod reservations;
mod stock;
mod support;
