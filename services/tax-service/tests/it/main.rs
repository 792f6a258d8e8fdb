//! The service on real servers, called as others call it.
#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod calculations;
mod exemptions;
mod instances;
mod outages;
mod quotes;
mod races;
mod rates;
mod support;
