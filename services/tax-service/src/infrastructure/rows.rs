//! Rows, and what they stand for.

use chrono::{DateTime, NaiveDate, Utc};
use config::database::{StoreError, stored};
use config::id::UserId;
use config::place::Place;
use sqlx::FromRow;

use crate::domain::{
    Exemption, ExemptionId, ExemptionTerms, Label, Percent, Rate, RateId, RateTerms, Validity,
};

#[derive(FromRow)]
pub(super) struct RateRow {
    id: u64,
    country: String,
    state: Option<String>,
    product_type: Option<String>,
    name: String,
    rate: u32,
    priority: u8,
    compound: bool,
    replaces_country: bool,
    applies_to_shipping: bool,
    valid_from: NaiveDate,
    valid_to: Option<NaiveDate>,
    version: u64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

/// A `SELECT` of [`RateRow`]s.
macro_rules! select_rates {
    ($rest:literal) => {
        concat!(
            "SELECT id, country, state, product_type, name, rate, priority, compound, replaces_country, \
             applies_to_shipping, valid_from, valid_to, version, created_at, updated_at FROM rates ",
            $rest
        )
    };
}
pub(super) use select_rates;

impl TryFrom<RateRow> for Rate {
    type Error = StoreError;

    fn try_from(row: RateRow) -> Result<Self, StoreError> {
        let place =
            Place { country: stored(&row.country)?, state: row.state.as_deref().map(stored).transpose()? };
        let terms = RateTerms {
            place,
            product_type: row.product_type.as_deref().map(Label::stored),
            name: Label::stored(&row.name),
            percent: Percent::from_millionths(row.rate).map_err(StoreError::corrupt)?,
            priority: row.priority,
            compound: row.compound,
            replaces_country: row.replaces_country,
            applies_to_shipping: row.applies_to_shipping,
            validity: Validity::new(row.valid_from, row.valid_to).map_err(StoreError::corrupt)?,
        };
        let RateRow { id, version, created_at, updated_at, .. } = row;
        Ok(Self { id: RateId::new(id), terms, version, created_at, updated_at })
    }
}

pub(super) fn rates(rows: Vec<RateRow>) -> Result<Vec<Rate>, StoreError> {
    rows.into_iter().map(Rate::try_from).collect()
}

#[derive(FromRow)]
pub(super) struct ExemptionRow {
    id: u64,
    user_id: u64,
    country: String,
    certificate: String,
    valid_to: Option<NaiveDate>,
    created_at: DateTime<Utc>,
}

/// A `SELECT` of [`ExemptionRow`]s.
macro_rules! select_exemptions {
    ($rest:literal) => {
        concat!("SELECT id, user_id, country, certificate, valid_to, created_at FROM exemptions ", $rest)
    };
}
pub(super) use select_exemptions;

impl TryFrom<ExemptionRow> for Exemption {
    type Error = StoreError;

    fn try_from(row: ExemptionRow) -> Result<Self, StoreError> {
        let country = Some(row.country.as_str()).filter(|code| !code.is_empty());
        let terms = ExemptionTerms {
            user_id: UserId::new(row.user_id),
            country: country.map(stored).transpose()?,
            certificate: Label::stored(&row.certificate),
            valid_to: row.valid_to,
        };
        Ok(Self { id: ExemptionId::new(row.id), terms, created_at: row.created_at })
    }
}

pub(super) fn exemptions(rows: Vec<ExemptionRow>) -> Result<Vec<Exemption>, StoreError> {
    rows.into_iter().map(Exemption::try_from).collect()
}
