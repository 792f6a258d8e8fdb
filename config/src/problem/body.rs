//! The JSON body of a request: malformed is 400, well-formed but of the wrong shape 422 with every field named.

use std::ops::Deref;

use poem::error::ReadBodyError;
use poem::{Request, RequestBody, Result};
use poem_openapi::error::ContentTypeError;
use poem_openapi::payload::{ParsePayload, Payload};
use poem_openapi::registry::{MetaMediaType, MetaRequest, MetaSchema, MetaSchemaRef, Registry};
use poem_openapi::types::{ParseFromJSON, Type};
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};
use serde_json::Value;

use super::{ApiError, Fields, InvalidFields, Kind};

/// The largest body that is read, in bytes.
const MAX_BYTES: usize = 1 << 20;
/// The most values in it, counting lists and objects and what is in them. No request needs half as many; but each costs
/// some hundred bytes, and the half a million that 1 MiB has room for cost more than a service may have.
const MAX_VALUES: usize = 20_000;
/// Deeper than serde_json reads.
const TOO_DEEP: usize = 128;
/// In characters, of a reason that isn't ours: it may repeat the whole value.
const LONGEST_REASON: usize = 300;

/// A JSON request body. Unlike poem-openapi's `Json` it tells malformed JSON from a wrong shape, and names
/// every missing or mistyped field at once.
#[derive(Debug, Clone)]
pub struct Body<T>(pub T);

impl<T> Deref for Body<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: Type> Payload for Body<T> {
    const CONTENT_TYPE: &'static str = "application/json";

    fn check_content_type(content_type: &str) -> bool {
        poem_openapi::payload::Json::<T>::check_content_type(content_type)
    }

    fn schema_ref() -> MetaSchemaRef {
        T::schema_ref()
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

impl<T: ParseFromJSON> ParsePayload for Body<T> {
    const IS_REQUIRED: bool = T::IS_REQUIRED;

    async fn from_request(_: &Request, body: &mut RequestBody) -> Result<Self> {
        parse(&read(body).await?).map(Self)
    }
}

impl<'a, T: ParseFromJSON> ApiExtractor<'a> for Body<T> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        <Self as Payload>::register(registry);
    }

    fn request_meta() -> Option<MetaRequest> {
        Some(request_meta::<T>(Self::IS_REQUIRED))
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> Result<Self> {
        match request.content_type() {
            Some(content_type) if Self::check_content_type(content_type) => {
                <Self as ParsePayload>::from_request(request, body).await
            }
            Some(other) => Err(ContentTypeError::NotSupported { content_type: other.to_owned() }.into()),
            None => Err(ContentTypeError::ExpectContentType.into()),
        }
    }
}

/// A JSON request body that may be left out.
#[derive(Debug, Clone)]
pub struct OptionalBody<T>(pub Option<T>);

impl<'a, T: ParseFromJSON> ApiExtractor<'a> for OptionalBody<T> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    fn request_meta() -> Option<MetaRequest> {
        Some(request_meta::<T>(false))
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> Result<Self> {
        let data = read(body).await?;
        match request.content_type() {
            _ if data.is_empty() => Ok(Self(None)),
            Some(other) if !Body::<T>::check_content_type(other) => {
                Err(ContentTypeError::NotSupported { content_type: other.to_owned() }.into())
            }
            _ => parse(&data).map(|value| Self(Some(value))),
        }
    }
}

fn request_meta<T: Type>(required: bool) -> MetaRequest {
    let content = MetaMediaType { content_type: Body::<T>::CONTENT_TYPE, schema: T::schema_ref() };
    MetaRequest { description: None, content: vec![content], required }
}

async fn read(body: &mut RequestBody) -> Result<Vec<u8>> {
    let data = body.take()?.into_bytes_limit(MAX_BYTES).await.map_err(|error| match error {
        ReadBodyError::PayloadTooLarge => {
            ApiError::new(Kind::TooLarge, "body-too-large", format!("The body is over {MAX_BYTES} bytes."))
        }
        other => {
            ApiError::new(Kind::Malformed, "body-unreadable", format!("The body can't be read: {other}."))
        }
    })?;
    Ok(data.into())
}

fn parse<T: ParseFromJSON>(data: &[u8]) -> Result<T> {
    if has_over(MAX_VALUES, data) {
        let detail = format!("The body has over {MAX_VALUES} values.");
        return Err(ApiError::new(Kind::TooLarge, "body-too-large", detail).into());
    }
    let value = values(data)?;
    without_nul(&value).map_err(ApiError::from)?;
    match T::parse_from_json(Some(value)) {
        Ok(parsed) => Ok(parsed),
        // Read once more to find what is wrong with it: a copy of every body would have cost more.
        Err(error) => Err(ApiError::from(mismatches::<T>(&values(data)?, error.message())).into()),
    }
}

fn values(data: &[u8]) -> Result<Value, ApiError> {
    serde_json::from_slice(data).map_err(|error| {
        ApiError::new(Kind::Malformed, "malformed-json", format!("The body is not JSON: {error}."))
    })
}

/// Whether a JSON text has more than so many values, by the brackets and commas that they begin behind: nothing is made
/// of it yet. What can't be read is not for us to say, nor what is too deep to be read.
fn has_over(most: usize, data: &[u8]) -> bool {
    let (mut count, mut depth, mut in_text, mut escaped) = (0_usize, 0_usize, false, false);
    for byte in data {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            _ if in_text => {}
            b'[' | b'{' => (count, depth) = (count + 1, depth + 1),
            b']' | b'}' => depth = depth.saturating_sub(1),
            b',' => count += 1,
            _ => {}
        }
        if depth > TOO_DEEP {
            return false;
        }
        if count > most {
            return true;
        }
    }
    false
}

/// A value as a type of the API, or every missing or mistyped field: for what is only a part of a body.
pub fn from_json<T: ParseFromJSON>(value: &Value) -> Result<T, InvalidFields> {
    without_nul(value)?;
    T::parse_from_json(Some(value.clone())).map_err(|error| mismatches::<T>(value, error.message()))
}

fn without_nul(value: &Value) -> Result<(), InvalidFields> {
    match contains_nul(value) {
        true => Err(InvalidFields::one("body", "nul", "must not contain a null character")),
        false => Ok(()),
    }
}

/// No text of ours has one, and the databases disagree about what it means.
fn contains_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(contains_nul),
        Value::Object(members) => {
            members.iter().any(|(name, value)| name.contains('\0') || contains_nul(value))
        }
        _ => false,
    }
}

/// What of the value doesn't fit the type's schema; `reason` when the schema doesn't tell.
fn mismatches<T: Type>(value: &Value, reason: &str) -> InvalidFields {
    let mut registry = Registry::new();
    T::register(&mut registry);
    let mut fields = Fields::default();
    walk(&registry, &T::schema_ref(), value, "", &mut fields);
    match fields.finish(|| None::<()>) {
        Err(found) if !found.all().is_empty() => found,
        _ => InvalidFields::one("body", "invalid", reason.chars().take(LONGEST_REASON).collect::<String>()),
    }
}

fn walk(registry: &Registry, schema: &MetaSchemaRef, value: &Value, path: &str, fields: &mut Fields) {
    if fields.is_full() {
        return;
    }
    let schema = match schema {
        MetaSchemaRef::Inline(schema) => schema.as_ref(),
        MetaSchemaRef::Reference(name) => match registry.schemas.get(name.as_str()) {
            Some(schema) => schema,
            None => return,
        },
    };
    for part in &schema.all_of {
        walk(registry, part, value, path, fields);
    }
    if !has_type(schema, value) {
        let name = if path.is_empty() { "body" } else { path };
        fields.reject(name, "wrong-type", format!("must be {}", article(schema.ty)));
        return;
    }
    if !schema.enum_items.is_empty() && !schema.enum_items.contains(value) {
        let choices: Vec<_> = schema.enum_items.iter().filter_map(Value::as_str).collect();
        fields.reject(path, "unknown-value", format!("must be one of {}", choices.join(", ")));
    }
    match value {
        Value::Object(members) => {
            for (name, property) in &schema.properties {
                let inner = if path.is_empty() { (*name).to_owned() } else { format!("{path}.{name}") };
                match members.get(*name) {
                    Some(Value::Null) | None if schema.required.contains(name) => {
                        fields.reject(inner, "required", "is required");
                    }
                    Some(Value::Null) | None => {}
                    Some(member) => walk(registry, property, member, &inner, fields),
                }
            }
        }
        Value::Array(items) => {
            if let Some(of) = &schema.items {
                for (index, item) in items.iter().enumerate() {
                    walk(registry, of, item, &format!("{path}[{index}]"), fields);
                }
            }
        }
        _ => {}
    }
}

fn has_type(schema: &MetaSchema, value: &Value) -> bool {
    match schema.ty {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string() && fits_format(schema.format, value),
        "boolean" => value.is_boolean(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64(),
        _ => true,
    }
}

fn fits_format(format: Option<&str>, value: &Value) -> bool {
    match (format, value.as_str()) {
        (Some("date-time"), Some(text)) => chrono::DateTime::parse_from_rfc3339(text).is_ok(),
        (Some("uuid"), Some(text)) => uuid::Uuid::parse_str(text).is_ok(),
        _ => true,
    }
}

fn article(kind: &str) -> String {
    match kind {
        "object" | "array" | "integer" => format!("an {kind}"),
        _ => format!("a {kind}"),
    }
}

#[cfg(test)]
mod tests;
