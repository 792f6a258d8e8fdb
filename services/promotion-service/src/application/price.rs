//! What promotions make of a basket.

use std::sync::Arc;

use config::clock::Clock;
use config::id::ProductId;

use super::{LivePromotions, PromotionError, PromotionReader};
use crate::domain::{Basket, Deal, Promotion, PromotionId, Reason, Rejection, choose};

/// A basket's deal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Priced {
    /// The products of the deal's lines.
    pub products: Vec<ProductId>,
    pub deal: Deal,
    /// Why the code that was asked for gives nothing.
    pub rejected: Option<Rejection>,
}

/// Prices baskets.
#[derive(Clone)]
pub struct Price {
    live: Arc<LivePromotions>,
    reader: Arc<dyn PromotionReader>,
    clock: Arc<dyn Clock>,
}

/// The promotions that are for a basket, as far as their terms tell.
pub(super) struct Candidates {
    promotions: Vec<Promotion>,
    rejected: Option<Rejection>,
}

impl Price {
    pub fn new(live: Arc<LivePromotions>, reader: Arc<dyn PromotionReader>, clock: Arc<dyn Clock>) -> Self {
        Self { live, reader, clock }
    }

    /// What the basket would get now. Nothing is kept for it.
    pub async fn run(&self, basket: &Basket) -> Result<Priced, PromotionError> {
        let mut candidates = self.candidates(basket).await?;
        let exhausted = self.exhausted(basket, &candidates).await?;
        candidates.refuse(basket, &exhausted);
        Ok(candidates.priced(basket))
    }

    pub(super) async fn candidates(&self, basket: &Basket) -> Result<Candidates, PromotionError> {
        let now = self.clock.now();
        let live = self.live.now().await?;
        let automatic = live.automatic.iter().filter(|promotion| promotion.unmet(basket, now).is_none());
        let mut candidates = Candidates { promotions: automatic.cloned().collect(), rejected: None };
        if let Some(code) = &basket.code {
            // A code that isn't offered may have been, and then the shopper is told so.
            let known = match live.by_code.get(code) {
                Some(promotion) => Some(promotion.clone()),
                None => self.reader.with_code(code).await?,
            };
            let unmet = known.as_ref().map_or(Some(Reason::Unknown), |known| known.unmet(basket, now));
            candidates.promotions.extend(known.filter(|_| unmet.is_none()));
            candidates.rejected = unmet.map(|reason| Rejection { code: code.clone(), reason });
        }
        Ok(candidates)
    }

    /// Those of the candidates that can't be had for their limits; the database is asked only when there are any.
    pub(super) async fn exhausted(
        &self,
        basket: &Basket,
        candidates: &Candidates,
    ) -> Result<Vec<(PromotionId, Reason)>, PromotionError> {
        let limited: Vec<_> = candidates.promotions.iter().filter(|it| it.is_limited()).collect();
        match limited.is_empty() {
            true => Ok(Vec::new()),
            false => Ok(self.reader.exhausted(&limited, basket).await?),
        }
    }

    /// The promotions that were chosen have other terms than was thought.
    pub(super) fn look_again(&self) {
        self.live.forget();
    }
}

impl Candidates {
    /// Leaves out what can't be had.
    pub(super) fn refuse(&mut self, basket: &Basket, refused: &[(PromotionId, Reason)]) {
        for (id, reason) in refused {
            let Some(position) = self.promotions.iter().position(|it| it.id == *id) else { continue };
            let code = self.promotions.swap_remove(position).terms.code;
            if let Some(code) = code.filter(|code| basket.code.as_ref() == Some(code)) {
                self.rejected = Some(Rejection { code, reason: *reason });
            }
        }
    }

    pub(super) fn promotion(&self, id: PromotionId) -> Option<&Promotion> {
        self.promotions.iter().find(|promotion| promotion.id == id)
    }

    pub(super) fn priced(&self, basket: &Basket) -> Priced {
        let deal = choose(basket, &self.promotions.iter().collect::<Vec<_>>());
        let code = basket.code.as_ref().filter(|code| !deal.honours(code));
        let rejected = self.rejected.clone().or_else(|| {
            let code = code?.clone();
            let promotion = self.promotions.iter().find(|it| it.terms.code.as_ref() == Some(&code))?;
            // Ten per cent of a cent are nothing, with or without a better offer.
            let reason = match choose(basket, &[promotion]).applied.is_empty() {
                true => Reason::MinimumNotMet,
                false => Reason::NotCombinable,
            };
            Some(Rejection { code, reason })
        });
        let products = basket.lines().iter().map(|line| line.product_id.clone()).collect();
        Priced { products, deal, rejected }
    }
}
