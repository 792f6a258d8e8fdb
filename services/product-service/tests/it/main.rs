//! The service on real servers, called as others call it.

mod demo;
mod events;
mod import;
mod lists;
mod outbox;
mod products;
mod races;
mod refusals;
mod replicas;
mod support;
