//! Exemptions, as they travel over HTTP.

use chrono::{DateTime, NaiveDate, Utc};
use config::problem::{Fields, InvalidFields};
use poem_openapi::Object;

use super::parse;
use crate::domain::{Exemption, ExemptionTerms};

/// A new exemption.
#[derive(Debug, Object)]
pub struct ExemptionRequest {
    pub user_id: i64,
    /// ISO 3166 code or English name; everywhere when not given.
    pub country: Option<String>,
    /// The number of the document that proves it, 1 to 100 characters.
    pub certificate: String,
    /// Its last day, in UTC; until further notice when not given.
    pub valid_to: Option<String>,
}

impl ExemptionRequest {
    pub fn parse(&self) -> Result<ExemptionTerms, InvalidFields> {
        let mut fields = Fields::default();
        let user_id = parse::user(&mut fields, self.user_id);
        let place = parse::place(&mut fields, self.country.as_deref(), None, None);
        let certificate = fields.check("certificate", self.certificate.parse());
        let valid_to = parse::day_if_any(&mut fields, "valid_to", self.valid_to.as_deref());
        fields.finish(|| {
            let country = place?.map(|place| place.country);
            Some(ExemptionTerms {
                user_id: user_id?,
                country,
                certificate: certificate?,
                valid_to: valid_to?,
            })
        })
    }
}

/// A customer who pays no tax.
#[derive(Debug, Object)]
pub struct ExemptionDto {
    pub id: u64,
    pub user_id: u64,
    /// ISO 3166; everywhere when null.
    pub country: Option<String>,
    pub certificate: String,
    /// The last day, in UTC; until further notice when null.
    pub valid_to: Option<NaiveDate>,
    pub created_at: DateTime<Utc>,
}

impl From<Exemption> for ExemptionDto {
    fn from(exemption: Exemption) -> Self {
        let Exemption { id, terms, created_at } = exemption;
        Self {
            id: id.get(),
            user_id: terms.user_id.get(),
            country: terms.country.map(|country| country.to_string()),
            certificate: terms.certificate.to_string(),
            valid_to: terms.valid_to,
            created_at,
        }
    }
}
