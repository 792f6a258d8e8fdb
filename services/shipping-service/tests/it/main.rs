//! The service on real servers, called as others call it.

mod events;
mod methods;
mod races;
mod shipments;
mod support;
mod tracking;
