use std::collections::BTreeMap;
use std::path::Path;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::super::envelope::CloudEvent;
use super::*;

/// The committed schema of every event, by its type.
fn schemas() -> BTreeMap<String, Value> {
    let services = Path::new(env!("CARGO_MANIFEST_DIR")).join("../services");
    let folders = std::fs::read_dir(services).unwrap().flatten().map(|service| service.path().join("events"));
    let files = folders.filter_map(|folder| std::fs::read_dir(folder).ok()).flatten().flatten();
    let schemas =
        files.map(|file| file.path()).filter(|file| file.extension().is_some_and(|it| it == "json"));
    let read = |file: std::path::PathBuf| {
        let schema = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
        (file.file_stem().unwrap().to_string_lossy().into_owned(), schema)
    };
    schemas.map(read).collect()
}

/// Anything that the schema allows, and all that our events use.
fn allowed(schema: &Value) -> BoxedStrategy<Value> {
    if let Some(several) = schema["type"].as_array() {
        let all = several.iter().map(|kind| {
            let mut one = schema.clone();
            one["type"] = kind.clone();
            allowed(&one)
        });
        return prop::strategy::Union::new(all).boxed();
    }
    if let Some(variants) = schema["anyOf"].as_array() {
        return prop::strategy::Union::new(variants.iter().map(allowed)).boxed();
    }
    let format = schema["format"].as_str();
    match schema["type"].as_str().unwrap() {
        "null" => Just(Value::Null).boxed(),
        "boolean" => any::<bool>().prop_map(Value::from).boxed(),
        "string" => any::<String>().prop_map(Value::from).boxed(),
        "integer" if format == Some("uint32") => any::<u32>().prop_map(Value::from).boxed(),
        "integer" if format == Some("int64") => any::<i64>().prop_map(Value::from).boxed(),
        "integer" => any::<u64>().prop_map(Value::from).boxed(),
        "number" if format == Some("double") => any::<f64>().prop_map(Value::from).boxed(),
        // An amount: whole ones are written without a fraction.
        "number" => prop_oneof![
            any::<i32>().prop_map(Value::from),
            (any::<i32>(), 1..100_u8)
                .prop_map(|(units, cents)| Value::from(f64::from(units) + f64::from(cents) / 100.0)),
        ]
        .boxed(),
        "array" => prop::collection::vec(allowed(&schema["items"]), 0..3).prop_map(Value::from).boxed(),
        "object" if schema["additionalProperties"].is_object() => {
            let value = allowed(&schema["additionalProperties"]);
            let entries = prop::collection::btree_map(any::<String>(), value, 0..3);
            entries.prop_map(|entries| Value::Object(entries.into_iter().collect())).boxed()
        }
        "object" => {
            let members = schema["properties"].as_object().into_iter().flatten();
            let members: Vec<_> = members.map(|(name, one)| (Just(name.clone()), allowed(one))).collect();
            members.prop_map(|members| Value::Object(members.into_iter().collect::<Map<_, _>>())).boxed()
        }
        other => panic!("no event has a {other} yet"),
    }
}

fn event(kind: &str, data: Value) -> CloudEvent {
    CloudEvent {
        specversion: "1.0".to_owned(),
        id: Uuid::now_v7(),
        source: "/order-service".to_owned(),
        kind: kind.to_owned(),
        subject: "7".to_owned(),
        time: "2026-11-21T12:34:56.123456789Z".parse().unwrap(),
        datacontenttype: "application/json".to_owned(),
        requestid: "abc".to_owned(),
        traceparent: Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned()),
        data,
    }
}

#[test]
fn every_event_survives_the_journey_with_a_contract_of_its_own() {
    let schemas = schemas();
    assert!(schemas.len() >= 38, "{}", schemas.len());
    for (kind, schema) in &schemas {
        let contract = descriptors::contracts().unwrap().of_event(kind);
        assert!(
            contract.is_some(),
            "{kind} has no contract: run `cargo xtask events`, or touch config/build.rs"
        );
        let mut runner =
            TestRunner::new(Config { cases: 24, failure_persistence: None, ..Config::default() });
        let outcome = runner.run(&allowed(schema), |data| {
            let contracts = descriptors::contracts().unwrap();
            let message = data::to_message(contracts, contract.as_ref().unwrap(), &data);
            prop_assert!(message.is_ok(), "{:?}", message);
            let sent = event(kind, data);
            prop_assert_eq!(decode(&cloud_event::encode(&sent)).unwrap(), sent);
            Ok(())
        });
        outcome.unwrap_or_else(|error| panic!("{kind}: {error}"));
    }
}

fn stock(product: &str) -> Value {
    json!({ "product_id": product, "on_hand": 7, "reserved": 2, "available": 5, "in_stock": true, "version": 9 })
}

#[test]
fn the_bytes_are_those_of_the_cloudevents_format() {
    let bytes = cloud_event::encode(&event(
        "inventory_low",
        json!({ "product_id": "p", "available": 3, "threshold": 5 }),
    ));
    // Field 8, an Any: its type first, then the message.
    let any = b"type.googleapis.com/shop.events.InventoryLow";
    let at = bytes.windows(any.len()).position(|window| window == any).unwrap();
    assert_eq!(bytes[at - 2..at], [0x0a, u8::try_from(any.len()).unwrap()]);
    assert!(bytes.ends_with(&[0x12, 7, 0x0a, 1, b'p', 0x10, 3, 0x18, 5]), "{bytes:?}");
    assert_eq!(bytes[..2], [0x0a, 36], "the id");
}

#[test]
fn what_a_contract_has_no_place_for_travels_as_json() {
    for (kind, data) in [
        ("inventory_updated", json!({ "colour": "red" })),
        ("inventory_updated", json!({ "on_hand": "seven" })),
        ("never_heard_of", json!({ "a": [1, null] })),
        ("inventory_updated", json!([1])),
    ] {
        let sent = event(kind, data);
        assert_eq!(decode(&cloud_event::encode(&sent)).unwrap(), sent);
    }
}

#[test]
fn a_type_that_came_later_has_no_data_and_is_no_failure() {
    let mut bytes = cloud_event::encode(&event("inventory_updated", stock("p")));
    let name = b"InventoryUpdated";
    let at = bytes.windows(name.len()).position(|window| window == name).unwrap();
    bytes[at..at + name.len()].copy_from_slice(b"SomethingUnknown");
    let read = decode(&bytes).unwrap();
    assert_eq!((read.kind.as_str(), read.data), ("inventory_updated", Value::Null));
}

#[test]
fn what_was_not_told_is_missing_unless_it_may_be_null() {
    let told = json!({ "order_id": 3, "items": [] });
    let mut expected = told.clone();
    let read = decode(&cloud_event::encode(&event("order_created", told))).unwrap().data;
    // Lists can't be told from none.
    for list in ["tax_lines", "promotions"] {
        expected[list] = json!([]);
    }
    for null in
        ["expires_at", "promotion_code", "promotion_reservation_id", "shipping_country", "shipping_state"]
    {
        expected[null] = Value::Null;
    }
    assert_eq!(read, expected);
}

#[test]
fn json_goes_as_it_is_and_protobuf_says_so() {
    let document = serde_json::to_string(&event("inventory_updated", stock("p"))).unwrap();
    let (payload, headers) = EventFormat::Json.encode(&document);
    assert!(matches!(payload, Cow::Borrowed(same) if same == document.as_bytes()));
    assert_eq!(headers.count(), 0);
    let (payload, headers) = EventFormat::Protobuf.encode(&document);
    assert_eq!(headers.get(0).value, Some(PROTOBUF.as_bytes()));
    assert!(payload.len() < document.len(), "{} of {}", payload.len(), document.len());
    assert_eq!(serde_json::to_string(&decode(&payload).unwrap()).unwrap(), document);
}

#[test]
fn what_is_no_cloud_event_is_refused() {
    assert!(decode(b"{\"id\": 1}").is_err());
    assert!(decode(b"").is_err());
}
