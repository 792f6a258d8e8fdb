//! Bodies of HTML forms, which is how OAuth2 logs in.

use config::problem::{ApiError, InvalidFields, Kind};
use poem::{Request, RequestBody, Result};
use poem_openapi::payload::{ParsePayload, Payload};
use poem_openapi::registry::{MetaSchemaRef, Registry};
use poem_openapi::types::{ParseFromJSON, Type};
use serde_json::{Map, Value};

/// Far more than a login needs.
const MAX_BYTES: usize = 16 * 1024;

/// A form whose fields are texts.
#[derive(Debug)]
pub struct FormBody<T>(pub T);

impl<T: Type> Payload for FormBody<T> {
    const CONTENT_TYPE: &'static str = "application/x-www-form-urlencoded";

    fn check_content_type(content_type: &str) -> bool {
        content_type
            .split(';')
            .next()
            .is_some_and(|kind| kind.trim().eq_ignore_ascii_case(Self::CONTENT_TYPE))
    }

    fn schema_ref() -> MetaSchemaRef {
        T::schema_ref()
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

impl<T: ParseFromJSON> ParsePayload for FormBody<T> {
    const IS_REQUIRED: bool = true;

    async fn from_request(_: &Request, body: &mut RequestBody) -> Result<Self> {
        let data = body.take()?.into_bytes_limit(MAX_BYTES).await.map_err(|_| {
            ApiError::new(
                Kind::TooLarge,
                "body-too-large",
                format!("The form is over {MAX_BYTES} bytes, or broken off."),
            )
        })?;
        let fields: Map<String, Value> = url::form_urlencoded::parse(&data)
            .map(|(name, value)| (name.into_owned(), value.into()))
            .collect();
        let parsed = T::parse_from_json(Some(Value::Object(fields)));
        Ok(parsed
            .map(Self)
            .map_err(|error| ApiError::from(InvalidFields::one("body", "invalid", error.into_message())))?)
    }
}
