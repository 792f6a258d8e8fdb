//! Quotes, as they travel over HTTP.

use config::money::{Amount, Currency, Money};
use config::problem::{Fields, InvalidFields};
use poem_openapi::Object;

use super::destination::Destination;
use crate::domain::{Grams, Offer, Parcel};

/// What is to be sent.
#[derive(Debug, Object)]
pub struct QuoteRequest {
    /// An address of 1 to 500 characters, or a country; without it, every method is priced for where it goes.
    pub destination: Option<Destination>,
    /// 0 to 1 000 000 000 000
    pub weight_grams: i64,
    /// What the contents cost.
    pub subtotal: Amount,
    /// The shop's currency when not given.
    pub currency: Option<String>,
}

impl QuoteRequest {
    pub fn parse(&self, shop: Currency) -> Result<Parcel, InvalidFields> {
        let mut fields = Fields::default();
        let country = self.destination.as_ref().map_or(Some(None), |to| to.parse(&mut fields));
        let weight = fields.check("weight_grams", Grams::new(self.weight_grams));
        let currency = fields.check("currency", self.currency.as_deref().map_or(Ok(shop), str::parse));
        let subtotal = currency.and_then(|currency| amount(&mut fields, "subtotal", self.subtotal, currency));
        fields.finish(|| Some(Parcel { country: country?, weight: weight?, subtotal: subtotal? }))
    }
}

/// An amount of 0 or more.
pub(super) fn amount(fields: &mut Fields, field: &str, amount: Amount, currency: Currency) -> Option<Money> {
    let money = fields.check(field, amount.in_currency(currency))?;
    if money.minor() < 0 {
        fields.reject(field, "invalid", "must be 0 or more");
        return None;
    }
    Some(money)
}

/// What it costs by each method that can carry it.
#[derive(Debug, Object)]
pub struct QuoteDto {
    pub currency: String,
    pub methods: Vec<OfferDto>,
}

/// A method and its price.
#[derive(Debug, Object)]
pub struct OfferDto {
    pub code: String,
    pub name: String,
    pub carrier: String,
    /// Whether the customer fetches it.
    pub collected: bool,
    pub price: Amount,
    /// Business days.
    pub estimated_days_min: u8,
    /// Business days.
    pub estimated_days_max: u8,
    /// Whether the price is 0.
    pub free: bool,
}

impl QuoteDto {
    pub fn new(currency: Currency, offers: Vec<Offer>) -> Self {
        Self { currency: currency.to_string(), methods: offers.into_iter().map(OfferDto::from).collect() }
    }
}

impl From<Offer> for OfferDto {
    fn from(Offer { method, price }: Offer) -> Self {
        Self {
            code: method.code.to_string(),
            name: method.name.to_string(),
            carrier: method.carrier.to_string(),
            collected: method.collected,
            price: price.into(),
            estimated_days_min: method.days.min(),
            estimated_days_max: method.days.max(),
            free: price.is_zero(),
        }
    }
}
