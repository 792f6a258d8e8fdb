//! What the framework refuses before a handler runs, and what a handler's crash leaves to be said, in the same words as
//! our own errors.

use std::any::Any;

use poem::error::{CorsError, MethodNotAllowedError, NotFoundError, SizedLimitError};
use poem::http::StatusCode;
use poem::{IntoResponse, Response};
use poem_openapi::error::{AuthorizationError, ContentTypeError, ParseParamError, ParsePathError};

use super::fault::INTERNAL;
use super::{ApiError, InvalidFields, Kind};
use crate::jwt_auth::AuthError;

/// Renders any error as problem+json; `allow` names the methods of the path that was asked for.
pub(crate) fn render(error: poem::Error, allow: Option<String>) -> Response {
    if error.is_from_response() {
        return error.into_response();
    }
    let api_error = if let Some(param) = error.downcast_ref::<ParseParamError>() {
        InvalidFields::one(param.name, "invalid", param.reason.clone()).into()
    } else if error.is::<ParsePathError>() || error.is::<NotFoundError>() {
        ApiError::new(Kind::NotFound, "not-found", "There is nothing at this path.")
    } else if error.is::<MethodNotAllowedError>() {
        let refused =
            ApiError::with_status(error.status(), "method-not-allowed", "The path doesn't have this method.");
        match allow {
            Some(methods) => refused.allow(methods),
            None => ApiError::new(Kind::NotFound, "not-found", "There is nothing at this path."),
        }
    } else if error.is::<AuthorizationError>() {
        AuthError::Missing.into()
    } else if error.is::<ContentTypeError>() {
        ApiError::with_status(
            error.status(),
            "unsupported-media-type",
            "The body's Content-Type must be one that the documentation of this path names, such as application/json.",
        )
    } else if error.is::<SizedLimitError>() || error.status() == StatusCode::PAYLOAD_TOO_LARGE {
        ApiError::new(Kind::TooLarge, "body-too-large", "The body is too large.")
    } else if error.is::<CorsError>() {
        ApiError::new(Kind::Forbidden, "origin-not-allowed", "This origin is not allowed.")
    } else if error.status().is_client_error() {
        ApiError::with_status(error.status(), "bad-request", error.to_string())
    } else {
        tracing::error!(error = %error, "internal error");
        internal()
    };
    api_error.into_response()
}

/// What the client hears of a panic; its message is for the log.
pub(crate) fn crash(panic: &(dyn Any + Send)) -> ApiError {
    tracing::error!(error = panic_message(panic), "a handler panicked");
    internal()
}

/// What a panic said.
pub(crate) fn panic_message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}

pub(super) fn internal() -> ApiError {
    ApiError::new(Kind::Internal, INTERNAL, "Something went wrong on our side.")
}
