//! The shop in containers, as its operators run it.

mod engine;
mod load;
mod project;
mod stand_ins;

pub use engine::{Engine, docker};
pub use load::{Customers, Load, PASSWORD};
pub use project::{Project, SHOP};
