//! What can go wrong.

use config::database::StoreError;
use config::problem::{Facts, Fault, InvalidFields, Kind};
use config::response::StaleVersion;
use serde_json::json;

use crate::domain::{ExemptionId, RateId};

/// Why a use case did nothing.
#[derive(Debug, thiserror::Error)]
pub enum TaxError {
    #[error("there is no tax rate {0}")]
    NoRate(RateId),
    #[error("tax rate {0} is for the same tax, place and products at the same time")]
    RateExists(RateId),
    #[error("there are as many tax rates as there can be, {0}")]
    TooManyRates(u64),
    #[error("there is no exemption {0}")]
    NoExemption(ExemptionId),
    #[error("the customer has an exemption with this certificate already")]
    ExemptionExists,
    #[error(transparent)]
    Invalid(#[from] InvalidFields),
    #[error(transparent)]
    Stale(#[from] StaleVersion),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Fault for TaxError {
    fn facts(&self) -> Facts {
        match self {
            Self::NoRate(_) => Kind::NotFound.coded("tax-rate-not-found"),
            Self::RateExists(id) => {
                Kind::Conflict.coded("tax-rate-exists").with(json!({ "rate_id": id.get() }))
            }
            Self::TooManyRates(_) => Kind::Conflict.coded("too-many-tax-rates"),
            Self::NoExemption(_) => Kind::NotFound.coded("exemption-not-found"),
            Self::ExemptionExists => Kind::Conflict.coded("exemption-exists"),
            Self::Invalid(error) => error.facts(),
            Self::Stale(error) => error.facts(),
            Self::Store(error) => error.facts(),
        }
    }
}
