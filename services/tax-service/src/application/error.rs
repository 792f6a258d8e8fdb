//! What can go wrong.

use config::database::StoreError;
use config::problem::{Fault, FieldError, InvalidFields, Kind};
use config::response::StaleVersion;
use serde_json::{Map, Value, json};

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
    fn kind(&self) -> Kind {
        match self {
            Self::NoRate(_) | Self::NoExemption(_) => Kind::NotFound,
            Self::RateExists(_) | Self::TooManyRates(_) | Self::ExemptionExists => Kind::Conflict,
            Self::Invalid(error) => error.kind(),
            Self::Stale(error) => error.kind(),
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NoRate(_) => "tax-rate-not-found",
            Self::RateExists(_) => "tax-rate-exists",
            Self::TooManyRates(_) => "too-many-tax-rates",
            Self::NoExemption(_) => "exemption-not-found",
            Self::ExemptionExists => "exemption-exists",
            Self::Invalid(error) => error.code(),
            Self::Stale(error) => error.code(),
            Self::Store(error) => error.code(),
        }
    }

    fn errors(&self) -> Vec<FieldError> {
        match self {
            Self::Invalid(error) => error.errors(),
            _ => Vec::new(),
        }
    }

    fn extensions(&self) -> Map<String, Value> {
        let members = match self {
            Self::RateExists(id) => json!({ "rate_id": id.get() }),
            _ => Value::Null,
        };
        members.as_object().cloned().unwrap_or_default()
    }
}
