use std::path::Path;

use serde_json::json;

use super::super::{parse, print};
use super::*;

fn order() -> Value {
    json!({
        "type": "object",
        "description": "It was placed.",
        "properties": {
            "by": { "type": "string", "enum": ["customer", "admin"] },
            "items": { "type": "array", "items": {
                "type": "object",
                "properties": { "quantity": { "type": "integer", "format": "uint32" } },
                "required": ["quantity"],
            } },
            "attributes": { "type": "object", "additionalProperties": {
                "anyOf": [{ "type": "string" }, { "type": "number", "format": "double" }],
            } },
            "note": { "type": ["string", "null"] },
            "order_id": { "type": "integer", "format": "uint64" },
            "stars": { "type": "object", "properties": { "1": { "type": "boolean" } }, "required": ["1"] },
            "total": { "type": "number" },
        },
        "required": ["order_id", "total", "note", "items", "attributes", "stars", "by"],
    })
}

fn made(schema: &Value, before: Option<&Message>) -> Message {
    Message::of_event("order_created", schema, before).unwrap()
}

fn read(text: &str) -> Message {
    parse(Path::new("order_created.proto"), text).unwrap()
}

#[test]
fn every_kind_of_member_has_its_place() {
    let text = print::file("order_created", &made(&order(), None));
    let body = text.split_once("options.proto\";\n\n").unwrap().1;
    assert_eq!(
        body,
        r#"// It was placed.
message OrderCreated {
  optional uint64 order_id = 1 [json_name = "order_id"];
  optional string total = 2 [json_name = "total", (shop.events.decimal) = true];
  optional string note = 3 [json_name = "note", (shop.events.nullable) = true];
  repeated Item items = 4 [json_name = "items"];
  map<string, Attributes> attributes = 5 [json_name = "attributes"];
  optional Stars stars = 6 [json_name = "stars"];
  // One of: customer, admin.
  optional string by = 7 [json_name = "by"];

  message Item {
    optional uint32 quantity = 1 [json_name = "quantity"];
  }

  message Attributes {
    oneof value {
      string string_value = 1 [json_name = "string_value"];
      double double_value = 2 [json_name = "double_value"];
    }
  }

  message Stars {
    optional bool n1 = 1 [json_name = "1"];
  }
}
"#
    );
}

#[test]
fn what_is_written_is_read_again() {
    let message = made(&order(), None);
    let again = made(&order(), Some(&read(&print::file("order_created", &message))));
    assert_eq!(again, message);
}

#[test]
fn numbers_stay_whatever_comes_and_goes() {
    let first = made(&order(), None);
    let mut schema = order();
    schema["properties"]["gift"] = json!({ "type": "boolean" });
    schema["properties"].as_object_mut().unwrap().remove("note");
    schema["required"] = json!(["gift", "total", "order_id", "items", "attributes", "stars", "by"]);
    let second = made(&schema, Some(&read(&print::file("order_created", &first))));
    let number = |member: &str| second.fields.iter().find(|field| field.member == member).unwrap().number;
    assert_eq!((number("order_id"), number("total"), number("by"), number("gift")), (1, 2, 7, 8));
    assert_eq!(second.reserved, BTreeSet::from([3]));
    assert_eq!(second.reserved_names, BTreeSet::from(["note".to_owned()]));
    assert!(second.broken_since(&first).is_empty());

    // It comes back, and others after it: none gets a number that was somebody else's.
    let third = made(&order(), Some(&read(&print::file("order_created", &second))));
    let note = third.fields.iter().find(|field| field.member == "note").unwrap();
    assert_eq!(note.number, 9);
    assert_eq!(third.reserved, BTreeSet::from([3, 8]));
    assert_eq!(third.reserved_names, BTreeSet::from(["gift".to_owned()]));
}

#[test]
fn what_would_be_misread_is_named() {
    let before = made(&order(), None);
    let text = print::file("order_created", &before);
    let after = |from: &str, to: &str| {
        assert!(text.contains(from));
        read(&text.replace(from, to)).broken_since(&before)
    };
    assert_eq!(
        after("uint64 order_id = 1", "uint64 order_id = 9"),
        ["OrderCreated.order_id was number 1, and is 9 now"]
    );
    assert_eq!(
        after("optional uint64 order_id", "optional int64 order_id"),
        ["OrderCreated.order_id was uint64, and is int64 now"]
    );
    assert_eq!(
        after(", (shop.events.decimal) = true", ""),
        ["OrderCreated.total was decimal, and is string now"]
    );
    assert_eq!(
        after("uint32 quantity", "string quantity"),
        ["OrderCreated.Item.quantity was uint32, and is string now"]
    );
    assert_eq!(
        after("repeated Item items", "optional Item items"),
        ["OrderCreated.items was a list of Item, and is Item now"]
    );
    let gone = after("  optional string by = 7 [json_name = \"by\"];\n", "");
    assert_eq!(gone, ["OrderCreated.by is gone, and its number 7 isn't reserved"]);
    assert!(after("// It was placed.", "// It was paid.").is_empty());
}

#[test]
fn what_protobuf_cant_tell_is_refused() {
    let refused = |member: Value| {
        let schema = json!({ "type": "object", "properties": { "odd": member }, "required": ["odd"] });
        Message::of_event("odd", &schema, None).is_err()
    };
    assert!(refused(json!({ "type": ["array", "null"], "items": { "type": "string" } })));
    assert!(refused(json!({ "type": "object", "additionalProperties": { "type": "number" } })));
    assert!(refused(json!({})));
}
