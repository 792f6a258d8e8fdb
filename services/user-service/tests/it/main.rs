//! The service on real servers, called as others call it.

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
