//! The service on real servers, called as others call it.
#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod accounts;
mod addresses;
mod administration;
mod faults;
mod passwords;
mod sessions;
mod support;
mod throttle;
mod tokens;
mod validation;
