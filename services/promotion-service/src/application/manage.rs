//! Keeping the promotions.

use std::sync::Arc;

use config::clock::Clock;
use config::database::{Begin, retrying};
use config::kafka::Envelope;
use config::response::IfMatch;

use super::{LivePromotions, PromotionChanged, PromotionError, Store};
use crate::domain::{Promotion, PromotionId, Terms};

/// Adds, changes and archives promotions.
#[derive(Clone)]
pub struct ManagePromotions {
    store: Arc<dyn Begin<dyn Store>>,
    live: Arc<LivePromotions>,
    clock: Arc<dyn Clock>,
}

impl ManagePromotions {
    pub fn new(store: Arc<dyn Begin<dyn Store>>, live: Arc<LivePromotions>, clock: Arc<dyn Clock>) -> Self {
        Self { store, live, clock }
    }

    pub async fn add(&self, terms: &Terms) -> Result<Promotion, PromotionError> {
        let added = retrying(|| async {
            let mut tx = self.store.begin().await?;
            let promotion = tx.add(terms, self.clock.now()).await.map_err(|error| taken(terms, error))?;
            tx.publish(changed(&promotion)).await?;
            tx.commit().await?;
            Ok::<_, PromotionError>(promotion)
        });
        let promotion = added.await?;
        self.live.forget();
        tracing::info!(promotion.id = promotion.id.get(), "a promotion was added");
        Ok(promotion)
    }

    /// Gives it other terms. Orders that have it keep their price.
    pub async fn replace(
        &self,
        id: PromotionId,
        terms: &Terms,
        if_match: &IfMatch,
    ) -> Result<Promotion, PromotionError> {
        self.change(id, if_match, |promotion| promotion.terms.clone_from(terms)).await
    }

    /// Offers it no more, and frees its code. Orders that have it keep it.
    pub async fn archive(&self, id: PromotionId, if_match: &IfMatch) -> Result<(), PromotionError> {
        self.change(id, if_match, |promotion| promotion.archived = true).await.map(drop)
    }

    async fn change(
        &self,
        id: PromotionId,
        if_match: &IfMatch,
        change: impl Fn(&mut Promotion) + Send + Sync,
    ) -> Result<Promotion, PromotionError> {
        let change = &change;
        let promotion = retrying(|| async move {
            let mut tx = self.store.begin().await?;
            let found = tx.promotion_for_update(id).await?.filter(|promotion| !promotion.archived);
            let mut promotion = found.ok_or(PromotionError::NotFound(id))?;
            if_match.check(promotion.version)?;
            change(&mut promotion);
            promotion.version += 1;
            promotion.updated_at = self.clock.now();
            tx.save(&promotion).await.map_err(|error| taken(&promotion.terms, error))?;
            tx.publish(changed(&promotion)).await?;
            tx.commit().await?;
            Ok::<_, PromotionError>(promotion)
        })
        .await?;
        self.live.forget();
        tracing::info!(promotion.id = id.get(), archived = promotion.archived, "a promotion was changed");
        Ok(promotion)
    }
}

pub(super) fn changed(promotion: &Promotion) -> Envelope {
    Envelope::new(&PromotionChanged {
        promotion_id: promotion.id.get(),
        is_active: promotion.terms.is_active,
        archived: promotion.archived,
        version: promotion.version,
    })
}

fn taken(terms: &Terms, error: config::database::StoreError) -> PromotionError {
    match &terms.code {
        Some(code) if error.violates("promotions_live_code") => PromotionError::CodeTaken(code.clone()),
        _ => error.into(),
    }
}
