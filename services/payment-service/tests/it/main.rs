//! The service over HTTP, on real servers.

mod act;
mod cancel;
mod pay;
mod races;
mod recovery;
mod secrets;
mod support;
mod webhook;
