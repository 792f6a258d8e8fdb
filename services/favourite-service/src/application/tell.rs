//! Telling everybody who wishes a product what is new.
//!
//! A round goes through the wishers of a product, some at a time: what each of them knows and what each is told
//! change in one transaction, so nobody is told twice. It tells what is so now, not each step in between.

use std::sync::Arc;

use config::database::{Begin, retrying};
use config::kafka::Envelope;

use super::{FavouriteError, Store, WishBackInStock, WishPriceDropped, Wisher};
use crate::domain::{News, Product};

/// Wishers of one transaction.
const BATCH: u32 = 200;

/// Publishes `wish_price_dropped` and `wish_back_in_stock`.
pub struct TellWishers {
    store: Arc<dyn Begin<dyn Store>>,
}

impl TellWishers {
    pub fn new(store: Arc<dyn Begin<dyn Store>>) -> Self {
        Self { store }
    }

    /// All rounds that have begun until now.
    pub async fn run(self: Arc<Self>) -> Result<(), FavouriteError> {
        while retrying(|| self.batch()).await? {}
        Ok(())
    }

    /// `false` when there is no round.
    async fn batch(&self) -> Result<bool, FavouriteError> {
        let mut tx = self.store.begin().await?;
        let Some((id, after)) = tx.round().await? else { return Ok(false) };
        let wishers = tx.wishers(&id, after, BATCH).await?;
        if let Some(product) = tx.product(&id).await? {
            for wisher in &wishers {
                tell(tx.as_mut(), &product, wisher).await?;
            }
        }
        match wishers.last() {
            Some(last) if wishers.len() == BATCH as usize => tx.round_is_at(&id, last.wish).await?,
            _ => tx.end_round(&id).await?,
        }
        tx.commit().await?;
        Ok(true)
    }
}

async fn tell(tx: &mut dyn Store, product: &Product, wisher: &Wisher) -> Result<(), FavouriteError> {
    let mut known = wisher.known;
    let (user_id, product_id) = (wisher.user_id.get(), product.id.to_string());
    for news in known.learn(product) {
        let (product_id, product_name) = (product_id.clone(), product.name.clone());
        let event = match news {
            News::PriceDropped { old, new } => Envelope::new(&WishPriceDropped {
                user_id,
                product_id,
                product_name,
                old_price: old.into(),
                new_price: new.into(),
                currency: new.currency().code(),
            }),
            News::BackInStock { available } => {
                Envelope::new(&WishBackInStock { user_id, product_id, product_name, available })
            }
        };
        tx.tally(metrics::counter!("favourite_notices_total", "type" => event.kind.clone()), 1);
        tx.publish(event).await?;
    }
    if known != wisher.known {
        tx.save_known(wisher.wish, known).await?;
    }
    Ok(())
}
