//! Methods, as they travel over HTTP.

use config::money::{Amount, Currency, Money};
use config::place::Country;
use config::problem::{Fields, InvalidFields};
use poem_openapi::Object;

use super::quote_dto::amount;
use crate::domain::{MethodCode, ShippingMethod, Tariff, TransitDays, WeightBand};

/// As many as there are countries.
const MOST_COUNTRIES: usize = 250;
const MOST_CURRENCIES: usize = 50;
const DEFAULT_POSITION: i64 = 100;

/// A method, new or changed.
#[derive(Debug, Object)]
pub struct MethodRequest {
    /// 1 to 40 lower-case letters, digits, hyphens or underscores.
    pub code: String,
    #[oai(flatten)]
    pub change: MethodChange,
}

/// All of a method but its code.
#[derive(Debug, Object)]
pub struct MethodChange {
    /// 1 to 100 characters.
    pub name: String,
    /// 1 to 100 characters.
    pub carrier: String,
    /// Whether customers fetch what is sent by it, so that it is delivered without having been on its way; false when
    /// not given. Shipments keep what held when they were made.
    pub collected: Option<bool>,
    /// Business days, 0 to 90.
    pub estimated_days_min: i64,
    /// Business days, 0 to 90.
    pub estimated_days_max: i64,
    /// Where it goes, as ISO 3166 codes; everywhere when empty or not given.
    pub countries: Option<Vec<String>>,
    /// What it costs, once a currency; without prices it is free.
    pub prices: Option<Vec<PricesDto>>,
    /// Where it stands in lists, 0 to 65535; 100 when not given.
    pub position: Option<i64>,
    /// Whether it is offered; true when not given.
    pub active: Option<bool>,
}

/// What a method costs in one currency.
#[derive(Debug, Object)]
pub struct PricesDto {
    /// ISO 4217
    pub currency: String,
    /// 1 to 20, from light to heavy.
    pub bands: Vec<BandDto>,
    /// For each started kilogram beyond the last band; without it, heavier parcels aren't carried.
    pub per_extra_kg: Option<Amount>,
    /// The subtotal from which it is free; never when not given.
    pub free_from: Option<Amount>,
}

/// The price up to a weight.
#[derive(Debug, Object)]
pub struct BandDto {
    pub up_to_grams: i64,
    pub price: Amount,
}

impl MethodRequest {
    pub fn parse(&self) -> Result<ShippingMethod, InvalidFields> {
        let mut fields = Fields::default();
        let code = fields.check("code", self.code.parse());
        let method = self.change.fill(&mut fields, code.clone().unwrap_or_default());
        fields.finish(|| code.and(method))
    }
}

impl MethodChange {
    pub fn parse(&self, code: MethodCode) -> Result<ShippingMethod, InvalidFields> {
        let mut fields = Fields::default();
        let method = self.fill(&mut fields, code);
        fields.finish(|| method)
    }

    fn fill(&self, fields: &mut Fields, code: MethodCode) -> Option<ShippingMethod> {
        let name = fields.check("name", self.name.parse());
        let carrier = fields.check("carrier", self.carrier.parse());
        let days = fields
            .check("estimated_days_min", TransitDays::new(self.estimated_days_min, self.estimated_days_max));
        let countries = self.countries(fields);
        let tariffs = self.tariffs(fields);
        let position = u16::try_from(self.position.unwrap_or(DEFAULT_POSITION));
        let position = fields.check("position", position.map_err(|_| "must be from 0 to 65535"));
        let (collected, active) = (self.collected.unwrap_or(false), self.active.unwrap_or(true));
        Some(ShippingMethod {
            code,
            name: name?,
            carrier: carrier?,
            collected,
            days: days?,
            countries,
            tariffs,
            position: position?,
            active,
            version: 1,
        })
    }

    fn countries(&self, fields: &mut Fields) -> Vec<Country> {
        let codes = self.countries.as_deref().unwrap_or_default();
        if codes.len() > MOST_COUNTRIES {
            fields.reject("countries", "length", format!("must be {MOST_COUNTRIES} at most"));
            return Vec::new();
        }
        let parsed = codes.iter().enumerate();
        parsed.filter_map(|(index, code)| fields.check(format!("countries[{index}]"), code.parse())).collect()
    }

    fn tariffs(&self, fields: &mut Fields) -> Vec<Tariff> {
        let prices = self.prices.as_deref().unwrap_or_default();
        if prices.len() > MOST_CURRENCIES {
            fields.reject("prices", "length", format!("must be {MOST_CURRENCIES} at most"));
            return Vec::new();
        }
        let mut tariffs: Vec<Tariff> = Vec::with_capacity(prices.len());
        for (index, prices) in prices.iter().enumerate() {
            let path = format!("prices[{index}]");
            let Some(tariff) = prices.parse(fields, &path) else { continue };
            match tariffs.iter().any(|other| other.currency() == tariff.currency()) {
                true => fields.reject(format!("{path}.currency"), "duplicate", "must be given once"),
                false => tariffs.push(tariff),
            }
        }
        tariffs
    }
}

impl PricesDto {
    fn parse(&self, fields: &mut Fields, path: &str) -> Option<Tariff> {
        let currency: Currency = fields.check(format!("{path}.currency"), self.currency.parse())?;
        let mut bands = Vec::with_capacity(self.bands.len());
        for (index, band) in self.bands.iter().enumerate() {
            let field = format!("{path}.bands[{index}]");
            let grams = u32::try_from(band.up_to_grams).map_err(|_| "must be from 1 to 4294967295");
            let grams = fields.check(format!("{field}.up_to_grams"), grams);
            let price = amount(fields, &format!("{field}.price"), band.price, currency);
            bands.extend(grams.zip(price).map(|(up_to_grams, price)| WeightBand { up_to_grams, price }));
        }
        if bands.len() < self.bands.len() {
            return None;
        }
        let mut optional = |name: &str, given: Option<Amount>| -> Option<Option<Money>> {
            given.map_or(Some(None), |given| {
                amount(fields, &format!("{path}.{name}"), given, currency).map(Some)
            })
        };
        let per_extra_kg = optional("per_extra_kg", self.per_extra_kg);
        let free_from = optional("free_from", self.free_from);
        fields.check(format!("{path}.bands"), Tariff::new(currency, bands, per_extra_kg?, free_from?))
    }
}

/// A way to send a parcel.
#[derive(Debug, Object)]
pub struct MethodDto {
    pub code: String,
    pub name: String,
    pub carrier: String,
    /// Whether customers fetch what is sent by it.
    pub collected: bool,
    /// Business days.
    pub estimated_days_min: u8,
    /// Business days.
    pub estimated_days_max: u8,
    /// Where it goes, as ISO 3166 codes; everywhere when empty.
    pub countries: Vec<String>,
    /// Whether it costs nothing, whatever is sent.
    pub free: bool,
    pub prices: Vec<PricesDto>,
    pub position: u16,
    pub active: bool,
    pub version: u64,
}

impl From<ShippingMethod> for MethodDto {
    fn from(method: ShippingMethod) -> Self {
        Self {
            free: method.is_free(),
            code: method.code.to_string(),
            name: method.name.to_string(),
            carrier: method.carrier.to_string(),
            collected: method.collected,
            estimated_days_min: method.days.min(),
            estimated_days_max: method.days.max(),
            countries: method.countries.iter().map(ToString::to_string).collect(),
            prices: method.tariffs.iter().map(PricesDto::from).collect(),
            position: method.position,
            active: method.active,
            version: method.version,
        }
    }
}

impl From<&Tariff> for PricesDto {
    fn from(tariff: &Tariff) -> Self {
        let band =
            |band: &WeightBand| BandDto { up_to_grams: band.up_to_grams.into(), price: band.price.into() };
        Self {
            currency: tariff.currency().to_string(),
            bands: tariff.bands().iter().map(band).collect(),
            per_extra_kg: tariff.per_extra_kg().map(Amount::from),
            free_from: tariff.free_from().map(Amount::from),
        }
    }
}
