//! What the use cases need from the world outside.

use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, Utc};
use config::database::{StoreError, UnitOfWork};
use config::id::UserId;
use config::page::{Paging, Slice};
use config::place::{Country, State};

use crate::domain::{Exemption, ExemptionId, ExemptionTerms, Label, Rate, RateBook, RateId, RateTerms};

/// Rates, as a unit of work changes them.
#[async_trait]
pub trait Rates: Send {
    /// Locks the book until the end and makes it a version newer, which is the answer. To be called before anything
    /// that is to be changed is read: whoever holds the lock is the only one who changes.
    async fn next_version(&mut self) -> Result<u64, StoreError>;
    async fn rate(&mut self, id: RateId) -> Result<Option<Rate>, StoreError>;
    async fn rates_of(&mut self, country: Country) -> Result<Vec<Rate>, StoreError>;
    /// How many there are in all.
    async fn count_rates(&mut self) -> Result<u64, StoreError>;
    async fn add_rate(&mut self, terms: &RateTerms, now: DateTime<Utc>) -> Result<Rate, StoreError>;
    async fn save_rate(&mut self, rate: &Rate) -> Result<(), StoreError>;
    async fn delete_rate(&mut self, id: RateId) -> Result<(), StoreError>;
    /// `true` the first time, and `false` ever after.
    async fn begin_demo(&mut self) -> Result<bool, StoreError>;
}

/// Exemptions, as a unit of work changes them.
#[async_trait]
pub trait Exemptions: Send {
    /// `None` when this certificate is known for the user and the country.
    async fn add_exemption(
        &mut self,
        terms: &ExemptionTerms,
        now: DateTime<Utc>,
    ) -> Result<Option<Exemption>, StoreError>;
    /// Whose it was; `None` when there is none.
    async fn delete_exemption(&mut self, id: ExemptionId) -> Result<Option<UserId>, StoreError>;
}

/// A unit of work of this service.
pub trait Store: UnitOfWork + Rates + Exemptions {}
impl<T: UnitOfWork + Rates + Exemptions> Store for T {}

/// Which rates are asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RateFilter {
    pub country: Option<Country>,
    pub state: Option<State>,
    pub product_type: Option<Label>,
    /// Only those that hold on this day.
    pub on: Option<NaiveDate>,
}

/// Rates and exemptions, as operators read them.
#[async_trait]
pub trait RateReader: Send + Sync {
    async fn rate(&self, id: RateId) -> Result<Option<Rate>, StoreError>;
    /// In the order in which they were made.
    async fn rates(&self, filter: &RateFilter, paging: Paging) -> Result<Slice<Rate>, StoreError>;
    async fn exemption(&self, id: ExemptionId) -> Result<Option<Exemption>, StoreError>;
    /// In the order in which they were made.
    async fn exemptions(&self, user: Option<UserId>, paging: Paging) -> Result<Slice<Exemption>, StoreError>;
}

/// The whole book, as it is kept in memory.
#[async_trait]
pub trait Books: Send + Sync {
    async fn version(&self) -> Result<u64, StoreError>;
    /// At least of the version that was current when it was asked for. Exemptions whose last day is before `day` are
    /// left out.
    async fn book(&self, day: NaiveDate) -> Result<RateBook, StoreError>;
}
