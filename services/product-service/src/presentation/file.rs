//! Uploaded files of products, by media type.

use bytes::Bytes;
use config::problem::{ApiError, Kind};
use poem::error::ReadBodyError;
use poem::{Request, RequestBody, Result};
use poem_openapi::ApiRequest;
use poem_openapi::payload::{ParsePayload, Payload};
use poem_openapi::registry::{MetaSchema, MetaSchemaRef};

/// The largest file, in bytes.
const MAX_BYTES: usize = 10 << 20;

/// A file of products, at most 10 MiB and 50 000 rows; a JSON object has at most 64 KiB.
#[derive(ApiRequest)]
pub enum ImportFile {
    /// Columns `sku`, `name`, `description`, `price`, `currency`, `category`, `stock`, `images` (URLs between
    /// vertical bars), `weight_grams`, `status` and `attributes.NAME`. An empty cell says nothing.
    Csv(CsvFile),
    /// On each line a product as for `POST /api/products`; for a product that exists, as for `PATCH`.
    Ndjson(NdjsonFile),
}

/// Declares a payload by its media type; parameters such as `charset` are passed over.
macro_rules! files {
    ($($(#[$doc:meta])* $name:ident: $media_type:literal;)+) => {$(
        $(#[$doc])*
        pub struct $name(pub Bytes);

        impl Payload for $name {
            const CONTENT_TYPE: &'static str = $media_type;

            fn check_content_type(content_type: &str) -> bool {
                content_type.split(';').next().is_some_and(|essence| essence.trim().eq_ignore_ascii_case($media_type))
            }

            fn schema_ref() -> MetaSchemaRef {
                MetaSchemaRef::Inline(Box::new(MetaSchema::new("string")))
            }
        }

        impl ParsePayload for $name {
            const IS_REQUIRED: bool = true;

            async fn from_request(_: &Request, body: &mut RequestBody) -> Result<Self> {
                read(body).await.map(Self)
            }
        }
    )+};
}
files! {
    /// A header row and a product a row.
    CsvFile: "text/csv";
    /// A JSON object a line.
    NdjsonFile: "application/x-ndjson";
}

async fn read(body: &mut RequestBody) -> Result<Bytes> {
    let read = body.take()?.into_bytes_limit(MAX_BYTES).await;
    Ok(read.map_err(|error| match error {
        ReadBodyError::PayloadTooLarge => {
            ApiError::new(Kind::TooLarge, "body-too-large", format!("The file is over {MAX_BYTES} bytes."))
        }
        other => {
            ApiError::new(Kind::Malformed, "body-unreadable", format!("The file can't be read: {other}."))
        }
    })?)
}
