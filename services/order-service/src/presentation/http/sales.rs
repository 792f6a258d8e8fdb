//! What was sold.

use std::sync::Arc;

use config::clock::Clock;
use config::jwt_auth::Admin;
use config::money::Currency;
use config::problem::{ApiError, InvalidFields};
use poem_openapi::OpenApi;
use poem_openapi::param::Query;
use poem_openapi::payload::Json;

use super::super::dto::{SummaryDto, period};
use crate::application::SalesReader;

/// Analytics.
pub struct SalesApi {
    pub(crate) sales: Arc<dyn SalesReader>,
    pub(crate) clock: Arc<dyn Clock>,
    /// The shop's.
    pub(crate) currency: Currency,
}

#[OpenApi]
impl SalesApi {
    /// Revenue, orders and best-selling products, by day
    #[oai(path = "/api/orders/analytics/summary", method = "get")]
    async fn summary(
        &self,
        _admin: Admin,
        /// First day, as 2025-12-01; 30 days before `to` when not given
        from: Query<Option<String>>,
        /// Last day; today when not given
        to: Query<Option<String>>,
        /// The shop's when not given
        currency: Query<Option<String>>,
    ) -> Result<Json<SummaryDto>, ApiError> {
        let days = period(from.0, to.0, self.clock.now().date_naive())?;
        let currency = currency.0.map_or(Ok(self.currency), |code| {
            code.parse().map_err(|error| InvalidFields::one("currency", "invalid", format!("{error}")))
        })?;
        let (from, to) = days;
        let sold = self.sales.days(from, to, currency).await?;
        let top = self.sales.top_products(from, to, currency).await?;
        Ok(Json(SummaryDto::new(days, currency, &sold, &top)))
    }
}
