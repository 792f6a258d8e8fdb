//! What the taxes are.

use std::sync::Arc;

use config::clock::Clock;
use config::id::UserId;
use config::place::{Country, Place};
use config::problem::InvalidFields;

use super::{CurrentBook, TaxError};
use crate::domain::{Assessed, Basket, Rounding, Taxation};

/// A basket, and where it goes.
#[derive(Debug, Clone)]
pub struct TaxRequest {
    pub basket: Basket,
    /// `None` when it isn't known.
    pub place: Option<Place>,
    pub user_id: Option<UserId>,
}

/// A basket's taxes, and what they depended on.
#[derive(Debug, Clone)]
pub struct Assessment {
    pub assessed: Assessed,
    pub place: Option<Place>,
    pub exempt: bool,
}

/// Finds the taxes of baskets. Every order asks, so that it is done from memory.
pub struct QuoteTax {
    book: Arc<CurrentBook>,
    clock: Arc<dyn Clock>,
    rounding: Rounding,
    default_country: Option<Country>,
}

impl QuoteTax {
    /// `default_country`: where goods go when nobody says where.
    pub fn new(
        book: Arc<CurrentBook>,
        clock: Arc<dyn Clock>,
        rounding: Rounding,
        default_country: Option<Country>,
    ) -> Self {
        Self { book, clock, rounding, default_country }
    }

    /// Whether there is a place even if nobody says where.
    pub fn has_default_country(&self) -> bool {
        self.default_country.is_some()
    }

    pub async fn run(&self, request: TaxRequest) -> Result<Assessment, TaxError> {
        let book = self.book.get().await?;
        let day = self.clock.now().date_naive();
        let by_default = || self.default_country.map(|country| Place { country, state: None });
        let place = request.place.or_else(by_default);
        let exempt = request
            .user_id
            .zip(place.as_ref())
            .is_some_and(|(user, place)| book.is_exempt(user, place.country, day));
        let taxation = Taxation { book: &book, place: place.as_ref(), day, exempt, rounding: self.rounding };
        let assessed = taxation.assess(&request.basket);
        let assessed =
            assessed.map_err(|error| InvalidFields::one("amount", "too-large", error.to_string()))?;
        Ok(Assessment { assessed, place, exempt })
    }
}
