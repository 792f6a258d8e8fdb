//! The simulator's signed notices.
//!
//! The header `Simulator-Signature: t=UNIX_SECONDS,v1=HEX` carries the HMAC-SHA256 of `t.body` under a shared secret;
//! several `v1` may stand there while a secret is changed.

use chrono::{DateTime, Utc};
use hmac::{Hmac, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use sha2::Sha256;
use uuid::Uuid;

use super::scripts;
use crate::application::{ProviderEvent, WebhookError};
use crate::domain::{ChargeOutcome, Decline};

/// The header that carries the signature.
pub const SIGNATURE: &str = "simulator-signature";
/// How far a notice's time may be from ours, in seconds: an old one may be replayed by whoever overheard it.
const TOLERANCE: i64 = 300;

/// Whether one of our secrets signed this body just now.
pub fn verify(
    secrets: &[SecretString],
    header: &str,
    body: &[u8],
    now: DateTime<Utc>,
) -> Result<(), WebhookError> {
    let parts = || header.split(',').filter_map(|part| part.trim().split_once('='));
    let time =
        parts().find(|(name, _)| *name == "t").map(|(_, value)| value).ok_or(WebhookError::Signature)?;
    let sent: i64 = time.parse().map_err(|_| WebhookError::Signature)?;
    let fresh = now.timestamp().checked_sub(sent).is_some_and(|age| (-TOLERANCE..=TOLERANCE).contains(&age));
    let signatures: Vec<Vec<u8>> =
        parts().filter(|(name, _)| *name == "v1").filter_map(|(_, value)| hex::decode(value).ok()).collect();
    let signed = secrets.iter().any(|secret| {
        let mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes())
            .map(|mac| mac.chain_update(time).chain_update(".").chain_update(body));
        // `verify_slice` takes the same time for every wrong signature.
        mac.is_ok_and(|mac| signatures.iter().any(|signature| mac.clone().verify_slice(signature).is_ok()))
    });
    if fresh && signed { Ok(()) } else { Err(WebhookError::Signature) }
}

#[derive(Deserialize)]
struct Notice {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    data: ChargeData,
}

#[derive(Deserialize)]
struct ChargeData {
    /// The key that the charge was asked for with.
    charge: Option<Uuid>,
    transaction_id: Option<String>,
    code: Option<String>,
}

/// What a notice says; `None` when it is not about how a charge ended.
pub fn read(body: &[u8]) -> Result<Option<ProviderEvent>, WebhookError> {
    let notice: Notice = serde_json::from_slice(body).map_err(|_| WebhookError::Body)?;
    let is_name = (1..=100).contains(&notice.id.len()) && notice.id.bytes().all(|b| b.is_ascii_graphic());
    if !is_name {
        return Err(WebhookError::Body);
    }
    let transaction_id =
        || notice.data.transaction_id.clone().filter(|id| id.len() <= 100).ok_or(WebhookError::Body);
    let outcome = match notice.kind.as_str() {
        "charge.captured" => ChargeOutcome::Captured { transaction_id: transaction_id()? },
        "charge.authorized" => ChargeOutcome::Authorized { transaction_id: transaction_id()? },
        "charge.declined" => {
            let code = notice.data.code.filter(|code| code.len() <= 50).ok_or(WebhookError::Body)?;
            let message = scripts::message(&code).to_owned();
            ChargeOutcome::Declined(Decline { code, message })
        }
        _ => return Ok(None),
    };
    let charge = notice.data.charge.ok_or(WebhookError::Body)?;
    Ok(Some(ProviderEvent { id: notice.id, charge, outcome }))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_700_000_000;

    fn header(secret: &str, time: i64, body: &[u8]) -> String {
        let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        let mac = mac.chain_update(time.to_string()).chain_update(".").chain_update(body);
        format!("t={time},v1={}", hex::encode(mac.finalize().into_bytes()))
    }

    fn accepted(header: &str, body: &[u8]) -> bool {
        let secrets = ["new".to_owned().into(), "old".to_owned().into()];
        verify(&secrets, header, body, DateTime::from_timestamp(NOW, 0).unwrap()).is_ok()
    }

    #[test]
    fn any_of_our_secrets_is_believed_for_five_minutes() {
        for secret in ["new", "old"] {
            for age in [-300, 0, 300] {
                assert!(accepted(&header(secret, NOW - age, b"{}"), b"{}"));
            }
        }
        assert!(!accepted(&header("other", NOW, b"{}"), b"{}"));
        assert!(!accepted(&header("new", NOW - 301, b"{}"), b"{}"));
        assert!(!accepted(&header("new", NOW + 301, b"{}"), b"{}"));
        assert!(!accepted(&header("new", NOW, b"{}"), b"{ }"));
    }

    #[test]
    fn a_strange_header_is_no_signature() {
        for strange in [
            "",
            "t=",
            "v1=00",
            "t=1700000000",
            "t=x,v1=00",
            "t=1700000000,v1=zz",
            "t=-9223372036854775808,v1=00",
        ] {
            assert!(!accepted(strange, b"{}"), "{strange}");
        }
        assert!(
            verify(&[], &header("new", NOW, b"{}"), b"{}", DateTime::from_timestamp(NOW, 0).unwrap())
                .is_err()
        );
    }

    #[test]
    fn notices_are_read() {
        let charge = Uuid::now_v7();
        let body = format!(
            r#"{{"id":"evt_1","type":"charge.declined","data":{{"charge":"{charge}","code":"expired_card"}}}}"#
        );
        let event = read(body.as_bytes()).unwrap().unwrap();
        assert_eq!(event.charge, charge);
        assert!(matches!(event.outcome, ChargeOutcome::Declined(decline) if decline.code == "expired_card"));
        assert_eq!(read(br#"{"id":"evt_2","type":"payout.paid","data":{}}"#).unwrap(), None);
        assert!(read(br#"{"id":"","type":"payout.paid","data":{}}"#).is_err());
        assert!(read(b"[]").is_err());
    }
}
