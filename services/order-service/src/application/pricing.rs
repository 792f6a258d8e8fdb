//! What a basket costs now.

use std::sync::Arc;

use config::id::UserId;
use config::money::{Currency, Money, MoneyError};
use config::place::Place;
use config::problem::{Fields, InvalidFields, chain};
use config::registry::{CallError, Trouble};
use uuid::Uuid;

use super::{
    Catalogue, Discounts, OrderError, Parcel, Promotions, Rate, RejectedCode, Shipping, Taxable, Taxes, Wares,
};
use crate::domain::{
    Address, Basket, BasketLine, Charges, Order, OrderLine, Priced, Product, Promoted, PromotionCode,
    ShippingMethod, Totals, subtotal, weight_grams,
};

/// What is to be priced.
#[derive(Debug, Clone)]
pub struct Wish {
    pub basket: Basket,
    /// May still be unknown when only the price is asked for.
    pub address: Option<Address>,
    pub method: ShippingMethod,
    pub promotion_code: Option<PromotionCode>,
}

/// What it costs.
#[derive(Debug, Clone)]
pub struct Quote {
    pub priced: Priced,
    /// The methods that could have been chosen.
    pub rates: Arc<Vec<Rate>>,
}

/// A basket with its discounts and its shipping; the tax is still to come.
#[derive(Debug, Clone)]
pub(super) struct Offer {
    pub lines: Vec<OrderLine>,
    pub promoted: Promoted,
    pub shipping_rate: Money,
    user: Option<UserId>,
    place: Option<Place>,
    subtotal: Money,
    discount: Money,
    shipping: Money,
    rates: Arc<Vec<Rate>>,
}

/// Prices baskets: the client's word counts for nothing.
#[derive(Clone)]
pub struct Pricing {
    catalogue: Arc<dyn Catalogue>,
    promotions: Arc<dyn Promotions>,
    taxes: Arc<dyn Taxes>,
    shipping: Arc<dyn Shipping>,
}

impl Pricing {
    pub fn new(
        catalogue: Arc<dyn Catalogue>,
        promotions: Arc<dyn Promotions>,
        taxes: Arc<dyn Taxes>,
        shipping: Arc<dyn Shipping>,
    ) -> Self {
        Self { catalogue, promotions, taxes, shipping }
    }

    /// Says what a basket costs; nothing is kept for anybody.
    pub async fn quote(&self, wish: &Wish, user: Option<UserId>) -> Result<Quote, OrderError> {
        let offer = self.offer(wish, user, None).await?;
        let rates = offer.rates.clone();
        Ok(Quote { priced: self.tax(offer).await?, rates })
    }

    /// Everything but the tax. With `uses`, the promotions' uses are kept under that id; after an error they aren't.
    pub(super) async fn offer(
        &self,
        wish: &Wish,
        user: Option<UserId>,
        uses: Option<Uuid>,
    ) -> Result<Offer, OrderError> {
        let ids: Vec<_> = wish.basket.lines().iter().map(|line| line.product_id.clone()).collect();
        let products = self.catalogue.products(&ids).await?;
        let mut lines = order_lines(wish.basket.lines(), &products)?;
        let currency = lines.first().map_or(Currency::USD, |line| line.price.currency());
        let subtotal = subtotal(&lines, currency).map_err(in_items)?;
        let code = wish.promotion_code.as_ref();
        let wares = Wares { user, code, order: None, of_order: None, lines: &lines, subtotal };
        let (discounts, sending) =
            tokio::join!(self.discounts(&wares, uses, "promotion_code"), self.ship(wish, &lines, subtotal));
        let (discounts, (shipping_rate, rates)) = match (discounts, sending) {
            (Ok(discounts), Ok(sending)) => (discounts, sending),
            (Ok((_, promoted)), Err(error)) => {
                self.give_back(&promoted).await;
                return Err(error);
            }
            (Err(error), _) => return Err(error),
        };
        let (discounts, promoted) = discounts;
        let shipping = apply(discounts.as_ref(), &mut lines, shipping_rate);
        let discount = discounts.map_or(Money::zero(currency), |discounts| discounts.total);
        let place = wish.address.as_ref().and_then(|address| address.place().cloned());
        Ok(Offer { lines, promoted, shipping_rate, user, place, subtotal, discount, shipping, rates })
    }

    /// The same for an order that exists: its products, prices and shipping stay, its promotion is another.
    pub(super) async fn offer_again(
        &self,
        order: &Order,
        code: &PromotionCode,
        uses: Uuid,
    ) -> Result<Offer, OrderError> {
        let (mut lines, user) = (order.lines.clone(), Some(order.user_id));
        let (subtotal, shipping_rate) = (order.totals.subtotal(), order.shipping_rate);
        let of_order = order.promoted.reservation_id;
        let wares =
            Wares { user, code: Some(code), order: Some(order.id), of_order, lines: &lines, subtotal };
        let (discounts, promoted) = self.discounts(&wares, Some(uses), "code").await?;
        let shipping = apply(discounts.as_ref(), &mut lines, shipping_rate);
        let discount = discounts.map_or(Money::zero(subtotal.currency()), |discounts| discounts.total);
        let place = order.delivery.address.place().cloned();
        let rates = Arc::default();
        Ok(Offer { lines, promoted, shipping_rate, user, place, subtotal, discount, shipping, rates })
    }

    /// The whole price. Without the state's word there is none.
    pub(super) async fn tax(&self, offer: Offer) -> Result<Priced, OrderError> {
        let Offer { mut lines, promoted, shipping_rate, user, place, subtotal, discount, shipping, .. } =
            offer;
        let taxable = Taxable { place: place.as_ref(), user, lines: &lines, shipping };
        let quote = self.taxes.tax(&taxable).await.map_err(OrderError::TaxUnavailable)?;
        for (line, tax) in lines.iter_mut().zip(&quote.lines) {
            line.tax = *tax;
        }
        let charges = Charges { discount, tax: quote.total, shipping, tax_included: self.taxes.included() };
        let totals = Totals::new(subtotal, charges).map_err(in_items)?;
        Ok(Priced { lines, totals, tax_lines: quote.tax_lines, shipping_rate, promoted })
    }

    /// Best effort: uses that aren't given back come back by themselves.
    pub(super) async fn give_back(&self, promoted: &Promoted) {
        if let Some(id) = promoted.reservation_id {
            self.release(id).await;
        }
    }

    async fn release(&self, id: Uuid) {
        if let Err(error) = self.promotions.release(id).await {
            tracing::warn!(reservation.id = %id, error = %chain(&error), "a promotion's use is left to expire");
        }
    }

    /// Nobody pays more for having typed a code; who typed none gets an order even when promotions are away.
    async fn discounts(
        &self,
        wares: &Wares<'_>,
        uses: Option<Uuid>,
        field: &str,
    ) -> Result<(Option<Discounts>, Promoted), OrderError> {
        let answer = match uses {
            Some(id) => self.promotions.reserve(id, wares).await,
            None => self.promotions.quote(wares).await,
        };
        let discounts = match answer {
            Ok(discounts) => discounts,
            Err(error) => {
                if let Some(id) = uses.filter(|_| may_have_arrived(&error)) {
                    self.release(id).await;
                }
                if wares.code.is_some() {
                    return Err(OrderError::PromotionsUnavailable(error));
                }
                tracing::warn!(error = %chain(&error), "promotions can't be asked: it goes without");
                return Ok((None, Promoted { unavailable: true, ..Promoted::default() }));
            }
        };
        let promoted = Promoted {
            applied: discounts.applied.clone(),
            reservation_id: discounts.reservation_id,
            unavailable: false,
        };
        if let Some(rejected) = &discounts.rejected {
            self.give_back(&promoted).await;
            return Err(refused(rejected, field, uses.is_some()));
        }
        Ok((Some(discounts), promoted))
    }

    /// Sending by the standard method is free when nobody can be asked: no order is lost for it.
    async fn ship(
        &self,
        wish: &Wish,
        lines: &[OrderLine],
        goods: Money,
    ) -> Result<(Money, Arc<Vec<Rate>>), OrderError> {
        let standard = wish.method == ShippingMethod::default();
        let parcel =
            Parcel { destination: wish.address.clone(), weight_grams: weight_grams(lines), subtotal: goods };
        let rates = match self.shipping.rates(&parcel).await {
            Ok(rates) => rates,
            Err(error) if standard => {
                tracing::warn!(error = %chain(&error), "shipping can't be asked: standard is free");
                let (method, price) = (wish.method.to_string(), Money::zero(goods.currency()));
                Arc::new(vec![Rate { method, name: "Standard".to_owned(), price }])
            }
            Err(error) => return Err(error.into()),
        };
        let chosen = rates.iter().find(|rate| rate.method == wish.method.as_str());
        match chosen {
            Some(rate) => Ok((rate.price, rates)),
            None => {
                let offered = rates.iter().map(|rate| rate.method.as_str()).collect::<Vec<_>>().join(", ");
                let rule = format!("must be one of {offered}");
                Err(InvalidFields::one("shipping_method", "not-offered", rule).into())
            }
        }
    }
}

/// Takes the discounts off the lines; says what is left to pay for shipping.
fn apply(discounts: Option<&Discounts>, lines: &mut [OrderLine], shipping_rate: Money) -> Money {
    let zero = Money::zero(shipping_rate.currency());
    for (index, line) in lines.iter_mut().enumerate() {
        line.discount = discounts.and_then(|discounts| discounts.lines.get(index).copied()).unwrap_or(zero);
    }
    if discounts.is_some_and(|discounts| discounts.free_shipping) { zero } else { shipping_rate }
}

/// Whether promotion-service may have heard a request that got no answer.
fn may_have_arrived(error: &CallError) -> bool {
    !matches!(error, CallError::Unavailable { source: Trouble::NoInstance | Trouble::CircuitOpen, .. })
}

/// A code whose uses have run out is nobody's mistake when it is ordered with.
fn refused(RejectedCode { reason, message }: &RejectedCode, field: &str, ordering: bool) -> OrderError {
    match ordering && reason.starts_with("used-up") {
        true => OrderError::PromotionUsedUp { reason: reason.clone() },
        false => InvalidFields::one(field, reason, message.clone()).into(),
    }
}

/// The lines as the catalogue has them; all products that can't be ordered are named.
fn order_lines(wanted: &[BasketLine], products: &[Arc<Product>]) -> Result<Vec<OrderLine>, OrderError> {
    let mut fields = Fields::default();
    let mut changed = None;
    let mut lines: Vec<OrderLine> = Vec::with_capacity(wanted.len());
    for line in wanted {
        let field = |name: &str| format!("items[{}].{name}", line.position);
        let Some(product) = products.iter().find(|product| product.id == line.product_id) else {
            fields.reject(field("product_id"), "unknown-product", "is not a product of this shop");
            continue;
        };
        if !product.on_sale {
            fields.reject(field("product_id"), "not-on-sale", "is no longer sold");
            continue;
        }
        if lines.first().is_some_and(|first| first.price.currency() != product.price.currency()) {
            fields.reject(
                field("product_id"),
                "other-currency",
                "must have its price in the same currency as the others",
            );
        }
        for expected in &line.expected {
            match expected.in_currency(product.price.currency()) {
                Ok(price) if price == product.price => {}
                Ok(_) => changed = changed.or(Some(product)),
                Err(error) => fields.reject(field("price"), "invalid", error.to_string()),
            }
        }
        lines.push(product.line(line.quantity));
    }
    fields.finish(|| Some(()))?;
    match changed {
        Some(product) => {
            Err(OrderError::PriceChanged { product_id: product.id.clone(), price: product.price })
        }
        None => Ok(lines),
    }
}

/// More money than there is.
fn in_items(error: MoneyError) -> OrderError {
    InvalidFields::one("items", "too-large", format!("cost more than can be charged: the sum {error}")).into()
}

#[cfg(test)]
mod tests;
