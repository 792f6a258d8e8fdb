//! What the state wants of a sale.

pub mod domain;
