//! The message `io.cloudevents.v1.CloudEvent`, of the `CloudEvents` Protobuf format 1.0.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use prost::{Message, Oneof};
use prost_reflect::prost_types::{Any, Timestamp};
use prost_reflect::{DynamicMessage, ReflectMessage as _};

use super::super::envelope::CloudEvent;
use super::data;
use super::descriptors::contracts;
use crate::BoxError;

const TYPE_URL: &str = "type.googleapis.com/";

#[derive(Clone, PartialEq, Message)]
struct Wire {
    #[prost(string, tag = "1")]
    id: String,
    #[prost(string, tag = "2")]
    source: String,
    #[prost(string, tag = "3")]
    spec_version: String,
    #[prost(string, tag = "4")]
    kind: String,
    #[prost(btree_map = "string, message", tag = "5")]
    attributes: BTreeMap<String, Attribute>,
    #[prost(oneof = "Data", tags = "6, 7, 8")]
    data: Option<Data>,
}

#[derive(Clone, PartialEq, Oneof)]
enum Data {
    #[prost(bytes = "vec", tag = "6")]
    Binary(Vec<u8>),
    #[prost(string, tag = "7")]
    Text(String),
    #[prost(message, tag = "8")]
    Proto(Any),
}

#[derive(Clone, PartialEq, Message)]
struct Attribute {
    #[prost(oneof = "AttributeValue", tags = "1, 2, 3, 4, 5, 6, 7")]
    value: Option<AttributeValue>,
}

#[derive(Clone, PartialEq, Oneof)]
enum AttributeValue {
    #[prost(bool, tag = "1")]
    Boolean(bool),
    #[prost(int32, tag = "2")]
    Integer(i32),
    #[prost(string, tag = "3")]
    Text(String),
    #[prost(bytes = "vec", tag = "4")]
    Bytes(Vec<u8>),
    #[prost(string, tag = "5")]
    Uri(String),
    #[prost(string, tag = "6")]
    UriReference(String),
    #[prost(message, tag = "7")]
    Time(Timestamp),
}

/// An event whose type has no contract, or that isn't as its contract says, goes with its data as JSON text, which
/// the format allows: nothing is lost, and nothing waits.
pub fn encode(event: &CloudEvent) -> Vec<u8> {
    let (data, content_type) = match typed(event) {
        Ok(any) => (Data::Proto(any), "application/protobuf"),
        Err(error) => {
            tracing::warn!(error = %error, kind = event.kind, "an event goes with its data as JSON");
            (Data::Text(event.data.to_string()), "application/json")
        }
    };
    let text = |value: &str| Some(AttributeValue::Text(value.to_owned()));
    let time = Timestamp {
        seconds: event.time.timestamp(),
        nanos: event.time.timestamp_subsec_nanos().try_into().unwrap_or_default(),
    };
    let attributes = [
        ("subject", text(&event.subject)),
        ("time", Some(AttributeValue::Time(time))),
        ("datacontenttype", text(content_type)),
        ("requestid", text(&event.requestid).filter(|_| !event.requestid.is_empty())),
        ("traceparent", event.traceparent.as_deref().and_then(text)),
    ];
    let attribute = |(name, value): (&str, Option<AttributeValue>)| {
        value.map(|value| (name.to_owned(), Attribute { value: Some(value) }))
    };
    let wire = Wire {
        id: event.id.to_string(),
        source: event.source.clone(),
        spec_version: event.specversion.clone(),
        kind: event.kind.clone(),
        attributes: attributes.into_iter().filter_map(attribute).collect(),
        data: Some(data),
    };
    wire.encode_to_vec()
}

fn typed(event: &CloudEvent) -> Result<Any, BoxError> {
    let contracts = contracts()?;
    let contract = contracts.of_event(&event.kind).ok_or("its type has no contract")?;
    let message = data::to_message(contracts, &contract, &event.data)?;
    let type_url = format!("{TYPE_URL}{}", message.descriptor().full_name());
    Ok(Any { type_url, value: message.encode_to_vec() })
}

pub fn decode(payload: &[u8]) -> Result<CloudEvent, BoxError> {
    let mut wire = Wire::decode(payload)?;
    let mut attribute = |name: &str| wire.attributes.remove(name).and_then(|attribute| attribute.value);
    let time = match attribute("time") {
        Some(AttributeValue::Time(time)) => instant(&time).ok_or("the event's time is out of range")?,
        Some(AttributeValue::Text(time)) => time.parse()?,
        _ => return Err("the event has no time".into()),
    };
    let mut text = |name: &str| match attribute(name) {
        Some(AttributeValue::Text(text)) => Some(text),
        _ => None,
    };
    let subject = text("subject").ok_or("the event has no subject")?;
    let (requestid, traceparent) = (text("requestid").unwrap_or_default(), text("traceparent"));
    let data = match wire.data {
        Some(Data::Proto(any)) => plain(&any)?,
        Some(Data::Text(text)) => serde_json::from_str(&text)?,
        Some(Data::Binary(bytes)) => serde_json::from_slice(&bytes)?,
        None => return Err("the event has no data".into()),
    };
    Ok(CloudEvent {
        specversion: wire.spec_version,
        id: wire.id.parse()?,
        source: wire.source,
        kind: wire.kind,
        subject,
        time,
        datacontenttype: "application/json".to_owned(),
        requestid,
        traceparent,
        data,
    })
}

fn instant(time: &Timestamp) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(time.seconds, time.nanos.try_into().ok()?)
}

/// A type that this program was built before has no contract here, and no handler: its data is nothing.
fn plain(any: &Any) -> Result<serde_json::Value, BoxError> {
    let contracts = contracts()?;
    let name = any.type_url.rsplit('/').next().unwrap_or_default();
    match contracts.by_name(name) {
        Some(contract) => {
            let message = DynamicMessage::decode(contract, any.value.as_slice())?;
            data::to_json(contracts, &message)
        }
        None => Ok(serde_json::Value::Null),
    }
}
