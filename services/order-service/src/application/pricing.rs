//! What a basket costs now.

use std::sync::Arc;

use config::money::{Currency, Money, MoneyError};
use config::problem::{Fields, InvalidFields};

use super::{Catalogue, OrderError, Parcel, Promotions, Rate, Shipping, Taxes};
use crate::domain::{
    Address, Basket, BasketLine, Charges, OrderLine, Product, PromotionCode, ShippingMethod, Totals,
    subtotal, weight_grams,
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
    pub lines: Vec<OrderLine>,
    pub totals: Totals,
    /// The methods that could have been chosen.
    pub rates: Arc<Vec<Rate>>,
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

    pub async fn run(&self, wish: &Wish) -> Result<Quote, OrderError> {
        let ids: Vec<_> = wish.basket.lines().iter().map(|line| line.product_id.clone()).collect();
        let products = self.catalogue.products(&ids).await?;
        let lines = order_lines(wish.basket.lines(), &products)?;
        let currency = lines.first().map_or(Currency::USD, |line| line.price.currency());
        let goods = subtotal(&lines, currency).map_err(in_items)?;
        let discount = self.discount(wish.promotion_code.as_ref(), &lines, goods).await?;
        let (shipping, rates) = self.ship(wish, &lines, goods).await?;
        let taxable = goods.minus(discount).map_err(in_items)?;
        let tax = self.taxes.tax(wish.address.as_ref(), taxable).await?;
        let totals = Totals::new(goods, Charges { discount, tax, shipping }).map_err(in_items)?;
        Ok(Quote { lines, totals, rates })
    }

    async fn discount(
        &self,
        code: Option<&PromotionCode>,
        lines: &[OrderLine],
        goods: Money,
    ) -> Result<Money, OrderError> {
        let Some(code) = code else { return Ok(Money::zero(goods.currency())) };
        let discount = self.promotions.discount(code, lines, goods).await?;
        Ok(discount
            .ok_or_else(|| InvalidFields::one("promotion_code", "unknown", "is an unknown promotion code"))?)
    }

    /// Sending by the standard method is free when nobody can be asked: no order is lost for it.
    async fn ship(
        &self,
        wish: &Wish,
        lines: &[OrderLine],
        goods: Money,
    ) -> Result<(Money, Arc<Vec<Rate>>), OrderError> {
        let standard = wish.method == ShippingMethod::default();
        let free = || {
            let (method, price) = (ShippingMethod::default().to_string(), Money::zero(goods.currency()));
            Arc::new(vec![Rate { method, name: "Standard".to_owned(), price }])
        };
        let rates = match &wish.address {
            Some(address) => {
                let parcel = Parcel {
                    destination: address.clone(),
                    weight_grams: weight_grams(lines),
                    subtotal: goods,
                };
                match self.shipping.rates(&parcel).await {
                    Ok(rates) => rates,
                    Err(error) if standard => {
                        tracing::warn!(error = %config::problem::chain(&error), "shipping can't be asked: standard is free");
                        free()
                    }
                    Err(error) => return Err(error.into()),
                }
            }
            None if standard => free(),
            None => {
                let rule = "is required to price this shipping method";
                return Err(InvalidFields::one("shipping_address", "required", rule).into());
            }
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
