//! Carts in Redis: a hash each, from product to quantity, gone when nobody touches it for a month.

use async_trait::async_trait;
use config::database::{StoreError, stored};
use config::id::{ProductId, UserId};
use redis::aio::ConnectionManager;
use redis::{AsyncCommands as _, Script};

use crate::application::CartStore;
use crate::domain::{CartId, CartItem, CartKey, MAX_CART_ITEMS, OrderId, Quantity};

const LIFETIME_SECONDS: u64 = 30 * 24 * 60 * 60;
/// As long as an idempotent checkout may be repeated.
const MARK_SECONDS: u64 = 3 * 24 * 60 * 60;

/// Carts in Redis.
pub struct RedisCarts {
    connection: ConnectionManager,
    put: Script,
    merge: Script,
    take: Script,
}

impl RedisCarts {
    pub fn new(connection: ConnectionManager) -> Self {
        Self {
            connection,
            put: Script::new(include_str!("scripts/put.lua")),
            merge: Script::new(include_str!("scripts/merge.lua")),
            take: Script::new(include_str!("scripts/take.lua")),
        }
    }
}

#[async_trait]
impl CartStore for RedisCarts {
    async fn items(&self, cart: CartKey) -> Result<Vec<CartItem>, StoreError> {
        let found: Vec<(String, i64)> = self.connection.clone().hgetall(key(cart)).await?;
        let item = |(product, quantity): (String, i64)| {
            Ok(CartItem {
                product_id: stored(&product)?,
                quantity: Quantity::new(quantity).map_err(StoreError::corrupt)?,
            })
        };
        let mut items = found.into_iter().map(item).collect::<Result<Vec<_>, StoreError>>()?;
        items.sort_by(|a, b| a.product_id.cmp(&b.product_id));
        Ok(items)
    }

    async fn put(&self, cart: CartKey, product: &ProductId, quantity: Quantity) -> Result<bool, StoreError> {
        let mut put = self.put.prepare_invoke();
        put.key(key(cart))
            .arg(product.as_str())
            .arg(quantity.get())
            .arg(MAX_CART_ITEMS)
            .arg(LIFETIME_SECONDS);
        Ok(put.invoke_async(&mut self.connection.clone()).await?)
    }

    async fn remove(&self, cart: CartKey, product: &ProductId) -> Result<(), StoreError> {
        Ok(self.connection.clone().hdel(key(cart), product.as_str()).await?)
    }

    async fn clear(&self, cart: CartKey) -> Result<(), StoreError> {
        Ok(self.connection.clone().del(key(cart)).await?)
    }

    async fn merge(&self, guest: CartId, member: UserId) -> Result<bool, StoreError> {
        let mut merge = self.merge.prepare_invoke();
        merge.key(key(CartKey::Guest(guest))).key(key(CartKey::Member(member)));
        merge.arg(Quantity::MOST).arg(MAX_CART_ITEMS).arg(LIFETIME_SECONDS);
        Ok(merge.invoke_async(&mut self.connection.clone()).await?)
    }

    async fn take(&self, member: UserId, order: OrderId, items: &[CartItem]) -> Result<(), StoreError> {
        let mut take = self.take.prepare_invoke();
        take.key(key(CartKey::Member(member))).key(format!("cart:ordered:{order}")).arg(MARK_SECONDS);
        for item in items {
            take.arg(item.product_id.as_str()).arg(item.quantity.get());
        }
        let _: i64 = take.invoke_async(&mut self.connection.clone()).await?;
        Ok(())
    }
}

fn key(cart: CartKey) -> String {
    match cart {
        CartKey::Member(user) => format!("cart:user:{user}"),
        CartKey::Guest(id) => format!("cart:guest:{id}"),
    }
}
