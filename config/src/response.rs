//! Answers that every service gives: a record with its version (`ETag`), a new record, nothing.

use std::marker::PhantomData;

use bytes::Bytes;
use poem::{IntoResponse, Response};
use poem_openapi::payload::{Json, Payload};
use poem_openapi::registry::{MetaMediaType, MetaResponse, MetaResponses, MetaSchemaRef, Registry};
use poem_openapi::types::{ParseFromJSON, ToJSON};
use poem_openapi::{ApiResponse, types::Type};

use crate::problem::{Facts, Fault, Kind};

/// The strong validator of a version.
fn etag(version: u64) -> String {
    format!("\"{version}\"")
}

/// The client's version is not the current one (412).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the record has changed since you read it; its version is {current} now")]
pub struct StaleVersion {
    pub current: u64,
}

impl Fault for StaleVersion {
    fn facts(&self) -> Facts {
        Kind::Stale.coded("stale-version")
    }
}

/// What `If-Match` demands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct IfMatch(Option<String>);

impl IfMatch {
    pub fn new(header: Option<String>) -> Self {
        Self(header)
    }

    /// Whether the current version is one that the client means. To be asked where the record is locked.
    pub fn check(&self, current: u64) -> Result<(), StaleVersion> {
        let matches = self.0.as_deref().is_none_or(|header| lists(header, &etag(current)));
        if matches { Ok(()) } else { Err(StaleVersion { current }) }
    }
}

/// Whether the client has the record with this tag already, by its `If-None-Match`.
pub fn client_has(if_none_match: Option<&str>, tag: &str) -> bool {
    if_none_match.is_some_and(|header| lists(header, tag))
}

fn lists(header: &str, tag: &str) -> bool {
    header.split(',').map(str::trim).any(|listed| listed == "*" || listed.trim_start_matches("W/") == tag)
}

/// A record with its version, or 304 when the client has it already.
#[derive(ApiResponse)]
pub enum Versioned<T: ParseFromJSON + ToJSON + Type> {
    #[oai(status = 200)]
    Ok(Json<T>, #[oai(header = "ETag")] String),
    /// The client has the current version.
    #[oai(status = 304)]
    NotModified(#[oai(header = "ETag")] String),
}

impl<T: ParseFromJSON + ToJSON> Versioned<T> {
    /// The answer to a read that carried `If-None-Match`, if it did.
    pub fn read(record: T, version: u64, if_none_match: Option<&str>) -> Self {
        let tag = etag(version);
        match client_has(if_none_match, &tag) {
            true => Self::NotModified(tag),
            false => Self::Ok(Json(record), tag),
        }
    }

    /// The answer to a write.
    pub fn written(record: T, version: u64) -> Self {
        Self::Ok(Json(record), etag(version))
    }
}

/// 201 with the new record.
#[derive(ApiResponse)]
pub enum Created<T: ParseFromJSON + ToJSON + Type> {
    #[oai(status = 201)]
    Created(
        Json<T>,
        /// `true` when this repeats the answer to an earlier request with the same `Idempotency-Key`.
        #[oai(header = "Idempotent-Replayed")]
        Option<String>,
    ),
}

impl<T: ParseFromJSON + ToJSON> Created<T> {
    pub fn new(record: T) -> Self {
        Self::Created(Json(record), None)
    }
}

impl<T: ParseFromJSON + ToJSON> From<crate::idempotency::Done<T>> for Created<T> {
    fn from(done: crate::idempotency::Done<T>) -> Self {
        Self::Created(Json(done.value), done.replayed.then(|| "true".to_owned()))
    }
}

/// 200 with what has become of the record, of a request that may carry an `Idempotency-Key`.
#[derive(ApiResponse)]
pub enum Performed<T: ParseFromJSON + ToJSON + Type> {
    #[oai(status = 200)]
    Performed(
        Json<T>,
        /// `true` when this repeats the answer to an earlier request with the same `Idempotency-Key`.
        #[oai(header = "Idempotent-Replayed")]
        Option<String>,
    ),
}

impl<T: ParseFromJSON + ToJSON> From<crate::idempotency::Done<T>> for Performed<T> {
    fn from(done: crate::idempotency::Done<T>) -> Self {
        Self::Performed(Json(done.value), done.replayed.then(|| "true".to_owned()))
    }
}

/// 204
#[derive(ApiResponse)]
pub enum NoContent {
    /// Done; there is nothing to show.
    #[oai(status = 204)]
    NoContent,
}

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
