//! Events in Protobuf, for those who want it: `CloudEvents`' Protobuf format in Kafka's structured mode.
//!
//! Inside, an event is its JSON document, whatever travels: the relay translates on the way out, the consumer on
//! the way in, by the descriptors of `services/*/events/*.proto`. They are read when the first such event comes or
//! goes, so that a shop that speaks JSON pays nothing for them.

mod cloud_event;
mod data;
mod descriptors;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use rdkafka::message::{BorrowedMessage, Header, Headers as _, Message as _, OwnedHeaders};

use super::envelope::CloudEvent;
use crate::BoxError;

/// The header that tells the format; without it, it is JSON.
const CONTENT_TYPE: &str = "content-type";
const PROTOBUF: &str = "application/cloudevents+protobuf";

/// How events travel. Consumers read both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EventFormat {
    #[default]
    Json,
    Protobuf,
}

impl crate::settings::Value for EventFormat {
    fn parse(raw: &str) -> Result<Self, String> {
        match raw {
            "json" => Ok(Self::Json),
            "protobuf" => Ok(Self::Protobuf),
            _ => Err("expected json or protobuf".to_owned()),
        }
    }
}

impl EventFormat {
    /// What travels of an event's JSON document, and the headers that say so.
    pub(crate) fn encode(self, document: &str) -> (Cow<'_, [u8]>, OwnedHeaders) {
        match self {
            Self::Json => (document.as_bytes().into(), OwnedHeaders::new()),
            Self::Protobuf => match serde_json::from_str(document) {
                Ok(event) => (cloud_event::encode(&event).into(), headers()),
                Err(error) => {
                    tracing::error!(%error, "an outbox holds what is no event: it goes as it is");
                    (document.as_bytes().into(), OwnedHeaders::new())
                }
            },
        }
    }

    /// What a message's header says.
    pub(super) fn of(message: &BorrowedMessage<'_>) -> Self {
        let is_protobuf = message.headers().is_some_and(|headers| {
            let told = headers.iter().find(|header| header.key.eq_ignore_ascii_case(CONTENT_TYPE));
            told.and_then(|header| header.value).is_some_and(|value| value.starts_with(PROTOBUF.as_bytes()))
        });
        if is_protobuf { Self::Protobuf } else { Self::Json }
    }
}

fn headers() -> OwnedHeaders {
    OwnedHeaders::new().insert(Header { key: CONTENT_TYPE, value: Some(PROTOBUF) })
}

/// Reads an event in the Protobuf format.
pub(super) fn decode(payload: &[u8]) -> Result<CloudEvent, BoxError> {
    cloud_event::decode(payload)
}
