//! What notices have in common. They are signed: `t=UNIX_SECONDS,v1=HEX`, the HMAC-SHA256 of `t.body` under a shared
//! secret. Several `v1` may stand there, and several secrets be known, while a secret is changed.

use chrono::{DateTime, Utc};
use hmac::{Hmac, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;

use crate::application::WebhookError;

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

/// Whether this may name a notice or anything in it: it is kept and compared.
pub fn is_name(name: &str) -> bool {
    (1..=100).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_graphic())
}

/// A dispute's reason is a word such as `fraudulent`; anything else is none that we repeat.
pub fn reason(told: String) -> String {
    let is_word =
        (1..=50).contains(&told.len()) && told.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    if is_word { told } else { "general".to_owned() }
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
}
