//! What was sold.

use std::sync::Arc;

use config::clock::Clock;
use config::jwt_auth::Admin;
use config::money::Currency;
use config::problem::{ApiError, Fields};
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
        let mut fields = Fields::default();
        let days = period(&mut fields, from.as_deref(), to.as_deref(), self.clock.now().date_naive());
        let currency = fields.check("currency", currency.as_deref().map_or(Ok(self.currency), str::parse));
        let (days, currency) = fields.finish(|| days.zip(currency))?;
        let (from, to) = days;
        let sold = self.sales.days(from, to, currency).await?;
        let top = self.sales.top_products(from, to, currency).await?;
        Ok(Json(SummaryDto::new(days, currency, &sold, &top)))
    }
}
