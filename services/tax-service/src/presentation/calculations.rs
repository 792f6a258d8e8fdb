//! The HTTP API of calculations.

use config::jwt_auth::{AuthError, Internal, MaybeSignedIn};
use config::money::{Amount, Currency};
use config::problem::{ApiError, Body};
use poem_openapi::OpenApi;
use poem_openapi::param::Query;
use poem_openapi::payload::Json;

use super::calculation_dto::{CalculationDto, CalculationRequest};
use super::quote_dto::{QuoteDto, QuoteRequest};
use crate::application::QuoteTax;

/// Calculations.
pub struct CalculationsApi {
    pub(crate) quote: QuoteTax,
    /// The shop's.
    pub(crate) currency: Currency,
}

#[OpenApi]
impl CalculationsApi {
    /// What the taxes of an amount are
    #[oai(path = "/api/tax/calculate", method = "get")]
    #[expect(clippy::too_many_arguments, reason = "each is a query parameter")]
    async fn calculate(
        &self,
        caller: MaybeSignedIn,
        amount: Query<Amount>,
        /// ISO 3166 code or English name
        country: Query<Option<String>>,
        /// Instead of `country`: also `US-CA`, or an address that ends with a country
        location: Query<Option<String>>,
        state: Query<Option<String>>,
        /// The product's category
        product_type: Query<Option<String>>,
        /// ISO 4217; the shop's when not given
        currency: Query<Option<String>>,
        /// Whether the amount includes the taxes
        inclusive: Query<Option<bool>>,
        /// Who pays: one's own id, unless an administrator asks
        user_id: Query<Option<u64>>,
    ) -> Result<Json<CalculationDto>, ApiError> {
        let request = CalculationRequest {
            amount: amount.0,
            country: country.0,
            location: location.0,
            state: state.0,
            product_type: product_type.0,
            currency: currency.0,
            inclusive: inclusive.0,
            user_id: user_id.0,
        };
        self.answer(&caller, &request).await
    }

    /// What the taxes of an amount are
    #[oai(path = "/api/tax/calculate", method = "post")]
    async fn calculate_posted(
        &self,
        caller: MaybeSignedIn,
        body: Body<CalculationRequest>,
    ) -> Result<Json<CalculationDto>, ApiError> {
        self.answer(&caller, &body).await
    }

    /// What the taxes of a basket are
    ///
    /// Changes nothing. Answered from memory, also while the database is away.
    #[oai(path = "/internal/tax/quote", method = "post")]
    async fn quote(&self, _service: Internal, body: Body<QuoteRequest>) -> Result<Json<QuoteDto>, ApiError> {
        let assessment = self.quote.run(body.parse(self.currency)?).await?;
        Ok(Json(QuoteDto::new(&body, assessment)))
    }
}

impl CalculationsApi {
    async fn answer(
        &self,
        caller: &MaybeSignedIn,
        request: &CalculationRequest,
    ) -> Result<Json<CalculationDto>, ApiError> {
        let user = match (&caller.0, request.user_id) {
            (Some(caller), asked) => Some(caller.acting_for(asked)?),
            // Whether somebody is exempt is nobody else's business.
            (None, Some(_)) => return Err(AuthError::Missing.into()),
            (None, None) => None,
        };
        let parsed = request.parse(self.currency, user, !self.quote.has_default_country())?;
        Ok(Json(CalculationDto::new(request, self.quote.run(parsed).await?)))
    }
}
