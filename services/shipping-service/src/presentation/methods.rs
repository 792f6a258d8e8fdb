//! The HTTP API of methods and quotes.

use std::sync::Arc;

use config::jwt_auth::{Admin, MaybeSignedIn};
use config::money::Currency;
use config::page::Page;
use config::problem::{ApiError, Body, Kind};
use config::response::{Created, IfMatch, NoContent, Versioned};
use poem_openapi::OpenApi;
use poem_openapi::param::{Header, Path};
use poem_openapi::payload::Json;

use super::method_dto::{MethodChange, MethodDto, MethodRequest};
use super::quote_dto::{QuoteDto, QuoteRequest};
use crate::application::{ManageMethods, MethodsReader, Quote, ShippingError};
use crate::domain::{MethodCode, ShippingMethod};

/// Methods and quotes.
pub struct MethodsApi {
    pub(crate) manage: ManageMethods,
    pub(crate) quote: Quote,
    pub(crate) methods: Arc<dyn MethodsReader>,
    /// The shop's.
    pub(crate) currency: Currency,
}

#[OpenApi]
impl MethodsApi {
    /// The ways to send a parcel
    ///
    /// All of them at once; administrators see the retired ones too.
    #[oai(path = "/api/shipments/methods", method = "get")]
    async fn methods(&self, caller: MaybeSignedIn) -> Result<Json<Page<MethodDto>>, ApiError> {
        let methods = self.methods.methods().await?;
        let items: Vec<_> =
            methods.into_iter().filter(|method| shown(method, &caller)).map(MethodDto::from).collect();
        let count = items.len() as u64;
        Ok(Json(Page { items, count, total: count, next_cursor: None }))
    }

    /// One way to send a parcel
    #[oai(path = "/api/shipments/methods/:code", method = "get")]
    async fn method(
        &self,
        caller: MaybeSignedIn,
        code: Path<String>,
        #[oai(name = "If-None-Match")] if_none_match: Header<Option<String>>,
    ) -> Result<Versioned<MethodDto>, ApiError> {
        let code = parse(&code)?;
        let method = self.methods.method(&code).await?.filter(|method| shown(method, &caller));
        let method = method.ok_or(ShippingError::NoMethod(code))?;
        let version = method.version;
        Ok(Versioned::read(method.into(), version, if_none_match.as_deref()))
    }

    /// Add a way to send a parcel
    #[oai(path = "/api/shipments/methods", method = "post")]
    async fn add(&self, _admin: Admin, body: Body<MethodRequest>) -> Result<Created<MethodDto>, ApiError> {
        Ok(Created::new(self.manage.add(body.parse()?).await?.into()))
    }

    /// Change a way to send a parcel
    #[oai(path = "/api/shipments/methods/:code", method = "put")]
    async fn replace(
        &self,
        _admin: Admin,
        code: Path<String>,
        #[oai(name = "If-Match")] if_match: Header<Option<String>>,
        body: Body<MethodChange>,
    ) -> Result<Versioned<MethodDto>, ApiError> {
        let method = body.parse(parse(&code)?)?;
        let method = self.manage.replace(method, &IfMatch::new(if_match.0)).await?;
        let version = method.version;
        Ok(Versioned::written(method.into(), version))
    }

    /// Offer a way to send a parcel no more
    ///
    /// Orders that chose it are still shipped by it; a change with `active: true` offers it again.
    #[oai(path = "/api/shipments/methods/:code", method = "delete")]
    async fn retire(
        &self,
        _admin: Admin,
        code: Path<String>,
        #[oai(name = "If-Match")] if_match: Header<Option<String>>,
    ) -> Result<NoContent, ApiError> {
        self.manage.retire(&parse(&code)?, &IfMatch::new(if_match.0)).await?;
        Ok(NoContent::NoContent)
    }

    /// What it costs to send a parcel
    ///
    /// Each method that can carry it, with its price. In a currency without prices only free methods are offered.
    #[oai(path = "/api/shipments/quote", method = "post")]
    async fn quote(&self, body: Body<QuoteRequest>) -> Result<Json<QuoteDto>, ApiError> {
        let parcel = body.parse(self.currency)?;
        let offers = self.quote.run(&parcel).await?;
        Ok(Json(QuoteDto::new(parcel.subtotal.currency(), offers)))
    }
}

fn shown(method: &ShippingMethod, caller: &MaybeSignedIn) -> bool {
    method.active || caller.0.as_ref().is_some_and(config::jwt_auth::Caller::is_admin)
}

/// A path that can't name a method names nothing.
fn parse(code: &str) -> Result<MethodCode, ApiError> {
    let missing =
        || ApiError::new(Kind::NotFound, "shipping-method-not-found", "There is no such shipping method.");
    code.parse().map_err(|_| missing())
}
