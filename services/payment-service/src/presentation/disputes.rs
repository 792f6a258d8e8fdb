//! Disputes, for administrators.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use config::jwt_auth::Admin;
use config::money::Amount;
use config::page::{Page, Paging};
use config::problem::{ApiError, Body, Fields, InvalidFields};
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};

use super::wrong::word;
use crate::application::{DisputeFilter, DisputeReader, Disputes, Evidence, PaymentError};
use crate::domain::{Dispute, DisputeId, DisputeStatus, PaymentId};

/// Customers who have asked their bank for the money back.
pub struct DisputeApi {
    pub(crate) act: Disputes,
    pub(crate) disputes: Arc<dyn DisputeReader>,
}

#[OpenApi]
impl DisputeApi {
    /// Disputes over payments, newest first
    #[oai(path = "/api/payments/disputes", method = "get")]
    async fn list_disputes(
        &self,
        _admin: Admin,
        payment_id: Query<Option<u64>>,
        status: Query<Option<String>>,
        skip: Query<Option<i64>>,
        /// 1 to 100
        limit: Query<Option<i64>>,
        cursor: Query<Option<String>>,
    ) -> Result<Json<Page<DisputeDto>>, ApiError> {
        let mut fields = Fields::default();
        let paging = Paging::check(&mut fields, skip.0, limit.0, cursor.as_deref());
        let status = status.as_deref().map(str::parse::<DisputeStatus>).transpose();
        let status = word(&mut fields, "status", status);
        let (paging, status) = fields.finish(|| Some((paging?, status?)))?;
        let filter = DisputeFilter { payment_id: payment_id.0.map(PaymentId::new), status };
        let slice = self.disputes.disputes(filter, paging).await?;
        Ok(Json(Page::new(slice, paging, |dispute| dispute.id.get(), DisputeDto::from)))
    }

    /// A dispute
    #[oai(path = "/api/payments/disputes/:id", method = "get")]
    async fn get_dispute(&self, _admin: Admin, id: Path<u64>) -> Result<Json<DisputeDto>, ApiError> {
        let id = DisputeId::new(id.0);
        let found = self.disputes.dispute(id).await?.ok_or(PaymentError::NoDispute(id))?;
        Ok(Json(found.into()))
    }

    /// Say what the shop has to say; once it is sent, the bank decides
    #[oai(path = "/api/payments/disputes/:id/evidence", method = "post")]
    async fn submit_evidence(
        &self,
        _admin: Admin,
        id: Path<u64>,
        body: Body<NewEvidence>,
    ) -> Result<Json<DisputeDto>, ApiError> {
        let evidence = body.0.parse()?;
        Ok(Json(self.act.submit(DisputeId::new(id.0), &evidence).await?.into()))
    }
}

/// What the shop has to say to a dispute. It goes to the provider and is not kept here.
#[derive(Debug, Object)]
#[oai(rename = "Evidence")]
pub struct NewEvidence {
    /// 1 to 20000 characters.
    pub text: String,
    /// The shipment's: 1 to 100 characters.
    pub tracking_number: Option<String>,
}

impl NewEvidence {
    fn parse(self) -> Result<Evidence, InvalidFields> {
        let mut fields = Fields::default();
        let text = fields.check("text", self.text.parse());
        let tracking_number = self.tracking_number.as_deref().map(str::parse).transpose();
        let tracking_number = fields.check("tracking_number", tracking_number);
        fields.finish(|| Some(Evidence { text: text?, tracking_number: tracking_number? }))
    }
}

/// A dispute over a payment.
#[derive(Debug, Object)]
#[oai(rename = "Dispute")]
pub struct DisputeDto {
    pub id: u64,
    pub payment_id: u64,
    pub order_id: u64,
    pub user_id: u64,
    pub provider: String,
    /// The provider's name for it.
    pub provider_reference: String,
    /// `opened`, `evidence_due`, `evidence_submitted`, `won` or `lost`.
    pub status: String,
    /// Such as `fraudulent`.
    pub reason: String,
    pub amount: Amount,
    pub currency: String,
    /// Until when evidence is taken.
    pub evidence_due_at: Option<DateTime<Utc>>,
    pub evidence_submitted_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl From<Dispute> for DisputeDto {
    fn from(dispute: Dispute) -> Self {
        Self {
            id: dispute.id.get(),
            payment_id: dispute.payment_id.get(),
            order_id: dispute.order_id.get(),
            user_id: dispute.user_id.get(),
            provider: dispute.provider.as_str().to_owned(),
            provider_reference: dispute.reference,
            status: dispute.status.as_str().to_owned(),
            reason: dispute.reason,
            amount: dispute.amount.into(),
            currency: dispute.amount.currency().code().to_owned(),
            evidence_due_at: dispute.evidence_due_at,
            evidence_submitted_at: dispute.evidence_submitted_at,
            created_at: dispute.created_at,
            updated_at: dispute.updated_at,
        }
    }
}
