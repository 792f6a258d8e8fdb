//! The simulator's notices; the header `Simulator-Signature` carries their signature.

use chrono::{DateTime, Utc};
use config::money::Amount;
use serde::Deserialize;
use uuid::Uuid;

use crate::application::{News, WebhookError};
use crate::domain::{ChargeOutcome, Decline, DisputeNews, DisputeStatus};
use crate::infrastructure::signature::{is_name, reason};

/// The header that carries the signature.
pub const SIGNATURE: &str = "simulator-signature";

#[derive(Deserialize)]
struct Notice {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    /// The key that the charge was asked for with.
    charge: Option<Uuid>,
    /// Names the charge where its key doesn't.
    transaction_id: Option<String>,
    code: Option<String>,
    /// The key that the refund was asked for with.
    refund: Option<Uuid>,
    dispute: Option<DisputeData>,
}

#[derive(Deserialize)]
struct DisputeData {
    id: String,
    reason: String,
    /// In major units.
    amount: Amount,
    currency: String,
    fee: Option<Amount>,
    evidence_due_at: Option<DateTime<Utc>>,
}

impl DisputeData {
    fn parse(self, status: DisputeStatus) -> Option<DisputeNews> {
        let currency = self.currency.parse().ok()?;
        let amount = self.amount.in_currency(currency).ok().filter(|amount| amount.is_positive())?;
        let fee = self.fee.map(|fee| fee.in_currency(currency)).transpose().ok()?;
        is_name(&self.id).then(|| DisputeNews {
            reference: self.id,
            status,
            reason: reason(self.reason),
            amount,
            evidence_due_at: self.evidence_due_at,
            fee,
        })
    }
}

/// A notice that is our business, if the charge is.
#[derive(Debug, PartialEq)]
pub struct Told {
    pub id: String,
    pub charge: Named,
    pub news: News,
}

/// What a charge is called.
#[derive(Debug, PartialEq)]
pub enum Named {
    Key(Uuid),
    Transaction(String),
}

/// What a notice says; `None` when it is none of our business.
pub fn read(body: &[u8]) -> Result<Option<Told>, WebhookError> {
    let notice: Notice = serde_json::from_slice(body).map_err(|_| WebhookError::Body)?;
    if !is_name(&notice.id) {
        return Err(WebhookError::Body);
    }
    let named = notice.data.charge.map(Named::Key);
    let by_transaction = notice.data.transaction_id.clone().map(Named::Transaction);
    let Some(news) = news(&notice.kind, notice.data)? else { return Ok(None) };
    let charge = named.or(by_transaction).ok_or(WebhookError::Body)?;
    Ok(Some(Told { id: notice.id, charge, news }))
}

fn news(kind: &str, data: Data) -> Result<Option<News>, WebhookError> {
    let Data { transaction_id, code, refund, dispute, .. } = data;
    let transaction_id = || transaction_id.filter(|id| id.len() <= 100).ok_or(WebhookError::Body);
    let disputed = |status| {
        let news = dispute.and_then(|dispute| dispute.parse(status)).ok_or(WebhookError::Body)?;
        Ok(Some(News::Dispute(news)))
    };
    let outcome = match kind {
        "charge.captured" => ChargeOutcome::Captured { transaction_id: transaction_id()?, fee: None },
        "charge.authorized" => ChargeOutcome::Authorized { transaction_id: transaction_id()? },
        "charge.declined" => {
            let code = code.filter(|code| code.len() <= 50).ok_or(WebhookError::Body)?;
            ChargeOutcome::Declined(Decline::coded(&code))
        }
        "charge.lapsed" => ChargeOutcome::Lapsed,
        "refund.failed" => return refund.map(|key| Some(News::RefundFailed(key))).ok_or(WebhookError::Body),
        "dispute.opened" => return disputed(DisputeStatus::Opened),
        "dispute.evidence_due" => return disputed(DisputeStatus::EvidenceDue),
        "dispute.under_review" => return disputed(DisputeStatus::EvidenceSubmitted),
        "dispute.won" => return disputed(DisputeStatus::Won),
        "dispute.lost" => return disputed(DisputeStatus::Lost),
        _ => return Ok(None),
    };
    Ok(Some(News::Charge(outcome)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notices_are_read() {
        let charge = Uuid::now_v7();
        let body = format!(
            r#"{{"id":"evt_1","type":"charge.declined","data":{{"charge":"{charge}","code":"expired_card"}}}}"#
        );
        let event = read(body.as_bytes()).unwrap().unwrap();
        assert_eq!(event.charge, Named::Key(charge));
        let News::Charge(ChargeOutcome::Declined(decline)) = event.news else { panic!("{:?}", event.news) };
        assert_eq!(decline.code, "expired_card");
        assert_eq!(read(br#"{"id":"evt_2","type":"payout.paid","data":{}}"#).unwrap(), None);
        assert!(read(br#"{"id":"","type":"payout.paid","data":{}}"#).is_err());
        assert!(read(b"[]").is_err());
    }

    #[test]
    fn a_dispute_must_be_about_money_of_a_currency() {
        let read = |amount: &str, currency: &str| {
            let charge = Uuid::now_v7();
            let dispute = format!(
                r#"{{"id":"dp_1","reason":"fraudulent","amount":{amount},"currency":"{currency}","fee":15}}"#
            );
            let body = format!(
                r#"{{"id":"evt_1","type":"dispute.lost","data":{{"charge":"{charge}","dispute":{dispute}}}}}"#
            );
            read(body.as_bytes())
        };
        let Some(Told { news: News::Dispute(news), .. }) = read("10.5", "USD").unwrap() else {
            panic!("a dispute")
        };
        assert_eq!((news.amount.minor(), news.fee.unwrap().minor()), (1050, 1500));
        assert_eq!(news.status, DisputeStatus::Lost);
        for (amount, currency) in [("0", "USD"), ("-1", "USD"), ("1.005", "USD"), ("1", "XXQ")] {
            assert!(read(amount, currency).is_err(), "{amount} {currency}");
        }
    }
}
