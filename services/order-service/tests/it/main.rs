//! The service on real servers, called as others call it; the other services are played.
#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod carts;
mod changing;
mod events;
mod others;
mod outages;
mod placing;
mod pricing;
mod races;
mod reading;
mod refunding;
mod repricing;
mod returning;
mod sales;
mod support;
