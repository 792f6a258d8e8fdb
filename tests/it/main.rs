//! The whole shop on real servers.

mod discovery;
mod expiry;
mod faults;
mod hostile;
mod once;
mod oversell;
mod security;
mod startup;
mod walkthrough;
