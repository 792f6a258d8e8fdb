//! Carts.

use config::id::ProductId;
use config::idempotency::Idempotency;
use config::jwt_auth::{MaybeSignedIn, SignedIn};
use config::problem::{ApiError, Body, InvalidFields};
use config::response::{Created, NoContent};
use poem_openapi::param::{Header, Path};
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, OpenApi};

use super::super::dto::{CartDto, CartItemRequest, CheckoutRequest, MergeRequest, OrderDto};
use crate::application::{CartView, Carts, Checkout, OrderError, Reply};
use crate::domain::{CartItem, CartKey, OrderId, Quantity};

/// Carts of members and guests.
pub struct CartApi {
    pub(crate) carts: Carts,
    pub(crate) checkout: Checkout,
    pub(crate) idempotency: Idempotency,
}

/// A cart, and whose it is.
#[derive(ApiResponse)]
enum CartResponse {
    #[oai(status = 200)]
    Cart(
        Json<CartDto>,
        /// A guest's cart id, to be sent back.
        #[oai(header = "X-Cart-Id")]
        Option<String>,
    ),
}

impl From<CartView> for CartResponse {
    fn from(cart: CartView) -> Self {
        let cart = CartDto::from(&cart);
        let id = cart.cart_id.clone();
        Self::Cart(Json(cart), id)
    }
}

#[OpenApi]
impl CartApi {
    /// The caller's cart; a guest says which by `X-Cart-Id`
    #[oai(path = "/api/cart", method = "get")]
    async fn show(
        &self,
        caller: MaybeSignedIn,
        #[oai(name = "X-Cart-Id")] cart_id: Header<Option<String>>,
    ) -> Result<CartResponse, ApiError> {
        Ok(self.carts.show(key(&caller, cart_id.0)?).await?.into())
    }

    /// Empty the cart
    #[oai(path = "/api/cart", method = "delete")]
    async fn clear(
        &self,
        caller: MaybeSignedIn,
        #[oai(name = "X-Cart-Id")] cart_id: Header<Option<String>>,
    ) -> Result<NoContent, ApiError> {
        self.carts.clear(key(&caller, cart_id.0)?).await?;
        Ok(NoContent::NoContent)
    }

    /// Set how many of a product are wanted
    ///
    /// A guest without a cart gets one: its id is in the answer, and to be sent as `X-Cart-Id` from then on.
    #[oai(path = "/api/cart/items/:product_id", method = "put")]
    async fn put(
        &self,
        caller: MaybeSignedIn,
        #[oai(name = "X-Cart-Id")] cart_id: Header<Option<String>>,
        product_id: Path<String>,
        body: Body<CartItemRequest>,
    ) -> Result<CartResponse, ApiError> {
        let product = ProductId::in_path(&product_id)?;
        let quantity = body.0.parse()?;
        Ok(self.carts.put(key(&caller, cart_id.0)?, &product, quantity).await?.into())
    }

    /// Take a product out
    #[oai(path = "/api/cart/items/:product_id", method = "delete")]
    async fn remove(
        &self,
        caller: MaybeSignedIn,
        #[oai(name = "X-Cart-Id")] cart_id: Header<Option<String>>,
        product_id: Path<String>,
    ) -> Result<CartResponse, ApiError> {
        Ok(self.carts.remove(key(&caller, cart_id.0)?, &ProductId::in_path(&product_id)?).await?.into())
    }

    /// Move a guest's cart into the caller's, after signing in
    ///
    /// Quantities are summed. The guest's cart is empty afterwards, so that a second call changes nothing.
    #[oai(path = "/api/cart/merge", method = "post")]
    async fn merge(&self, caller: SignedIn, body: Body<MergeRequest>) -> Result<CartResponse, ApiError> {
        Ok(self.carts.merge(body.0.parse()?, caller.user_id).await?.into())
    }

    /// Order what is in the caller's cart
    ///
    /// What was ordered is then out of the cart. Who has too many orders that aren't paid gets a 409
    /// (`too-many-open-orders`).
    #[oai(path = "/api/cart/checkout", method = "post")]
    async fn checkout(
        &self,
        caller: SignedIn,
        #[oai(name = "Idempotency-Key")] idempotency_key: Header<Option<String>>,
        body: Body<CheckoutRequest>,
    ) -> Result<Created<OrderDto>, ApiError> {
        let member = caller.user_id;
        let request = body.0.parse()?;
        let place = async |claim: Option<_>| {
            let reply = claim.map(|claim| Reply { claim, render: OrderDto::created });
            let order = self.checkout.run(member, request, reply).await?;
            Ok::<_, OrderError>(OrderDto::from(&order))
        };
        let done =
            self.idempotency.run(format!("{member}:checkout"), idempotency_key.0, &body.0, place).await?;
        // Also when this is a repetition: the first time may have ended before it got here.
        self.checkout.empty(member, OrderId::new(done.value.id), &ordered(&done.value)).await;
        Ok(done.into())
    }
}

fn ordered(order: &OrderDto) -> Vec<CartItem> {
    let item = |(id, quantity): (&str, u32)| {
        Some(CartItem { product_id: id.parse().ok()?, quantity: Quantity::new(quantity.into()).ok()? })
    };
    order.items.iter().filter_map(|line| item((&line.product_id, line.quantity))).collect()
}

/// A member's own cart, whatever else the request says.
fn key(caller: &MaybeSignedIn, cart_id: Option<String>) -> Result<Option<CartKey>, InvalidFields> {
    match (&caller.0, cart_id) {
        (Some(caller), _) => Ok(Some(CartKey::Member(caller.user_id))),
        (None, Some(id)) => match id.parse() {
            Ok(id) => Ok(Some(CartKey::Guest(id))),
            Err(error) => Err(InvalidFields::one("X-Cart-Id", "invalid", format!("{error}"))),
        },
        (None, None) => Ok(None),
    }
}
