//! Answers that are written once and given often.

use std::marker::PhantomData;

use bytes::Bytes;
use poem::{IntoResponse, Response};
use poem_openapi::ApiResponse;
use poem_openapi::payload::Payload;
use poem_openapi::registry::{MetaMediaType, MetaResponse, MetaResponses, MetaSchemaRef, Registry};
use poem_openapi::types::Type;

use super::dto::ProductDto;

/// JSON of a `T`, as it travels.
pub struct Prepared<T>(Bytes, PhantomData<fn() -> T>);

impl<T> Prepared<T> {
    /// `json` is what a `T` looks like.
    pub fn new(json: Bytes) -> Self {
        Self(json, PhantomData)
    }
}

impl<T: Type> Payload for Prepared<T> {
    const CONTENT_TYPE: &'static str = "application/json; charset=utf-8";

    fn schema_ref() -> MetaSchemaRef {
        T::schema_ref()
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

impl<T: Type> IntoResponse for Prepared<T> {
    fn into_response(self) -> Response {
        Response::builder().content_type("application/json; charset=utf-8").body(self.0)
    }
}

impl<T: Type> ApiResponse for Prepared<T> {
    fn meta() -> MetaResponses {
        let content = vec![MetaMediaType { content_type: Self::CONTENT_TYPE, schema: T::schema_ref() }];
        let response =
            MetaResponse { description: "", status: Some(200), status_range: None, content, headers: vec![] };
        MetaResponses { responses: vec![response] }
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

/// A product with its validator.
#[derive(ApiResponse)]
pub enum ProductAnswer {
    #[oai(status = 200)]
    Ok(Prepared<ProductDto>, #[oai(header = "ETag")] String),
    /// A new product.
    #[oai(status = 201)]
    Created(Prepared<ProductDto>, #[oai(header = "ETag")] String),
    /// The client has the current one.
    #[oai(status = 304)]
    NotModified(#[oai(header = "ETag")] String),
}
