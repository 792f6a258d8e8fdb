//! The real agent with a real Nginx, between a registry and services that the tests play.

mod changes;
mod harness;
mod requests;
mod telling;
mod tls;
mod uploads;
mod upstream;
