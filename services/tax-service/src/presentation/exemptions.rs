//! The HTTP API of exemptions.

use std::sync::Arc;

use config::id::UserId;
use config::idempotency::{Answer, Idempotency};
use config::jwt_auth::Admin;
use config::page::{Page, Paging};
use config::problem::{ApiError, Body, Kind};
use config::response::{Created, NoContent};
use poem_openapi::OpenApi;
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::Json;

use super::exemption_dto::{ExemptionDto, ExemptionRequest};
use crate::application::{ManageExemptions, RateReader, TaxError};
use crate::domain::ExemptionId;

/// Exemptions.
pub struct ExemptionsApi {
    pub(crate) manage: ManageExemptions,
    pub(crate) exemptions: Arc<dyn RateReader>,
    pub(crate) idempotency: Idempotency,
}

#[OpenApi]
impl ExemptionsApi {
    /// Let a customer pay no tax
    ///
    /// Products that aren't taxed are rates of 0 for their type.
    #[oai(path = "/api/tax/exemptions", method = "post")]
    async fn add(
        &self,
        admin: Admin,
        #[oai(name = "Idempotency-Key")] key: Header<Option<String>>,
        body: Body<ExemptionRequest>,
    ) -> Result<Created<ExemptionDto>, ApiError> {
        let terms = &body.parse()?;
        let scope = format!("{}:add-exemption", admin.user_id);
        let done = self.idempotency.run(scope, key.0, &body.0, |claim| async move {
            let answer = |exemption: &_| Answer::json(201, &ExemptionDto::from(Clone::clone(exemption)));
            Ok::<_, TaxError>(ExemptionDto::from(self.manage.add(terms, claim.as_ref(), answer).await?))
        });
        Ok(done.await?.into())
    }

    /// Customers who pay no tax, in the order in which they were added
    #[oai(path = "/api/tax/exemptions", method = "get")]
    async fn list(
        &self,
        _admin: Admin,
        user_id: Query<Option<u64>>,
        skip: Query<Option<i64>>,
        /// 1 to 100
        limit: Query<Option<i64>>,
        cursor: Query<Option<String>>,
    ) -> Result<Json<Page<ExemptionDto>>, ApiError> {
        let paging = Paging::parse(skip.0, limit.0, cursor.as_deref())?;
        let slice = self.exemptions.exemptions(user_id.0.map(UserId::new), paging).await?;
        Ok(Json(Page::new(slice, paging, |exemption| exemption.id.get(), ExemptionDto::from)))
    }

    /// One exemption
    #[oai(path = "/api/tax/exemptions/:id", method = "get")]
    async fn get(&self, _admin: Admin, id: Path<String>) -> Result<Json<ExemptionDto>, ApiError> {
        let id = parse_id(&id)?;
        let exemption = self.exemptions.exemption(id).await?;
        Ok(Json(exemption.ok_or(TaxError::NoExemption(id))?.into()))
    }

    /// Let a customer pay tax again
    #[oai(path = "/api/tax/exemptions/:id", method = "delete")]
    async fn delete(&self, _admin: Admin, id: Path<String>) -> Result<NoContent, ApiError> {
        self.manage.delete(parse_id(&id)?).await?;
        Ok(NoContent::NoContent)
    }
}

/// A path that can't name an exemption names nothing.
fn parse_id(id: &str) -> Result<ExemptionId, ApiError> {
    let missing = |_| ApiError::new(Kind::NotFound, "exemption-not-found", "There is no such exemption.");
    id.parse().map(ExemptionId::new).map_err(missing)
}
