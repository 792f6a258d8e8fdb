//! What an operator wants changed.

use config::problem::InvalidFields;

use crate::domain::{Draft, Product};

/// A wish that depends on what the product is now. It is asked again when somebody else was quicker.
pub trait Edit: Send + Sync {
    /// What the product shall be; `present` is `None` when there is none yet.
    fn apply(&self, present: Option<&Product>) -> Result<Draft, InvalidFields>;
}

/// Replacing everything depends on nothing.
impl Edit for Draft {
    fn apply(&self, _: Option<&Product>) -> Result<Draft, InvalidFields> {
        Ok(self.clone())
    }
}
