//! Finding products.
