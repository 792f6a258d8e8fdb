//! What the state wants of a sale.
