//! Following the parcels of orders that are over: what has left isn't on the shelf, whatever its order says.

use std::sync::Arc;

use config::database::{Begin, retrying};
use config::kafka::Envelope;

use super::{FollowedOrder, InventoryError, Settle, Store};

/// Where a parcel is whose order is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parcel {
    Away,
    /// It was away, and is here again.
    Back,
}

/// Acts on the events of parcels.
pub struct FollowParcel {
    store: Arc<dyn Begin<dyn Store>>,
    settle: Settle,
}

impl FollowParcel {
    pub fn new(store: Arc<dyn Begin<dyn Store>>, settle: Settle) -> Self {
        Self { store, settle }
    }

    /// The order's end may have been heard of, or not yet.
    pub async fn run(
        &self,
        message: &Envelope,
        parcel: Parcel,
        FollowedOrder { id: order, reservation }: FollowedOrder,
    ) -> Result<(), InventoryError> {
        retrying(|| async {
            let mut tx = self.store.begin().await?;
            if !tx.claim(message).await? {
                return Ok(());
            }
            let settled = match parcel {
                Parcel::Away => self.settle.parcel_away_in(tx.as_mut(), reservation).await?,
                Parcel::Back => self.settle.parcel_back_in(tx.as_mut(), reservation).await?,
            };
            tx.commit().await?;
            let state = settled.state.as_str();
            tracing::info!(order.id = order, state, ?parcel, "the stock of an order that is over");
            Ok(())
        })
        .await
    }
}
