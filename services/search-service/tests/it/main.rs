//! The service on real servers, with product-service played by the test.
#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod building;
mod news;
mod outages;
mod requests;
mod support;
mod together;
