//! Keeping the methods.

use std::sync::Arc;

use config::database::{Begin, retrying};
use config::response::IfMatch;

use super::{ShippingError, Store};
use crate::domain::{MethodCode, ShippingMethod};

/// Adds, replaces and retires methods.
pub struct ManageMethods {
    store: Arc<dyn Begin<dyn Store>>,
}

impl ManageMethods {
    pub fn new(store: Arc<dyn Begin<dyn Store>>) -> Self {
        Self { store }
    }

    /// Adds a method; its code must be free.
    pub async fn add(&self, method: ShippingMethod) -> Result<ShippingMethod, ShippingError> {
        retrying(|| async {
            let mut tx = self.store.begin().await?;
            if !tx.add_method(&method).await? {
                return Err(ShippingError::MethodExists(method.code.clone()));
            }
            tx.commit().await?;
            Ok(())
        })
        .await?;
        tracing::info!(method.code = %method.code, "a shipping method was added");
        Ok(method)
    }

    /// Replaces everything but the code.
    pub async fn replace(
        &self,
        method: ShippingMethod,
        if_match: &IfMatch,
    ) -> Result<ShippingMethod, ShippingError> {
        self.change(&method.code, if_match, |_| method.clone()).await
    }

    /// Offers it no more; orders that chose it are still shipped by it.
    pub async fn retire(
        &self,
        code: &MethodCode,
        if_match: &IfMatch,
    ) -> Result<ShippingMethod, ShippingError> {
        self.change(code, if_match, |current| ShippingMethod { active: false, ..current }).await
    }

    async fn change(
        &self,
        code: &MethodCode,
        if_match: &IfMatch,
        change: impl Fn(ShippingMethod) -> ShippingMethod + Send + Sync,
    ) -> Result<ShippingMethod, ShippingError> {
        let method = retrying(|| async {
            let mut tx = self.store.begin().await?;
            let current =
                tx.method_for_update(code).await?.ok_or_else(|| ShippingError::NoMethod(code.clone()))?;
            if_match.check(current.version)?;
            let version = current.version + 1;
            let changed = ShippingMethod { version, ..change(current) };
            tx.save_method(&changed).await?;
            tx.commit().await?;
            Ok::<_, ShippingError>(changed)
        })
        .await?;
        tracing::info!(method.code = %code, active = method.active, "a shipping method was changed");
        Ok(method)
    }
}
