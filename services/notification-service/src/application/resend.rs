//! Sending again what was given up.

use std::sync::Arc;

use config::clock::Clock;
use config::database::{Begin, retrying};

use super::{Bell, DeliveryRecord, NotificationError, Store};
use crate::domain::{Channel, DeliveryId, DeliveryStatus};

/// Begins a dead delivery anew.
#[derive(Clone)]
pub struct Resend {
    store: Arc<dyn Begin<dyn Store>>,
    clock: Arc<dyn Clock>,
    bell: Bell,
}

impl Resend {
    pub fn new(store: Arc<dyn Begin<dyn Store>>, clock: Arc<dyn Clock>, bell: Bell) -> Self {
        Self { store, clock, bell }
    }

    pub async fn run(&self, id: DeliveryId) -> Result<DeliveryRecord, NotificationError> {
        retrying(|| async {
            let now = self.clock.now();
            let mut tx = self.store.begin().await?;
            let mut delivery = tx.delivery_for_update(id).await?.ok_or(NotificationError::NoDelivery(id))?;
            if !delivery.status.can_be_resent() {
                return Err(NotificationError::NotDead { id, status: delivery.status });
            }
            if delivery.channel == Channel::Email && !delivery.has_details {
                return Err(NotificationError::Erased(id));
            }
            tx.restart(id, now).await?;
            tx.commit().await?;
            self.bell.ring();
            tracing::info!(delivery.id = %id, "a dead delivery begins anew");
            delivery.status = DeliveryStatus::Pending;
            delivery.attempts = 0;
            delivery.next_attempt_at = Some(now);
            delivery.updated_at = now;
            Ok(delivery)
        })
        .await
    }
}
