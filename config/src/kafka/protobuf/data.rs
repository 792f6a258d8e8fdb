//! An event's data, between JSON and the message of its contract.

use std::collections::HashMap;

use prost_reflect::{
    DynamicMessage, FieldDescriptor, Kind, MapKey, MessageDescriptor, ReflectMessage as _, Value,
};
use serde_json::{Map, Number, Value as Json};

use super::descriptors::Contracts;
use crate::BoxError;

/// The oneof of a message that stands for one value of several types.
const CHOICE: &str = "value";

/// Refuses what the contract has no place for: nothing is dropped on the way.
pub fn to_message(
    contracts: &Contracts,
    contract: &MessageDescriptor,
    data: &Json,
) -> Result<DynamicMessage, BoxError> {
    if let Some(choice) = contract.oneofs().find(|oneof| oneof.name() == CHOICE) {
        // The first that fits, as in the schema's list.
        let mut fits = choice.fields().filter_map(|field| Some((one(contracts, &field, data).ok()?, field)));
        let (value, field) = fits.next().ok_or_else(|| wrong(contract.full_name(), data))?;
        let mut message = DynamicMessage::new(contract.clone());
        message.set_field(&field, value);
        return Ok(message);
    }
    let members = data.as_object().ok_or_else(|| wrong(contract.full_name(), data))?;
    let mut message = DynamicMessage::new(contract.clone());
    for (name, value) in members {
        let field = contract.get_field_by_json_name(name);
        let field = field.ok_or_else(|| format!("{} has no member {name}", contract.full_name()))?;
        if value.is_null() && contracts.is_nullable(&field) {
            continue;
        }
        message.set_field(&field, member(contracts, &field, value)?);
    }
    Ok(message)
}

fn member(contracts: &Contracts, field: &FieldDescriptor, value: &Json) -> Result<Value, BoxError> {
    match value {
        Json::Array(items) if field.is_list() => {
            Ok(Value::List(items.iter().map(|item| one(contracts, field, item)).collect::<Result<_, _>>()?))
        }
        Json::Object(entries) if field.is_map() => {
            let Kind::Message(entry) = field.kind() else { return Err(wrong(field.full_name(), value)) };
            let kind = entry.map_entry_value_field();
            let entries = entries
                .iter()
                .map(|(key, value)| Ok((MapKey::String(key.clone()), one(contracts, &kind, value)?)));
            Ok(Value::Map(entries.collect::<Result<HashMap<_, _>, BoxError>>()?))
        }
        _ if field.is_list() || field.is_map() => Err(wrong(field.full_name(), value)),
        one_value => one(contracts, field, one_value),
    }
}

fn one(contracts: &Contracts, field: &FieldDescriptor, value: &Json) -> Result<Value, BoxError> {
    let number = value.as_number().filter(|_| contracts.is_decimal(field));
    let told = match field.kind() {
        Kind::String => match number {
            Some(number) => Some(Value::String(number.to_string())),
            None if contracts.is_decimal(field) => None,
            None => value.as_str().map(|text| Value::String(text.to_owned())),
        },
        Kind::Bool => value.as_bool().map(Value::Bool),
        Kind::Uint32 => value.as_u64().and_then(|n| n.try_into().ok()).map(Value::U32),
        Kind::Int32 => value.as_i64().and_then(|n| n.try_into().ok()).map(Value::I32),
        Kind::Uint64 => value.as_u64().map(Value::U64),
        Kind::Int64 => value.as_i64().map(Value::I64),
        // A whole number would come back as 4.0.
        Kind::Double => value.as_f64().filter(|_| value.is_f64()).map(Value::F64),
        Kind::Message(inner) => Some(Value::Message(to_message(contracts, &inner, value)?)),
        _ => None,
    };
    told.ok_or_else(|| wrong(field.full_name(), value))
}

fn wrong(name: &str, value: &Json) -> BoxError {
    let kind = match value {
        Json::Null => "null",
        Json::Bool(_) => "a boolean",
        Json::Number(_) => "a number",
        Json::String(_) => "text",
        Json::Array(_) => "a list",
        Json::Object(_) => "an object",
    };
    format!("{name} can't be {kind}, or not this one").into()
}

/// The number that was spelled like this.
fn decimal(text: &str) -> Option<Number> {
    let whole = text.parse::<i64>().map(Number::from).or_else(|_| text.parse::<u64>().map(Number::from));
    whole.ok().or_else(|| Number::from_f64(text.parse().ok()?))
}

/// What isn't set is null where that is one of its values, and otherwise missing: whoever sent it didn't know it.
pub fn to_json(contracts: &Contracts, message: &DynamicMessage) -> Result<Json, BoxError> {
    let contract = message.descriptor();
    if let Some(choice) = contract.oneofs().find(|oneof| oneof.name() == CHOICE) {
        let told = choice.fields().find(|field| message.has_field(field));
        // One of a type that came later.
        let Some(field) = told else { return Ok(Json::Null) };
        return value_to_json(contracts, &field, &message.get_field(&field));
    }
    let mut members = Map::new();
    for field in contract.fields() {
        let name = field.json_name().to_owned();
        if field.is_list() || field.is_map() || message.has_field(&field) {
            members.insert(name, value_to_json(contracts, &field, &message.get_field(&field))?);
        } else if contracts.is_nullable(&field) {
            members.insert(name, Json::Null);
        }
    }
    Ok(Json::Object(members))
}

fn value_to_json(contracts: &Contracts, field: &FieldDescriptor, value: &Value) -> Result<Json, BoxError> {
    Ok(match value {
        Value::String(number) if contracts.is_decimal(field) => {
            Json::Number(decimal(number).ok_or_else(|| format!("{} isn't a number", field.full_name()))?)
        }
        Value::String(text) => Json::from(text.as_str()),
        Value::Bool(yes) => Json::from(*yes),
        Value::U32(number) => Json::from(*number),
        Value::I32(number) => Json::from(*number),
        Value::U64(number) => Json::from(*number),
        Value::I64(number) => Json::from(*number),
        Value::F64(number) => Json::from(*number),
        Value::Message(message) => to_json(contracts, message)?,
        Value::List(items) => {
            let items = items.iter().map(|item| value_to_json(contracts, field, item));
            Json::Array(items.collect::<Result<_, _>>()?)
        }
        Value::Map(entries) => {
            let Kind::Message(entry) = field.kind() else { return Err("a map has entries".into()) };
            let kind = entry.map_entry_value_field();
            let entries = entries.iter().map(|(key, value)| {
                let key = key.as_str().ok_or("a map's keys are text")?.to_owned();
                Ok::<_, BoxError>((key, value_to_json(contracts, &kind, value)?))
            });
            Json::Object(entries.collect::<Result<_, _>>()?)
        }
        _ => return Err(format!("{} is of a type that no contract uses", field.full_name()).into()),
    })
}
