//! What events look like, for those who consume them without our types.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;
use serde_json::Value;

use super::Event;

/// The JSON Schema (draft 2020-12) of an event's data.
#[derive(Debug, Clone, Serialize)]
pub struct EventSchema {
    pub topic: &'static str,
    #[serde(rename = "type")]
    pub kind: &'static str,
    pub schema: Value,
}

impl EventSchema {
    /// As it is written; members that a consumer doesn't know may come at any time.
    pub fn of<E: Event + JsonSchema>() -> Self {
        let settings = SchemaSettings::draft2020_12().for_serialize().with(|it| it.inline_subschemas = true);
        let mut schema = settings.into_generator().into_root_schema_for::<E>();
        schema.insert("title".to_owned(), E::TYPE.into());
        Self { topic: E::TOPIC, kind: E::TYPE, schema: schema.to_value() }
    }
}

/// The schemas of these events.
///
/// ```ignore
/// config::event_schemas![ShipmentCreated, ShipmentUpdated]
/// ```
#[macro_export]
macro_rules! event_schemas {
    ($($event:ty),+ $(,)?) => { vec![$($crate::kafka::EventSchema::of::<$event>()),+] };
}
