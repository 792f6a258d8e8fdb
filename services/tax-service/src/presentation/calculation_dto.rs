//! Calculations, as anybody asks for them.

use config::id::UserId;
use config::money::{Amount, Currency, Money};
use config::problem::{Fields, InvalidFields};
use poem_openapi::Object;

use super::number::Exact;
use super::parse;
use super::quote_dto::TaxLineDto;
use crate::application::{Assessment, TaxRequest};
use crate::domain::{Basket, BasketLine};

/// An amount, and where it is to be paid.
#[derive(Debug, Object)]
pub struct CalculationRequest {
    pub amount: Amount,
    /// ISO 3166 code or English name.
    pub country: Option<String>,
    /// Instead of `country`: also `US-CA`, or an address that ends with a country.
    pub location: Option<String>,
    /// The part of the ISO 3166-2 code behind the hyphen; in the USA, Canada and Australia also the name.
    pub state: Option<String>,
    /// The product's category.
    pub product_type: Option<String>,
    /// ISO 4217; the shop's when not given.
    pub currency: Option<String>,
    /// Whether the amount includes the taxes; false when not given.
    pub inclusive: Option<bool>,
    /// Who pays: one's own id, unless an administrator asks.
    pub user_id: Option<u64>,
}

impl CalculationRequest {
    /// `needs_place`: whether it must be said where.
    pub fn parse(
        &self,
        shop: Currency,
        user_id: Option<UserId>,
        needs_place: bool,
    ) -> Result<TaxRequest, InvalidFields> {
        let mut fields = Fields::default();
        let (country, location) = (self.country.as_deref(), self.location.as_deref());
        if needs_place && country.or(location).is_none() {
            fields.reject("country", "required", "is required");
        }
        let place = parse::place(&mut fields, country, location, self.state.as_deref());
        let product_type = parse::label_if_any(&mut fields, "product_type", self.product_type.as_deref());
        let currency = parse::currency(&mut fields, self.currency.as_deref(), shop);
        let amount =
            currency.and_then(|currency| parse::amount(&mut fields, "amount", self.amount, currency));
        fields.finish(|| {
            let (currency, amount) = (currency?, amount?);
            let lines = vec![BasketLine { product_type: product_type?, amount }];
            let includes_tax = self.inclusive.unwrap_or(false);
            let basket = Basket { currency, includes_tax, lines, shipping: Money::zero(currency) };
            Some(TaxRequest { basket, place: place?, user_id })
        })
    }
}

/// An amount's taxes.
#[derive(Debug, Object)]
pub struct CalculationDto {
    /// As it was asked about.
    pub amount: Amount,
    pub currency: String,
    /// ISO 3166
    pub country: Option<String>,
    pub state: Option<String>,
    pub product_type: Option<String>,
    /// Whether the amount includes the taxes.
    pub inclusive: bool,
    /// Whether the customer pays no tax.
    pub exempt: bool,
    /// All taxes together, of the net.
    pub tax_percent: Exact,
    pub tax_amount: Amount,
    /// What is to be paid; the same as `gross`.
    pub total: Amount,
    pub net: Amount,
    pub gross: Amount,
    pub lines: Vec<TaxLineDto>,
}

impl CalculationDto {
    pub fn new(request: &CalculationRequest, assessment: Assessment) -> Self {
        let Assessment { assessed, place, exempt } = assessment;
        let percent = assessed.lines.first().map(|line| line.percent).unwrap_or_default();
        Self {
            amount: request.amount,
            currency: assessed.total.net.currency().to_string(),
            country: place.as_ref().map(|place| place.country.to_string()),
            state: place.and_then(|place| place.state).map(|state| state.to_string()),
            product_type: request.product_type.clone(),
            inclusive: request.inclusive.unwrap_or(false),
            exempt,
            tax_percent: Exact(percent),
            tax_amount: assessed.total.tax.into(),
            total: assessed.total.gross.into(),
            net: assessed.total.net.into(),
            gross: assessed.total.gross.into(),
            lines: assessed.tax_lines.into_iter().map(TaxLineDto::from).collect(),
        }
    }
}
