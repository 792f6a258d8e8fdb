//! Posting to webhooks: signed, bounded, and never into our own network.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use config::BoxError;
use config::clock::Clock;
use hmac::{Hmac, Mac};
use http_body_util::Full;
use hyper::Request;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::Name;
use hyper_util::rt::TokioExecutor;
use serde_json::json;
use sha2::Sha256;
use std::sync::Arc;
use tower_service::Service;

use crate::application::{Due, Undelivered, Webhook, WebhookPoster};
use crate::domain::{AddressRule, WebhookUrl, is_public};

const TIME_LIMIT: Duration = Duration::from_secs(10);

/// Posts to webhooks. It follows no redirects, so what was checked is what is reached.
pub struct HttpPoster {
    client: Client<HttpsConnector<HttpConnector<CheckedDns>>, Full<Bytes>>,
    rule: AddressRule,
    clock: Arc<dyn Clock>,
}

impl HttpPoster {
    pub fn new(rule: AddressRule, clock: Arc<dyn Clock>) -> Result<Self, BoxError> {
        let mut http = HttpConnector::new_with_resolver(CheckedDns(rule));
        http.enforce_http(false);
        http.set_connect_timeout(Some(Duration::from_secs(3)));
        let tls = HttpsConnectorBuilder::new()
            .with_native_roots()?
            .https_or_http()
            .enable_http1()
            .wrap_connector(http);
        let client =
            Client::builder(TokioExecutor::new()).pool_idle_timeout(Duration::from_secs(20)).build(tls);
        Ok(Self { client, rule, clock })
    }
}

#[async_trait]
impl WebhookPoster for HttpPoster {
    async fn post(&self, webhook: &Webhook, due: &Due) -> Result<(), Undelivered> {
        // Anew: the rule may be stricter than when it was kept, and an address in digits is never resolved.
        let url = WebhookUrl::parse(&webhook.url, self.rule)
            .map_err(|error| Undelivered::Hopeless(format!("the URL {error}")))?;
        let body = body(due);
        let signature = signature(&webhook.secret, self.clock.now().timestamp(), &body);
        let request = Request::post(url.as_str())
            .header("content-type", "application/json")
            .header("user-agent", "shop-webhooks/1")
            .header("webhook-id", due.message_id.to_string())
            .header("webhook-signature", signature)
            .body(Full::new(Bytes::from(body)))
            .map_err(|_| Undelivered::Hopeless("the URL can't be requested".to_owned()))?;
        match tokio::time::timeout(TIME_LIMIT, self.client.request(request)).await {
            Ok(Ok(response)) if response.status().is_success() => Ok(()),
            Ok(Ok(response)) if response.status().as_u16() == 410 => {
                Err(Undelivered::Hopeless("it answered 410, gone".to_owned()))
            }
            Ok(Ok(response)) => {
                Err(Undelivered::Failed(format!("it answered {}", response.status().as_u16())))
            }
            Ok(Err(_)) => Err(Undelivered::Failed("it can't be reached".to_owned())),
            Err(_) => Err(Undelivered::Failed("no answer in time".to_owned())),
        }
    }
}

fn body(due: &Due) -> String {
    let notification = &due.notification;
    json!({
        "id": due.message_id,
        "notification_id": notification.id.get(),
        "user_id": notification.user_id.get(),
        "type": notification.kind.as_str(),
        "title": notification.title,
        "message": notification.message,
        "created_at": notification.created_at,
    })
    .to_string()
}

/// `t=<Unix seconds>,v1=<hex HMAC-SHA256 of "<t>.<body>">`: the time lets the receiver refuse old posts.
fn signature(secret: &str, time: i64, body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(format!("{time}.{body}").as_bytes());
    format!("t={time},v1={}", hex::encode(mac.finalize().into_bytes()))
}

/// Resolves names, and drops the addresses that must not be reached.
#[derive(Clone)]
struct CheckedDns(AddressRule);

impl Service<Name> for CheckedDns {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = std::io::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let rule = self.0;
        Box::pin(async move {
            let all = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let allowed: Vec<_> =
                all.filter(|address| rule == AddressRule::Any || is_public(address.ip())).collect();
            match allowed.is_empty() {
                true => Err(std::io::Error::other("the name leads to no public address")),
                false => Ok(allowed.into_iter()),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_covers_time_and_body() {
        let signed = signature("whsec_1", 1_700_000_000, "{}");
        assert_eq!(
            signed,
            "t=1700000000,v1=c8cf6ed9fd9120874a1792902ffdf5b69559118b76d10974da8a20cf21f94bc5"
        );
        assert_ne!(signed, signature("whsec_1", 1_700_000_001, "{}"));
        assert_ne!(signed, signature("whsec_2", 1_700_000_000, "{}"));
    }

    #[tokio::test]
    async fn a_name_that_leads_home_is_not_followed() {
        let name = || "localhost".parse::<Name>().unwrap();
        assert!(CheckedDns(AddressRule::Public).call(name()).await.is_err());
        assert!(CheckedDns(AddressRule::Any).call(name()).await.is_ok());
    }
}
