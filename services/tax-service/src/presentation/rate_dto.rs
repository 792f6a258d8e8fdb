//! Rates, as they travel over HTTP.

use chrono::{DateTime, NaiveDate, Utc};
use config::page::Page;
use config::problem::{Fields, InvalidFields};
use poem_openapi::{Object, Union};

use super::number::Exact;
use super::parse;
use crate::domain::{Percent, Rate, RateTerms, Validity};

const DEFAULT_NAME: &str = "Tax";
const MOST_PRIORITY: u8 = 9;

/// A rate, new or changed.
#[derive(Debug, Object)]
pub struct RateRequest {
    /// ISO 3166 code or English name.
    pub country: Option<String>,
    /// Instead of `country`: also `US-CA`.
    pub location: Option<String>,
    /// The part of the ISO 3166-2 code behind the hyphen, in the USA, Canada and Australia also the name; the whole
    /// country when not given.
    pub state: Option<String>,
    /// A category of products; all that have no rate of their own when not given.
    pub product_type: Option<String>,
    /// What the tax is called, 1 to 100 characters; `Tax` when not given. Within a place, a product type's rate
    /// replaces the general one of the same name.
    pub name: Option<String>,
    /// 0 to 100, with four decimals at most.
    pub percent: Option<Exact>,
    /// Another name for `percent`.
    pub tax_percent: Option<Exact>,
    /// 0 to 9; lower ones are computed first. 0 when not given.
    pub priority: Option<i64>,
    /// Whether it is also taken of the taxes of lower priority.
    pub compound: Option<bool>,
    /// Whether the country's own rates don't hold in this state.
    pub replaces_country: Option<bool>,
    /// Whether it is also taken of what sending costs.
    pub applies_to_shipping: Option<bool>,
    /// The first day, in UTC; today when not given (a change leaves it as it was).
    pub valid_from: Option<String>,
    /// The last day, in UTC; until further notice when not given.
    pub valid_to: Option<String>,
}

impl RateRequest {
    /// `from`: the first day, when none is given.
    pub fn parse(&self, from: NaiveDate) -> Result<RateTerms, InvalidFields> {
        let mut fields = Fields::default();
        let (country, location) = (self.country.as_deref(), self.location.as_deref());
        let place = parse::place(&mut fields, country, location, self.state.as_deref());
        let place = match place {
            Some(None) => fields.required("country", None),
            place => place.flatten(),
        };
        let product_type = parse::label_if_any(&mut fields, "product_type", self.product_type.as_deref());
        let name = fields.check("name", self.name.as_deref().unwrap_or(DEFAULT_NAME).parse());
        let percent = fields.required("percent", self.percent.or(self.tax_percent));
        let percent = percent.and_then(|percent| fields.check("percent", Percent::new(percent.0)));
        let priority = self.priority(&mut fields);
        let flag = |flag: Option<bool>| flag.unwrap_or(false);
        let (compound, replaces_country) = (flag(self.compound), flag(self.replaces_country));
        let applies_to_shipping = flag(self.applies_to_shipping);
        if compound && priority == Some(0) {
            fields.reject("compound", "invalid", "needs a priority above 0, for there is nothing below 0");
        }
        if replaces_country && place.as_ref().is_some_and(|place| place.state.is_none()) {
            fields.reject("replaces_country", "invalid", "needs a state");
        }
        if applies_to_shipping && self.product_type.is_some() {
            fields.reject("applies_to_shipping", "invalid", "is for rates without a product type");
        }
        let validity = self.validity(&mut fields, from);
        fields.finish(|| {
            Some(RateTerms {
                place: place?,
                product_type: product_type?,
                name: name?,
                percent: percent?,
                priority: priority?,
                compound,
                replaces_country,
                applies_to_shipping,
                validity: validity?,
            })
        })
    }

    fn priority(&self, fields: &mut Fields) -> Option<u8> {
        let priority = u8::try_from(self.priority.unwrap_or_default()).ok();
        let priority = priority.filter(|priority| *priority <= MOST_PRIORITY);
        fields.check("priority", priority.ok_or_else(|| format!("must be from 0 to {MOST_PRIORITY}")))
    }

    fn validity(&self, fields: &mut Fields, default: NaiveDate) -> Option<Validity> {
        let from = match &self.valid_from {
            Some(text) => parse::day(fields, "valid_from", text),
            None => Some(default),
        };
        let to = parse::day_if_any(fields, "valid_to", self.valid_to.as_deref());
        fields.check("valid_to", Validity::new(from?, to?))
    }
}

/// A tax that a place wants.
#[derive(Debug, Object)]
pub struct RateDto {
    pub id: u64,
    /// ISO 3166
    pub country: String,
    pub country_name: String,
    /// The whole country when null.
    pub state: Option<String>,
    /// `US-CA`, or `DE`.
    pub jurisdiction: String,
    /// All products that have no rate of their own when null.
    pub product_type: Option<String>,
    pub name: String,
    pub percent: Exact,
    pub priority: u8,
    pub compound: bool,
    pub replaces_country: bool,
    pub applies_to_shipping: bool,
    /// The first day, in UTC.
    pub valid_from: NaiveDate,
    /// The last day, in UTC; until further notice when null.
    pub valid_to: Option<NaiveDate>,
    pub version: u64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl From<Rate> for RateDto {
    fn from(rate: Rate) -> Self {
        let terms = &rate.terms;
        Self {
            id: rate.id.get(),
            country: terms.place.country.to_string(),
            country_name: terms.place.country.name().to_owned(),
            state: terms.state().map(ToString::to_string),
            jurisdiction: terms.jurisdiction(),
            product_type: terms.product_type.as_ref().map(ToString::to_string),
            name: terms.name.to_string(),
            percent: Exact(terms.percent.number()),
            priority: terms.priority,
            compound: terms.compound,
            replaces_country: terms.replaces_country,
            applies_to_shipping: terms.applies_to_shipping,
            valid_from: terms.validity.from(),
            valid_to: terms.validity.to(),
            version: rate.version,
            created_at: rate.created_at,
            updated_at: rate.updated_at,
        }
    }
}

/// One rate, by its id, or a country's.
#[derive(Debug, Union)]
pub enum RateOrRates {
    One(RateDto),
    All(Page<RateDto>),
}
