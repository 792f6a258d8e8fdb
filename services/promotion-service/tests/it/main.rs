//! The service on real servers, called as others call it.

#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod apply;
mod demo;
mod events;
mod outages;
mod pricing;
mod promotions;
mod races;
mod replicas;
mod reservations;
mod support;
mod visibility;
