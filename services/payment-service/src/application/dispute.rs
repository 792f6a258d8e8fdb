//! Customers who ask their bank for the money back.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use config::database::{StoreError, retrying};
use config::kafka::Envelope;

use super::finish::unwind;
use super::{
    DisputeOpened, DisputeReader, DisputeUpdated, Evidence, NewDispute, Operations, PaymentError, Store,
};
use crate::domain::{Account, Dispute, DisputeId, DisputeNews, DisputeStatus, Operation, Payment, Posting};

/// Follows disputes, and says what the shop has to say.
#[derive(Clone)]
pub struct Disputes {
    operations: Operations,
    disputes: Arc<dyn DisputeReader>,
}

impl Disputes {
    pub fn new(operations: Operations, disputes: Arc<dyn DisputeReader>) -> Self {
        Self { operations, disputes }
    }

    /// The provider tells of a dispute over this charge. Whatever it tells first makes the dispute, so that notices
    /// may come in any order.
    pub(super) async fn follow(
        &self,
        charge: &Operation,
        event: &str,
        news: &DisputeNews,
    ) -> Result<(), PaymentError> {
        if retrying(|| self.take(charge, event, news)).await? {
            self.operations.wake();
        }
        Ok(())
    }

    /// Whether there is something to undo.
    async fn take(&self, charge: &Operation, event: &str, news: &DisputeNews) -> Result<bool, PaymentError> {
        let now = self.operations.clock.now();
        let mut tx = self.operations.store.begin().await?;
        let gone = || StoreError::corrupt("a charge without its payment");
        let account = tx.account(charge.order_id).await?.ok_or_else(gone)?;
        let mut payment = tx.payment(charge.payment_id).await?.ok_or_else(gone)?;
        if payment.amount.currency() != news.amount.currency() {
            tracing::error!(payment.id = %payment.id, event, "a dispute in another currency than its payment's");
            return Ok(false);
        }
        if !tx.claim_notice(charge.provider, event, now).await? {
            return Ok(false);
        }
        let known = tx.dispute_by_reference(charge.provider, &news.reference).await?;
        let mut dispute = match known {
            Some(dispute) => dispute,
            None => {
                let dispute = tx.add_dispute(&NewDispute { payment: &payment, news }, now).await?;
                open(tx.as_mut(), &mut payment, &dispute, news, now).await?;
                dispute
            }
        };
        let before = dispute.status;
        let mut follow_up = false;
        if dispute.follow(news) {
            follow_up = self.settle(tx.as_mut(), &account, &mut payment, &dispute, before).await?;
        }
        tx.save_payment(&payment, now).await?;
        tx.commit().await?;
        Ok(follow_up)
    }

    /// Writes down that the dispute has moved; whether there is something to undo.
    async fn settle(
        &self,
        tx: &mut dyn Store,
        account: &Account,
        payment: &mut Payment,
        dispute: &Dispute,
        before: DisputeStatus,
    ) -> Result<bool, PaymentError> {
        let now = self.operations.clock.now();
        let mut follow_up = false;
        if dispute.status == DisputeStatus::Won {
            payment.dispute_won(dispute.amount);
            let back = Posting::chargeback_reversal(&reference(dispute), dispute.amount);
            tx.post(payment.id, &[back], now).await?;
            // What would have gone back, had the bank not taken it, goes back now.
            if let Some(reason) = account.rejects(payment) {
                follow_up = unwind(tx, payment, reason, now).await?;
            }
        }
        tx.save_dispute(dispute, now).await?;
        tx.publish(Envelope::new(&DisputeUpdated::new(payment, dispute, before))).await?;
        tracing::warn!(
            dispute.id = %dispute.id, payment.id = %payment.id, status = dispute.status.as_str(),
            "the dispute {} over payment {} is {}", dispute.id, payment.id, dispute.status,
        );
        Ok(follow_up)
    }

    /// Sends evidence. The provider is asked before anything is written: to say the same again changes nothing.
    pub async fn submit(&self, id: DisputeId, evidence: &Evidence) -> Result<Dispute, PaymentError> {
        let dispute = self.disputes.dispute(id).await?.ok_or(PaymentError::NoDispute(id))?;
        dispute.takes_evidence()?;
        let provider = self.operations.providers.get(dispute.provider)?;
        let sent = self.operations.within(provider.submit_evidence(&dispute.reference, evidence)).await?;
        sent.map_err(PaymentError::EvidenceRefused)?;
        retrying(|| self.submitted(&dispute)).await
    }

    async fn submitted(&self, seen: &Dispute) -> Result<Dispute, PaymentError> {
        let now = self.operations.clock.now();
        let mut tx = self.operations.store.begin().await?;
        let missing = || PaymentError::NoDispute(seen.id);
        let account = tx.account(seen.order_id).await?.ok_or_else(missing)?;
        let mut payment = tx.payment(seen.payment_id).await?.ok_or_else(missing)?;
        let mut dispute = tx.dispute(seen.id).await?.ok_or_else(missing)?;
        let before = dispute.status;
        match dispute.evidence_submitted(now) {
            true => {
                self.settle(tx.as_mut(), &account, &mut payment, &dispute, before).await?;
            }
            // The provider's notice was quicker; only the time is ours to tell.
            false => tx.save_dispute(&dispute, now).await?,
        }
        tx.commit().await?;
        Ok(dispute)
    }
}

/// The bank has taken the money back.
async fn open(
    tx: &mut dyn Store,
    payment: &mut Payment,
    dispute: &Dispute,
    news: &DisputeNews,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    payment.dispute_opened(dispute.amount);
    let by = reference(dispute);
    let fee = news.fee.filter(|fee| fee.is_positive()).map(|fee| Posting::fee(&by, fee));
    let postings: Vec<_> = [Posting::chargeback(&by, dispute.amount)].into_iter().chain(fee).collect();
    tx.post(payment.id, &postings, now).await?;
    tx.publish(Envelope::new(&DisputeOpened::new(payment, dispute))).await?;
    tracing::warn!(
        dispute.id = %dispute.id, payment.id = %payment.id, reason = dispute.reason,
        "payment {} is disputed", payment.id,
    );
    Ok(())
}

/// What of a payment's money is in disputes that the customer's bank has not decided, in minor units.
pub(super) async fn undecided(tx: &mut dyn Store, payment: &Payment) -> Result<i64, StoreError> {
    if !payment.disputed.is_positive() {
        return Ok(0);
    }
    let disputes = tx.disputes_of(payment.id).await?;
    let open = disputes.iter().filter(|dispute| !dispute.status.is_final());
    Ok(open.map(|dispute| dispute.amount.minor()).sum())
}

/// Where a movement of this dispute comes from.
fn reference(dispute: &Dispute) -> String {
    format!("dispute {}", dispute.id)
}
