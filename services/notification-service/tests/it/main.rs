//! The service on real servers, called as others call it.

mod api;
mod deliveries;
mod emails;
mod events;
mod races;
mod smtp;
mod stream;
mod support;
mod webhooks;
