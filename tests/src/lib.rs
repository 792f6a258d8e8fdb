//! The shop as its tests see it: a gateway to call, and processes to disturb.
//!
//! `cargo xtask test` starts the shop and names it by `SYSTEM_INSTANCE` and `GATEWAY_URL`. Tests that disturb
//! the shop hold it alone; the others share it.

mod load;
mod shop;
mod shopper;

pub use load::{Answer, Ledger, Load, POISON};
pub use shop::{Alone, Resettled, Shared, Shop, built, eventually, is_decent, json_of};
pub use shopper::Shopper;
