//! A message, as a schema wants it and as a file has it.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, bail};
use prost_types::field_descriptor_proto::{Label as ProtoLabel, Type};
use prost_types::{DescriptorProto, FieldDescriptorProto};
use serde_json::Value;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    pub name: String,
    pub comment: Option<String>,
    /// By their numbers.
    pub fields: Vec<Field>,
    /// Numbers and names of members that are gone.
    pub reserved: BTreeSet<i32>,
    pub reserved_names: BTreeSet<String>,
    pub nested: Vec<Message>,
    /// Stands for one value of several types.
    pub is_choice: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    pub name: String,
    /// In JSON.
    pub member: String,
    pub number: i32,
    pub kind: String,
    pub label: Label,
    pub is_nullable: bool,
    pub is_decimal: bool,
    pub comment: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Label {
    /// Whether it is set can be seen of every single value: an event may be older than its reader.
    Optional,
    Repeated,
    Map,
    OneOf,
}

impl Message {
    /// The message of an event's schema; numbers come from `before`.
    pub fn of_event(kind: &str, schema: &Value, before: Option<&Self>) -> Result<Self> {
        Self::of_object(camel_case(kind), schema, before)
    }

    fn of_object(name: String, schema: &Value, before: Option<&Self>) -> Result<Self> {
        let mut message = Self::empty(name, schema);
        for member in members_in_order(schema) {
            let one = &schema["properties"][member];
            let context = || format!("the member {member}");
            let field = message.field_of(member, one, before).with_context(context)?;
            message.fields.push(field);
        }
        Ok(message.numbered(before))
    }

    /// A value that is one of several types.
    fn of_choice(name: String, schema: &Value, before: Option<&Self>) -> Result<Self> {
        let mut message = Self { is_choice: true, ..Self::empty(name, schema) };
        for variant in schema["anyOf"].as_array().into_iter().flatten() {
            let (kind, is_decimal) = scalar(variant)?;
            let mut field = Field::new(&format!("{kind}_value"), kind.to_owned(), Label::OneOf, variant);
            field.is_decimal = is_decimal;
            message.fields.push(field);
        }
        Ok(message.numbered(before))
    }

    fn empty(name: String, schema: &Value) -> Self {
        Self {
            name,
            comment: description(schema),
            fields: Vec::new(),
            reserved: BTreeSet::new(),
            reserved_names: BTreeSet::new(),
            nested: Vec::new(),
            is_choice: false,
        }
    }

    fn field_of(&mut self, member: &str, schema: &Value, before: Option<&Self>) -> Result<Field> {
        let is_nullable = types(schema).contains(&"null");
        let (label, inner) = match types(schema).into_iter().find(|kind| *kind != "null") {
            Some("array") => (Label::Repeated, &schema["items"]),
            Some("object") if schema["additionalProperties"].is_object() => {
                (Label::Map, &schema["additionalProperties"])
            }
            _ => (Label::Optional, schema),
        };
        if is_nullable && label != Label::Optional {
            bail!("a list or a map that may be null looks like an empty one");
        }
        let name = match label {
            Label::Repeated => camel_case(member.strip_suffix('s').unwrap_or(member)),
            _ => camel_case(member),
        };
        let known = before.and_then(|before| before.nested.iter().find(|nested| nested.name == name));
        let (kind, is_decimal) = if inner["properties"].is_object() {
            self.nested.push(Self::of_object(name.clone(), inner, known)?);
            (name, false)
        } else if inner["anyOf"].is_array() {
            self.nested.push(Self::of_choice(name.clone(), inner, known)?);
            (name, false)
        } else {
            let (kind, is_decimal) = scalar(inner)?;
            (kind.to_owned(), is_decimal)
        };
        if is_decimal && label == Label::Map {
            bail!("a map's values have no options: decimals need a message");
        }
        Ok(Field { is_nullable, is_decimal, ..Field::new(member, kind, label, schema) })
    }

    /// Each member keeps its number, a new one gets the next, and that of one that is gone is never given again.
    fn numbered(mut self, before: Option<&Self>) -> Self {
        self.reserved = before.map(|before| before.reserved.clone()).unwrap_or_default();
        self.reserved_names = before.map(|before| before.reserved_names.clone()).unwrap_or_default();
        let known: BTreeMap<_, _> = before
            .into_iter()
            .flat_map(|before| &before.fields)
            .map(|field| (field.member.as_str(), field))
            .collect();
        for (member, field) in &known {
            if !self.fields.iter().any(|still| still.member == **member) {
                self.reserved.insert(field.number);
                self.reserved_names.insert(field.name.clone());
            }
        }
        // One that comes back has its name again, but another number.
        self.reserved_names.retain(|name| !self.fields.iter().any(|field| field.name == *name));
        let used = known.values().map(|field| field.number).chain(self.reserved.iter().copied());
        let mut next = used.max().unwrap_or(0) + 1;
        for field in &mut self.fields {
            field.number = known.get(field.member.as_str()).map_or_else(
                || {
                    next += 1;
                    next - 1
                },
                |known| known.number,
            );
        }
        self.fields.sort_by_key(|field| field.number);
        self
    }

    /// As a file has it.
    pub fn of_descriptor(message: &DescriptorProto) -> Self {
        let entries: Vec<&DescriptorProto> = message.nested_type.iter().filter(|it| is_entry(it)).collect();
        let mut fields: Vec<Field> =
            message.field.iter().map(|field| Field::of_descriptor(field, &entries)).collect();
        fields.sort_by_key(|field| field.number);
        let ranges = message.reserved_range.iter().flat_map(|range| range.start()..range.end());
        Self {
            name: message.name().to_owned(),
            comment: None,
            reserved: ranges.collect(),
            reserved_names: message.reserved_name.iter().cloned().collect(),
            nested: message.nested_type.iter().filter(|it| !is_entry(it)).map(Self::of_descriptor).collect(),
            is_choice: fields.iter().any(|field| field.label == Label::OneOf),
            fields,
        }
    }

    /// What somebody who reads by `before` would misread.
    pub fn broken_since(&self, before: &Self) -> Vec<String> {
        let mut broken = Vec::new();
        self.compare(before, &self.name, &mut broken);
        broken
    }

    fn compare(&self, before: &Self, path: &str, broken: &mut Vec<String>) {
        for old in &before.fields {
            let name = format!("{path}.{}", old.member);
            match self.fields.iter().find(|field| field.member == old.member) {
                Some(now) if now.number != old.number => {
                    broken.push(format!("{name} was number {}, and is {} now", old.number, now.number));
                }
                Some(now) if now.shape() != old.shape() => {
                    broken.push(format!("{name} was {}, and is {} now", old.shape(), now.shape()));
                }
                None if !self.reserved.contains(&old.number) => {
                    broken.push(format!("{name} is gone, and its number {} isn't reserved", old.number));
                }
                _ => {}
            }
        }
        for number in before.reserved.difference(&self.reserved) {
            broken.push(format!("{path}: number {number} isn't reserved any more"));
        }
        for old in &before.nested {
            if let Some(now) = self.nested.iter().find(|nested| nested.name == old.name) {
                now.compare(old, &format!("{path}.{}", old.name), broken);
            }
        }
    }
}

impl Field {
    fn new(member: &str, kind: String, label: Label, schema: &Value) -> Self {
        let name = if member.starts_with(|first: char| first.is_ascii_digit()) {
            format!("n{member}")
        } else {
            member.to_owned()
        };
        let values = schema["enum"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let values = values.collect::<Vec<_>>().join(", ");
        let one_of = (!values.is_empty()).then(|| format!("One of: {values}."));
        let comment: Vec<_> = description(schema).into_iter().chain(one_of).collect();
        Self {
            name,
            member: member.to_owned(),
            number: 0,
            kind,
            label,
            is_nullable: false,
            is_decimal: false,
            comment: (!comment.is_empty()).then(|| comment.join("\n")),
        }
    }

    fn of_descriptor(field: &FieldDescriptorProto, entries: &[&DescriptorProto]) -> Self {
        let last = |name: &str| name.rsplit('.').next().unwrap_or_default().to_owned();
        let entry = entries.iter().find(|entry| entry.name() == last(field.type_name()));
        let value = entry.and_then(|entry| entry.field.iter().find(|part| part.name() == "value"));
        let label = match value {
            Some(_) => Label::Map,
            None if field.label() == ProtoLabel::Repeated => Label::Repeated,
            None if field.oneof_index.is_some() && !field.proto3_optional() => Label::OneOf,
            None => Label::Optional,
        };
        let typed = value.unwrap_or(field);
        let kind = if typed.type_name().is_empty() {
            scalar_name(typed.r#type()).to_owned()
        } else {
            last(typed.type_name())
        };
        let options = field.options.iter().flat_map(|options| &options.uninterpreted_option);
        let set: Vec<&str> = options
            .filter(|option| option.identifier_value() == "true")
            .filter_map(|option| option.name.last())
            .map(|part| part.name_part.rsplit('.').next().unwrap_or_default())
            .collect();
        let member = if field.json_name().is_empty() { field.name() } else { field.json_name() };
        Self {
            name: field.name().to_owned(),
            member: member.to_owned(),
            number: field.number(),
            kind,
            label,
            is_nullable: set.contains(&"nullable"),
            is_decimal: set.contains(&"decimal"),
            comment: None,
        }
    }

    /// What decides how its bytes are read.
    fn shape(&self) -> String {
        let kind = if self.is_decimal { "decimal" } else { &self.kind };
        match self.label {
            Label::Optional | Label::OneOf => kind.to_owned(),
            Label::Repeated => format!("a list of {kind}"),
            Label::Map => format!("a map of {kind}"),
        }
    }
}

fn is_entry(message: &DescriptorProto) -> bool {
    message.options.as_ref().is_some_and(|options| options.map_entry())
}

/// Those that must be there in the order in which the code has them, then the others.
fn members_in_order(schema: &Value) -> Vec<&str> {
    let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let mut members: Vec<&str> = required.collect();
    let all = schema["properties"].as_object().into_iter().flatten().map(|(name, _)| name.as_str());
    let others: Vec<&str> = all.filter(|name| !members.contains(name)).collect();
    members.extend(others);
    members
}

/// The type, and whether it is an exact decimal number: a number that no float's format is said of.
fn scalar(schema: &Value) -> Result<(&'static str, bool)> {
    let kinds: Vec<&str> = types(schema).into_iter().filter(|kind| *kind != "null").collect();
    let [kind] = kinds.as_slice() else { bail!("it is of several types, or of any: {schema}") };
    Ok(match (*kind, schema["format"].as_str()) {
        ("string", _) => ("string", false),
        ("boolean", _) => ("bool", false),
        ("integer", Some("uint64" | "uint")) => ("uint64", false),
        ("integer", Some("uint32" | "uint16" | "uint8")) => ("uint32", false),
        ("integer", Some("int32" | "int16" | "int8")) => ("int32", false),
        ("integer", _) => ("int64", false),
        ("number", Some("double" | "float")) => ("double", false),
        ("number", _) => ("string", true),
        (other, _) => bail!("there is no type for {other}"),
    })
}

fn scalar_name(kind: Type) -> &'static str {
    match kind {
        Type::String => "string",
        Type::Bool => "bool",
        Type::Uint64 => "uint64",
        Type::Uint32 => "uint32",
        Type::Int32 => "int32",
        Type::Int64 => "int64",
        Type::Double => "double",
        _ => "another type",
    }
}

fn types(schema: &Value) -> Vec<&str> {
    match &schema["type"] {
        Value::String(one) => vec![one],
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

fn description(schema: &Value) -> Option<String> {
    schema["description"].as_str().map(str::to_owned)
}

fn camel_case(name: &str) -> String {
    let words = name.split('_').map(|word| {
        let mut letters = word.chars();
        letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect::<String>()
    });
    words.collect()
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
