//! The service on real servers, called as others call it.

mod events;
mod races;
mod reservations;
mod stock;
mod support;
