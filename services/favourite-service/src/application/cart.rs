//! From the list into the cart: first the one, which may be repeated, then off the other. Whatever is interrupted in
//! between is on both, and the next try finds it so.

use std::sync::Arc;

use config::id::{ProductId, UserId};
use config::jwt_auth::AccessToken;
use config::page::Paging;
use config::registry::CallError;

use super::{Carts, FavouriteError, ManageWishes, WishReader};
use crate::domain::{ListId, MAX_ITEMS};

/// A product that stays on its list, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    pub product_id: ProductId,
    pub code: String,
    pub detail: String,
}

/// What came of moving a list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Moved {
    pub moved: Vec<ProductId>,
    pub left: Vec<LeftOut>,
}

/// Moves wishes to their owner's cart.
#[derive(Clone)]
pub struct MoveToCart {
    carts: Arc<dyn Carts>,
    reader: Arc<dyn WishReader>,
    wishes: ManageWishes,
}

impl MoveToCart {
    pub fn new(carts: Arc<dyn Carts>, reader: Arc<dyn WishReader>, wishes: ManageWishes) -> Self {
        Self { carts, reader, wishes }
    }

    pub async fn one(
        &self,
        user: UserId,
        token: &AccessToken,
        product: &ProductId,
        quantity: u32,
    ) -> Result<(), FavouriteError> {
        let wish = self.reader.wish(user, product).await?;
        let wish = wish.ok_or_else(|| FavouriteError::NotFound(product.clone()))?;
        let cart = self.carts.quantities(token).await.map_err(FavouriteError::Cart)?;
        self.carry(user, token, &cart, (&wish.wish.product_id, quantity)).await
    }

    /// One of each; what the cart refuses stays on the list.
    pub async fn list(&self, user: UserId, token: &AccessToken, id: ListId) -> Result<Moved, FavouriteError> {
        self.reader.list(user, id).await?.ok_or(FavouriteError::NoList(id))?;
        let all = Paging { skip: 0, limit: MAX_ITEMS, after: None };
        let wishes = self.reader.of_list(id, all).await?.items;
        let cart = self.carts.quantities(token).await.map_err(FavouriteError::Cart)?;
        let mut outcome = Moved::default();
        for wish in wishes {
            let product_id = wish.wish.product_id;
            match self.carry(user, token, &cart, (&product_id, 1)).await {
                Ok(()) => outcome.moved.push(product_id),
                Err(FavouriteError::Cart(CallError::Rejected { problem, .. })) => {
                    let (code, detail) = (problem.code.clone(), problem.detail.clone());
                    outcome.left.push(LeftOut { product_id, code, detail });
                }
                Err(error) => return Err(error),
            }
        }
        Ok(outcome)
    }

    async fn carry(
        &self,
        user: UserId,
        token: &AccessToken,
        cart: &[(ProductId, u32)],
        (product, quantity): (&ProductId, u32),
    ) -> Result<(), FavouriteError> {
        // More may be in the cart already: moving never takes any out.
        let there = cart.iter().any(|(id, there)| id == product && *there >= quantity);
        if !there {
            self.carts.put(token, product, quantity).await.map_err(FavouriteError::Cart)?;
        }
        match self.wishes.remove(user, product).await {
            // Somebody took it off meanwhile, which is what was wanted.
            Ok(()) | Err(FavouriteError::NotFound(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }
}
