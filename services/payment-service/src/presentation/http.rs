//! The HTTP API.

use std::sync::Arc;

use config::id::UserId;
use config::idempotency::Idempotency;
use config::jwt_auth::{Admin, Caller, SignedIn};
use config::money::Currency;
use config::page::{Page, Paging};
use config::problem::{ApiError, Body, Fields, InvalidFields, Kind, OptionalBody};
use config::response::{Created, NoContent, Performed};
use poem::http::HeaderMap;
use poem_openapi::OpenApi;
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::{Html, Json};

use super::challenge;
use super::dto::{
    CaptureRequest, ChallengeResult, NewPayment, PaymentDto, RefundDto, RefundRequest, action_answer,
    payment_answer, refund_answer,
};
use super::wrong::word;
use crate::application::{
    Act, Action, Challenges, HandleWebhook, News, Pay, PaymentError, PaymentFilter, PaymentReader, Reply,
};
use crate::domain::{ChargeOutcome, Method, OrderId, PaymentId, ProviderName, Status};

/// The largest notice that is read, in bytes.
const MAX_NOTICE: usize = 64 << 10;

/// Payments of orders.
pub struct PaymentApi {
    pub(crate) pay: Pay,
    pub(crate) act: Act,
    pub(crate) webhook: HandleWebhook,
    pub(crate) payments: Arc<dyn PaymentReader>,
    pub(crate) challenges: Arc<dyn Challenges>,
    pub(crate) idempotency: Idempotency,
    pub(crate) currency: Currency,
    /// How customers may pay.
    pub(crate) methods: Vec<Method>,
}

#[OpenApi]
impl PaymentApi {
    /// Pay an order
    ///
    /// After 10 declined payments of an order in an hour, or 30 of a customer, the answer is 429 `too-many-declines`.
    #[oai(path = "/api/payments", method = "post")]
    async fn pay(
        &self,
        caller: SignedIn,
        #[oai(name = "Idempotency-Key")] key: Header<Option<String>>,
        body: Body<NewPayment>,
    ) -> Result<Created<PaymentDto>, ApiError> {
        let request = body.0.without_secrets();
        let wanted = body.0.parse(self.currency, &self.methods)?;
        let done = self.idempotency.run(scope(&caller, "pay"), key.0, &request, |claim| async move {
            let reply = Reply::new(claim, payment_answer);
            self.pay.run(&caller, &wanted, &reply).await.map(PaymentDto::from)
        });
        Ok(done.await?.into())
    }

    /// Your payments, newest first
    #[oai(path = "/api/payments", method = "get")]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the query")]
    async fn list(
        &self,
        caller: SignedIn,
        order_id: Query<Option<u64>>,
        status: Query<Option<String>>,
        /// For administrators
        user_id: Query<Option<u64>>,
        skip: Query<Option<i64>>,
        /// 1 to 100
        limit: Query<Option<i64>>,
        cursor: Query<Option<String>>,
    ) -> Result<Json<Page<PaymentDto>>, ApiError> {
        let mut fields = Fields::default();
        let paging = Paging::check(&mut fields, skip.0, limit.0, cursor.as_deref());
        let status = word(&mut fields, "status", status.as_deref().map(str::parse::<Status>).transpose());
        let (paging, status) = fields.finish(|| Some((paging?, status?)))?;
        let user_id = match (caller.is_admin(), user_id.0) {
            (true, asked) => asked.map(UserId::new),
            (false, asked) => Some(caller.acting_for(asked)?),
        };
        let filter = PaymentFilter { order_id: order_id.0.map(OrderId::new), user_id, status };
        let slice = self.payments.list(filter, paging).await?;
        Ok(Json(Page::new(slice, paging, |found| found.payment.id.get(), PaymentDto::from)))
    }

    /// A payment with its refunds
    #[oai(path = "/api/payments/:id", method = "get")]
    async fn get(&self, caller: SignedIn, id: Path<u64>) -> Result<Json<PaymentDto>, ApiError> {
        let id = PaymentId::new(id.0);
        let found = self.payments.payment(id).await?.ok_or(PaymentError::NotFound(id))?;
        caller.must_own(found.payment.user_id)?;
        Ok(Json(found.into()))
    }

    /// Take the money of an authorized payment, or a part of it
    #[oai(path = "/api/payments/:id/capture", method = "post")]
    async fn capture(
        &self,
        caller: Admin,
        id: Path<u64>,
        #[oai(name = "Idempotency-Key")] key: Header<Option<String>>,
        body: OptionalBody<CaptureRequest>,
    ) -> Result<Performed<PaymentDto>, ApiError> {
        let amount = body.0.and_then(|request| request.amount);
        self.settle(&caller, "capture", id.0, key.0, Action::Capture { amount }).await
    }

    /// Give an authorization back, or stop waiting for the customer's confirmation
    #[oai(path = "/api/payments/:id/void", method = "post")]
    async fn void(
        &self,
        caller: SignedIn,
        id: Path<u64>,
        #[oai(name = "Idempotency-Key")] key: Header<Option<String>>,
    ) -> Result<Performed<PaymentDto>, ApiError> {
        self.settle(&caller, "void", id.0, key.0, Action::Void).await
    }

    /// Give money back
    #[oai(path = "/api/payments/:id/refund", method = "post")]
    async fn refund(
        &self,
        caller: Admin,
        id: Path<u64>,
        #[oai(name = "Idempotency-Key")] key: Header<Option<String>>,
        body: Body<RefundRequest>,
    ) -> Result<Created<RefundDto>, ApiError> {
        let action = body.parse()?;
        let scope = scope(&caller, &format!("refund:{}", id.0));
        let done = self.idempotency.run(scope, key.0, &body.0, |claim| async move {
            let reply = Reply::new(claim, refund_answer);
            let completed = self.act.run(&caller, PaymentId::new(id.0), &action, &reply).await?;
            Ok::<_, PaymentError>(RefundDto::new(&completed.payment, &completed.operation))
        });
        Ok(done.await?.into())
    }

    /// Hear from a payment provider
    ///
    /// It signs the body: `Stripe-Signature`, or `Simulator-Signature`, `t=UNIX_SECONDS,v1=HMAC_SHA256("t.body")`.
    #[oai(path = "/api/payments/webhooks/:provider", method = "post")]
    async fn webhook(
        &self,
        provider: Path<String>,
        headers: &HeaderMap,
        body: poem::Body,
    ) -> Result<NoContent, ApiError> {
        let body = body.into_bytes_limit(MAX_NOTICE).await.map_err(|_| {
            ApiError::new(
                Kind::TooLarge,
                "body-too-large",
                format!("A notice has at most {MAX_NOTICE} bytes."),
            )
        })?;
        let header = |name: &str| headers.get(name)?.to_str().ok().map(str::to_owned);
        self.webhook.receive(&provider, &header, &body).await?;
        Ok(NoContent::NoContent)
    }

    /// The simulated bank's page where a customer confirms a payment
    #[oai(path = "/api/payments/simulator/challenge/:token", method = "get")]
    async fn challenge(&self, token: Path<String>) -> Result<Html<String>, ApiError> {
        let token = challenge_token(&token)?;
        let challenge = self.challenges.challenge(token).await?.ok_or_else(no_challenge)?;
        Ok(Html(challenge::page(&challenge)))
    }

    /// Confirm a payment at the simulated bank, or refuse to
    #[oai(path = "/api/payments/simulator/challenge/:token", method = "post")]
    async fn decide(
        &self,
        token: Path<String>,
        /// `approve` or `deny`
        decision: Query<String>,
    ) -> Result<Json<ChallengeResult>, ApiError> {
        let approve = match decision.as_str() {
            "approve" => true,
            "deny" => false,
            _ => {
                return Err(InvalidFields::one("decision", "unknown-value", "must be approve or deny").into());
            }
        };
        let token = challenge_token(&token)?;
        let event = self.challenges.decide(token, approve).await?.ok_or_else(no_challenge)?;
        let approved = !matches!(event.news, News::Charge(ChargeOutcome::Declined(_)));
        self.webhook.run(ProviderName::Simulator, event).await?;
        Ok(Json(ChallengeResult { approved }))
    }
}

impl PaymentApi {
    async fn settle(
        &self,
        caller: &Caller,
        verb: &str,
        id: u64,
        key: Option<String>,
        action: Action,
    ) -> Result<Performed<PaymentDto>, ApiError> {
        let request = CaptureRequest {
            amount: match action {
                Action::Capture { amount } => amount,
                Action::Void | Action::Refund { .. } => None,
            },
        };
        let scope = scope(caller, &format!("{verb}:{id}"));
        let done = self.idempotency.run(scope, key, &request, |claim| async move {
            let reply = Reply::new(claim, action_answer);
            let completed = self.act.run(caller, PaymentId::new(id), &action, &reply).await?;
            Ok::<_, PaymentError>(PaymentDto::from(completed.payment))
        });
        Ok(done.await?.into())
    }
}

/// Keys of different callers and operations never meet.
fn scope(caller: &Caller, operation: &str) -> String {
    format!("{}:{operation}", caller.user_id)
}

/// Tokens are ASCII; the database refuses to compare them with anything else.
fn challenge_token(token: &str) -> Result<&str, ApiError> {
    if token.is_ascii() { Ok(token) } else { Err(no_challenge()) }
}

fn no_challenge() -> ApiError {
    ApiError::new(Kind::NotFound, "challenge-not-found", "There is no such challenge.")
}
