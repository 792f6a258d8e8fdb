//! Promotions: promotion-service.

use std::time::Duration;

use async_trait::async_trait;
use config::BoxError;
use config::money::{Amount, Money};
use config::registry::{CallError, Registry, ServiceClient};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::application::{Discounts, Promotions, RejectedCode, Wares};
use crate::domain::AppliedPromotion;

/// An order without a code goes on without promotions when they take longer.
const PATIENCE: Duration = Duration::from_millis(1500);
/// What isn't given back within this expires.
const FAREWELL: Duration = Duration::from_millis(500);
const NAME: &str = "promotion-service";

/// Asks promotion-service.
pub struct PromotionService(ServiceClient);

#[derive(Deserialize)]
struct Quote {
    discount: Amount,
    #[serde(default)]
    free_shipping: bool,
    lines: Vec<Line>,
    applied: Vec<Applied>,
    rejected: Option<Rejected>,
    reservation_id: Option<Uuid>,
}

#[derive(Deserialize)]
struct Line {
    product_id: String,
    discount: Amount,
}

#[derive(Deserialize)]
struct Applied {
    promotion_id: u64,
    code: Option<String>,
    name: String,
    kind: String,
    discount: Amount,
}

#[derive(Deserialize)]
struct Rejected {
    reason: String,
    message: String,
}

impl PromotionService {
    pub fn new(registry: &Registry) -> Self {
        Self(registry.client(NAME))
    }
}

#[async_trait]
impl Promotions for PromotionService {
    async fn quote(&self, wares: &Wares<'_>) -> Result<Discounts, CallError> {
        let call = self.0.post("/internal/promotions/quote").json(&body(wares));
        let quote: Quote = call.retry_safe().timeout(PATIENCE).send().await?;
        read(quote, wares)
    }

    async fn reserve(&self, id: Uuid, wares: &Wares<'_>) -> Result<Discounts, CallError> {
        let call = self.0.put(&format!("/internal/promotions/reservations/{id}")).json(&body(wares));
        let quote: Quote = call.timeout(PATIENCE).send().await?;
        read(quote, wares)
    }

    async fn release(&self, id: Uuid) -> Result<(), CallError> {
        let call = self.0.post(&format!("/internal/promotions/reservations/{id}/release"));
        call.retry_safe().timeout(FAREWELL).send::<Option<IgnoredAny>>().await?;
        Ok(())
    }
}

fn body(wares: &Wares<'_>) -> Value {
    let line = |line: &crate::domain::OrderLine| {
        json!({
            "product_id": line.product_id.as_str(),
            "category": line.category,
            "quantity": line.quantity.get(),
            "price": Amount::from(line.price),
        })
    };
    json!({
        "user_id": wares.user.map(|user| user.get()),
        "code": wares.code.map(|code| code.as_str()),
        "order_id": wares.order.map(|order| order.get()),
        "promotion_reservation_id": wares.of_order,
        "currency": wares.subtotal.currency().code(),
        "lines": wares.lines.iter().map(line).collect::<Vec<_>>(),
    })
}

fn read(quote: Quote, wares: &Wares<'_>) -> Result<Discounts, CallError> {
    parse(quote, wares).map_err(|source| CallError::Invalid { service: NAME, source })
}

/// Believed only if it adds up: what is wrong here would be given away.
fn parse(quote: Quote, wares: &Wares<'_>) -> Result<Discounts, BoxError> {
    let currency = wares.subtotal.currency();
    let money = |amount: Amount| amount.in_currency(currency);
    let zero = Money::zero(currency);
    let mut lines = Vec::with_capacity(wares.lines.len());
    for line in wares.lines {
        let id = line.product_id.as_str();
        let found = quote.lines.iter().find(|found| found.product_id == id);
        let discount = found.map_or(Ok(zero), |found| money(found.discount))?;
        if !(0..=line.total()?.minor()).contains(&discount.minor()) {
            return Err("it takes more off a line than it costs".into());
        }
        lines.push(discount);
    }
    let total = money(quote.discount)?;
    if Money::sum(lines.iter().copied(), currency)? != total {
        return Err("its discounts don't add up".into());
    }
    let applied = |applied: Applied| {
        Ok(AppliedPromotion {
            promotion_id: applied.promotion_id,
            code: applied.code,
            name: applied.name.chars().take(200).collect(),
            kind: applied.kind.chars().take(50).collect(),
            discount: money(applied.discount)?,
        })
    };
    Ok(Discounts {
        lines,
        total,
        free_shipping: quote.free_shipping,
        applied: quote.applied.into_iter().map(applied).collect::<Result<_, BoxError>>()?,
        rejected: quote.rejected.map(|Rejected { reason, message }| RejectedCode { reason, message }),
        reservation_id: quote.reservation_id,
    })
}
