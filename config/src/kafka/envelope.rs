//! The CloudEvents 1.0 envelope.

use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::protobuf;
use crate::clock::{Clock as _, SystemClock};
use crate::telemetry::RequestContext;

/// The data of an event that a service publishes.
pub trait Event: Serialize {
    /// Such as `order-events`.
    const TOPIC: &'static str;
    /// Such as `order_created`.
    const TYPE: &'static str;

    /// The id of the aggregate: its events stay in order.
    fn key(&self) -> String;
}

/// An event with what the transport needs.
#[derive(Debug, Clone, PartialEq)]
pub struct Envelope {
    pub id: Uuid,
    pub topic: String,
    pub key: String,
    /// CloudEvents `type`.
    pub kind: String,
    pub time: DateTime<Utc>,
    pub data: Value,
    pub request_id: String,
    pub traceparent: Option<String>,
}

/// A message that isn't what its topic promises.
#[derive(Debug, thiserror::Error)]
#[error("{0} can't be read")]
pub struct Undecodable(String, #[source] crate::BoxError);

/// The document.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct CloudEvent {
    pub specversion: String,
    pub id: Uuid,
    pub source: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub subject: String,
    pub time: DateTime<Utc>,
    #[serde(default)]
    pub datacontenttype: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub requestid: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
    pub data: Value,
}

impl Envelope {
    /// An event that happens now.
    ///
    /// # Panics
    /// When `data` can't be JSON (a map whose keys aren't text), which a test of the event shows.
    pub fn new<E: Event>(data: &E) -> Self {
        Self {
            id: Uuid::now_v7(),
            topic: E::TOPIC.to_owned(),
            key: data.key(),
            kind: E::TYPE.to_owned(),
            time: SystemClock.now(),
            data: serde_json::to_value(data).expect("event data is plain JSON"),
            request_id: String::new(),
            traceparent: None,
        }
    }

    /// The event's data as the consumer's type, which may know fewer members.
    pub fn data<T: DeserializeOwned>(&self) -> Result<T, Undecodable> {
        T::deserialize(&self.data)
            .map_err(|error| Undecodable(format!("{} {}", self.kind, self.id), error.into()))
    }

    /// The event as part of what is being worked on in this task.
    pub fn in_current_context(mut self) -> Self {
        let context = RequestContext::current();
        let span = tracing::info_span!(
            "publish",
            otel.name = format!("{} publish", self.topic),
            otel.kind = "producer",
            messaging.system = "kafka",
            messaging.destination.name = self.topic,
            message.id = %self.id,
            message.kind = self.kind,
        );
        // Outside any span it is the request alone that knows to which trace this belongs.
        if tracing::Span::current().is_none() {
            context.adopt(&span);
        }
        self.traceparent = span.in_scope(crate::telemetry::traceparent);
        self.request_id = context.request_id;
        self
    }

    /// The request that led to this.
    pub fn context(&self) -> RequestContext {
        RequestContext {
            request_id: self.request_id.clone(),
            path: String::new(),
            traceparent: self.traceparent.clone(),
        }
    }

    /// The document that travels; `source` is the service that publishes.
    pub fn to_json(&self, source: &str) -> Result<String, serde_json::Error> {
        serde_json::to_string(&CloudEvent {
            specversion: "1.0".to_owned(),
            id: self.id,
            source: format!("/{source}"),
            kind: self.kind.clone(),
            subject: self.key.clone(),
            time: self.time,
            datacontenttype: "application/json".to_owned(),
            requestid: self.request_id.clone(),
            traceparent: self.traceparent.clone(),
            data: self.data.clone(),
        })
    }

    /// Reads what [`to_json`](Self::to_json) wrote.
    pub fn from_json(topic: &str, payload: &[u8]) -> Result<Self, Undecodable> {
        let event = serde_json::from_slice(payload)
            .map_err(|error| Undecodable(format!("a message of {topic}"), error.into()))?;
        Ok(Self::of(topic, event))
    }

    /// Reads the Protobuf format.
    pub(super) fn from_protobuf(topic: &str, payload: &[u8]) -> Result<Self, Undecodable> {
        let event = protobuf::decode(payload)
            .map_err(|error| Undecodable(format!("a Protobuf message of {topic}"), error))?;
        Ok(Self::of(topic, event))
    }

    fn of(topic: &str, event: CloudEvent) -> Self {
        Self {
            id: event.id,
            topic: topic.to_owned(),
            key: event.subject,
            kind: event.kind,
            time: event.time,
            data: event.data,
            request_id: event.requestid,
            traceparent: event.traceparent,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize)]
    struct Ordered {
        order_id: u64,
    }
    impl Event for Ordered {
        const TOPIC: &'static str = "order-events";
        const TYPE: &'static str = "order_created";
        fn key(&self) -> String {
            self.order_id.to_string()
        }
    }

    #[test]
    fn an_envelope_survives_the_journey() {
        let sent = Envelope::new(&Ordered { order_id: 7 });
        let json = sent.to_json("order-service").unwrap();
        assert_eq!(Envelope::from_json("order-events", json.as_bytes()).unwrap(), sent);
        let document: Value = serde_json::from_str(&json).unwrap();
        for (member, value) in [
            ("specversion", "1.0"),
            ("source", "/order-service"),
            ("type", "order_created"),
            ("subject", "7"),
        ] {
            assert_eq!(document[member], value);
        }
    }
}
