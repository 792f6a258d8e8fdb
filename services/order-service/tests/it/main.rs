//! The service on real servers, called as others call it; the other services are played.

mod carts;
mod changing;
mod events;
mod outages;
mod placing;
mod pricing;
mod races;
mod reading;
mod sales;
mod support;
