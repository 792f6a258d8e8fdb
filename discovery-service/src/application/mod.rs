//! What can be done with the registry.

mod change;
mod error;
mod leave;
mod list;
mod notices;
pub mod ports;
mod register;
mod renew;
mod set_status;
mod sweep;

pub use error::RegistryError;
pub use list::Since;
pub use notices::Notices;

use std::sync::Arc;

use self::ports::Rosters;

/// The registry's use cases: one file each.
#[derive(Clone)]
pub struct Registry {
    store: Arc<dyn Rosters>,
    notices: Notices,
}

impl Registry {
    pub fn new(store: Arc<dyn Rosters>, notices: Notices) -> Self {
        Self { store, notices }
    }
}
