//! What a changed schema takes away from those who read by the old one.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// Each promise of `before` that `now` no longer keeps.
pub fn broken(before: &Value, now: &Value) -> Vec<String> {
    let mut promises = Vec::new();
    if before["x-topic"] != now["x-topic"] {
        promises.push("it travels on another topic".to_owned());
    }
    compare("", before, now, &mut promises);
    promises
}

fn compare(path: &str, before: &Value, now: &Value, broken: &mut Vec<String>) {
    let (could_be, can_be) = (types(before), types(now));
    // A schema that says nothing allows everything.
    if !could_be.is_empty() && (can_be.is_empty() || !can_be.is_subset(&could_be)) {
        broken.push(format!("{} may be of another type now", shown(path)));
    }
    for (name, old) in members(before) {
        let member = format!("{path}.{name}");
        match members(now).find(|(other, _)| *other == name) {
            None => broken.push(format!("{} is gone", shown(&member))),
            Some((_, new)) => {
                if required(before, name) && !required(now, name) {
                    broken.push(format!("{} may be missing now", shown(&member)));
                }
                compare(&member, old, new, broken);
            }
        }
    }
    if let (Some(old), Some(new)) = (before.get("items"), now.get("items")) {
        compare(&format!("{path}[]"), old, new, broken);
    }
    for (old, new) in variants(before).zip(variants(now)) {
        compare(path, old, new, broken);
    }
    if let (Some(old), Some(new)) = (values(before), values(now))
        && !new.iter().all(|value| old.contains(value))
    {
        broken.push(format!("{} may have another value now", shown(path)));
    }
}

fn shown(path: &str) -> &str {
    if path.is_empty() { "the data" } else { path.trim_start_matches('.') }
}

/// A number may become an integer, but not the other way round.
fn types(schema: &Value) -> BTreeSet<&str> {
    let mut types: BTreeSet<&str> = match &schema["type"] {
        Value::String(one) => BTreeSet::from([one.as_str()]),
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
        _ => variants(schema).flat_map(types).collect(),
    };
    if types.contains("number") {
        types.insert("integer");
    }
    types
}

fn members(schema: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let members: Option<&Map<String, Value>> = schema["properties"].as_object();
    members.into_iter().flatten().map(|(name, member)| (name.as_str(), member))
}

fn required(schema: &Value, name: &str) -> bool {
    schema["required"].as_array().is_some_and(|names| names.iter().any(|required| required == name))
}

fn variants(schema: &Value) -> impl Iterator<Item = &Value> {
    ["anyOf", "oneOf"].into_iter().filter_map(|key| schema[key].as_array()).flatten()
}

fn values(schema: &Value) -> Option<Vec<&Value>> {
    schema
        .get("const")
        .map(|one| vec![one])
        .or_else(|| Some(schema.get("enum")?.as_array()?.iter().collect()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn order() -> Value {
        json!({
            "type": "object",
            "x-topic": "order-events",
            "properties": {
                "order_id": { "type": "integer" },
                "total": { "type": "number" },
                "note": { "type": ["string", "null"] },
                "items": { "type": "array", "items": {
                    "type": "object",
                    "properties": { "sku": { "type": "string" } },
                    "required": ["sku"],
                } },
                "by": { "type": "string", "enum": ["customer", "admin"] },
            },
            "required": ["order_id", "total", "note", "items"],
        })
    }

    fn after(change: impl FnOnce(&mut Value)) -> Vec<String> {
        let mut now = order();
        change(&mut now);
        broken(&order(), &now)
    }

    #[test]
    fn what_only_adds_or_promises_more_breaks_nobody() {
        assert!(after(|_| {}).is_empty());
        assert!(after(|now| now["properties"]["gift"] = json!({ "type": "boolean" })).is_empty());
        assert!(after(|now| now["properties"]["note"]["type"] = json!("string")).is_empty());
        assert!(after(|now| now["properties"]["total"]["type"] = json!("integer")).is_empty());
        assert!(after(|now| now["required"].as_array_mut().unwrap().push(json!("by"))).is_empty());
        assert!(after(|now| now["properties"]["by"]["enum"] = json!(["admin"])).is_empty());
    }

    #[test]
    fn what_takes_something_away_is_named() {
        let gone = after(|now| drop(now["properties"].as_object_mut().unwrap().remove("total")));
        assert_eq!(gone, ["total is gone"]);
        let optional = after(|now| now["required"] = json!(["order_id", "note", "items"]));
        assert_eq!(optional, ["total may be missing now"]);
        let retyped = after(|now| now["properties"]["order_id"]["type"] = json!("string"));
        assert_eq!(retyped, ["order_id may be of another type now"]);
        let widened = after(|now| now["properties"]["order_id"]["type"] = json!("number"));
        assert_eq!(widened, ["order_id may be of another type now"]);
        let nullable = after(|now| now["properties"]["total"]["type"] = json!(["number", "null"]));
        assert_eq!(nullable, ["total may be of another type now"]);
        let inside = after(|now| now["properties"]["items"]["items"]["required"] = json!([]));
        assert_eq!(inside, ["items[].sku may be missing now"]);
        let value = after(|now| now["properties"]["by"]["enum"] = json!(["customer", "robot"]));
        assert_eq!(value, ["by may have another value now"]);
        assert_eq!(after(|now| now["x-topic"] = json!("others")), ["it travels on another topic"]);
    }
}
