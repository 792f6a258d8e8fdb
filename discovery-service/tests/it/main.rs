//! The real binary on a Redis of its own, which the tests take down and bring back.

mod harness;
mod leases;
mod outages;
mod polls;
mod requests;
