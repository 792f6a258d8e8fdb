//! Customers who pay no tax.

use chrono::{DateTime, NaiveDate, Utc};
use config::id::UserId;
use config::place::Country;

use super::Label;

config::ids! {
    /// An exemption.
    ExemptionId
}

/// What an exemption says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExemptionTerms {
    pub user_id: UserId,
    /// Where it holds; everywhere when `None`.
    pub country: Option<Country>,
    /// The number of the document that proves it.
    pub certificate: Label,
    /// Its last day, in UTC; until further notice when `None`.
    pub valid_to: Option<NaiveDate>,
}

impl ExemptionTerms {
    pub fn holds(&self, country: Country, day: NaiveDate) -> bool {
        self.country.is_none_or(|its| its == country) && self.valid_to.is_none_or(|last| day <= last)
    }
}

/// An exemption as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exemption {
    pub id: ExemptionId,
    pub terms: ExemptionTerms,
    pub created_at: DateTime<Utc>,
}
