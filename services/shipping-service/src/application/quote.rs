//! What a parcel would cost.

use std::sync::Arc;

use super::{MethodsReader, ShippingError};
use crate::domain::{Offer, Parcel};

/// Finds the methods that a parcel can be sent by.
pub struct Quote {
    methods: Arc<dyn MethodsReader>,
}

impl Quote {
    pub fn new(methods: Arc<dyn MethodsReader>) -> Self {
        Self { methods }
    }

    /// In the order of the methods' positions.
    pub async fn run(&self, parcel: &Parcel) -> Result<Vec<Offer>, ShippingError> {
        let methods = self.methods.methods().await?;
        Ok(methods.into_iter().filter_map(|method| method.offer(parcel)).collect())
    }
}
