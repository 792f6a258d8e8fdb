//! Errors as clients see them: RFC 9457 `application/problem+json`, made at one place.
//!
//! An error type of a use case says once what it is, by implementing [`Fault`]; from then on `?` in a handler
//! is the whole mapping:
//!
//! ```
//! use config::problem::{ApiError, Facts, Fault, Kind};
//!
//! #[derive(Debug, thiserror::Error)]
//! enum CancelError {
//!     #[error("order {0} does not exist")]
//!     NotFound(u64),
//!     #[error("order {0} has been shipped")]
//!     Shipped(u64),
//! }
//!
//! impl Fault for CancelError {
//!     fn facts(&self) -> Facts {
//!         match self {
//!             Self::NotFound(_) => Kind::NotFound.coded("order-not-found"),
//!             Self::Shipped(_) => Kind::Conflict.coded("order-shipped"),
//!         }
//!     }
//! }
//!
//! fn handler() -> Result<(), ApiError> {
//!     Err(CancelError::NotFound(7))?
//! }
//! assert_eq!(handler().unwrap_err().status().as_u16(), 404);
//! ```

mod body;
mod catch;
mod fault;
mod fields;

use std::borrow::Cow;
use std::time::Duration;

use poem::http::{HeaderValue, StatusCode, header};
use poem::{IntoResponse, Response};
use poem_openapi::payload::Payload;
use poem_openapi::registry::{MetaMediaType, MetaResponse, MetaResponses, MetaSchemaRef, Registry};
use poem_openapi::{ApiResponse, Object};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use body::{Body, OptionalBody, from_json};
pub(crate) use catch::{crash, panic_message, render};
pub use fault::{Facts, Fault, Kind};
pub use fields::{FieldError, Fields, InvalidFields};

use crate::telemetry::RequestContext;

/// A problem document.
#[derive(Debug, Clone, Serialize, Deserialize, Object)]
#[oai(rename = "Problem")]
pub struct Problem {
    /// A URI that names the kind of problem.
    #[serde(rename = "type")]
    #[oai(rename = "type")]
    pub kind: String,
    /// The status in words.
    pub title: String,
    pub status: u16,
    /// What went wrong this time, for people.
    pub detail: String,
    /// The path that was asked for.
    #[serde(default)]
    pub instance: String,
    /// A stable name in kebab-case, for programs.
    pub code: String,
    /// Each wrong field; of more than 50, the first ones.
    #[serde(default)]
    pub errors: Vec<FieldError>,
    /// To be quoted when asking for help.
    #[serde(default)]
    pub request_id: String,
    #[serde(flatten)]
    #[oai(skip)]
    pub extensions: Map<String, Value>,
}

/// When another try makes sense, of a fault that doesn't say.
const RETRY_AFTER: Duration = Duration::from_secs(2);

/// The members that every problem document has.
const MEMBERS: [&str; 8] = ["type", "title", "status", "detail", "instance", "code", "errors", "request_id"];

/// The one error that handlers return.
#[derive(Debug)]
pub struct ApiError(Box<Inner>);

#[derive(Debug)]
struct Inner {
    status: StatusCode,
    code: Cow<'static, str>,
    detail: String,
    errors: Vec<FieldError>,
    extensions: Map<String, Value>,
    retry_after: Option<Duration>,
    allow: Option<String>,
    replayed: bool,
}

impl ApiError {
    /// An error that needs no type of its own.
    pub fn new(kind: Kind, code: &'static str, detail: impl Into<String>) -> Self {
        Self::with_status(kind.status(), code, detail)
    }

    pub(crate) fn with_status(
        status: StatusCode,
        code: impl Into<Cow<'static, str>>,
        detail: impl Into<String>,
    ) -> Self {
        Self(Box::new(Inner {
            status,
            code: code.into(),
            detail: detail.into(),
            errors: Vec::new(),
            extensions: Map::new(),
            retry_after: None,
            allow: None,
            replayed: false,
        }))
    }

    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    /// Another service's refusal, passed on as it came: for a request that is carried out there.
    pub fn passed_on(status: StatusCode, problem: &Problem) -> Self {
        let mut error = Self::with_status(status, problem.code.clone(), problem.detail.clone());
        error.0.errors.clone_from(&problem.errors);
        error.0.extensions.clone_from(&problem.extensions);
        error
    }

    /// Names the methods that the path has (405).
    pub(crate) fn allow(mut self, methods: String) -> Self {
        self.0.allow = Some(methods);
        self
    }

    pub(crate) fn to_json(&self) -> String {
        serde_json::to_string(&self.document()).unwrap_or_default()
    }

    /// A refusal that was given before, under the same idempotency key.
    pub(crate) fn replay(answer: &crate::idempotency::Answer) -> Self {
        let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        match serde_json::from_str::<Problem>(&answer.body) {
            Ok(problem) => {
                let mut error = Self::passed_on(status, &problem);
                error.0.replayed = true;
                error
            }
            Err(_) => catch::internal(),
        }
    }

    fn document(&self) -> Problem {
        let context = RequestContext::current();
        // Of a member that stands twice, some read the first and some the last.
        let mut extensions = self.0.extensions.clone();
        extensions.retain(|name, _| !MEMBERS.contains(&name.as_str()));
        Problem {
            kind: format!("urn:problem:{}", self.0.code),
            title: self.0.status.canonical_reason().unwrap_or("Error").to_owned(),
            status: self.0.status.as_u16(),
            detail: self.0.detail.clone(),
            instance: context.path,
            code: self.0.code.clone().into_owned(),
            errors: self.0.errors.clone(),
            request_id: context.request_id,
            extensions,
        }
    }
}

impl<E: Fault> From<E> for ApiError {
    fn from(fault: E) -> Self {
        let facts = fault.facts();
        let detail = match facts.kind {
            // What went wrong inside is for the log, once, and not for the client.
            Kind::Internal => {
                tracing::error!(error = %chain(&fault), code = facts.code, "internal error");
                "Something went wrong on our side.".to_owned()
            }
            Kind::Unavailable => {
                tracing::warn!(error = %chain(&fault), code = facts.code, "dependency unavailable");
                "Something that this needs is unavailable right now; please try again.".to_owned()
            }
            _ => sentence(&fault.to_string()),
        };
        let mut error = Self::new(facts.kind, facts.code, detail);
        error.0.errors = facts.errors;
        error.0.extensions = facts.members;
        error.0.retry_after = match facts.kind {
            Kind::Unavailable | Kind::TooManyRequests => Some(facts.retry_after.unwrap_or(RETRY_AFTER)),
            _ => None,
        };
        error
    }
}

/// An error with its sources, as one line.
pub fn chain(error: &dyn std::error::Error) -> String {
    std::iter::successors(error.source(), |cause| cause.source())
        .fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    let dot = if text.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{first}{}{dot}", chars.as_str())
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let body = self.to_json();
        let mut response =
            Response::builder().status(self.0.status).content_type("application/problem+json").body(body);
        let headers = response.headers_mut();
        if self.0.status == StatusCode::UNAUTHORIZED {
            let challenge = match self.0.code.as_ref() {
                "token-missing" => "Bearer realm=\"shop\"",
                _ => "Bearer realm=\"shop\", error=\"invalid_token\"",
            };
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        if self.0.replayed {
            headers.insert("idempotent-replayed", HeaderValue::from_static("true"));
        }
        if let Some(wait) = self.0.retry_after {
            headers.insert(header::RETRY_AFTER, wait.as_secs().max(1).into());
        }
        if let Some(allow) = self.0.allow.as_deref().and_then(|allow| HeaderValue::from_str(allow).ok()) {
            headers.insert(header::ALLOW, allow);
        }
        response
    }
}

impl From<ApiError> for poem::Error {
    fn from(error: ApiError) -> Self {
        Self::from_response(error.into_response())
    }
}

/// The media type of problem documents, so that the OpenAPI document shows it.
struct ProblemJson;

impl Payload for ProblemJson {
    const CONTENT_TYPE: &'static str = "application/problem+json";

    fn schema_ref() -> MetaSchemaRef {
        <Problem as poem_openapi::types::Type>::schema_ref()
    }

    fn register(registry: &mut Registry) {
        <Problem as poem_openapi::types::Type>::register(registry);
    }
}

impl ApiResponse for ApiError {
    fn meta() -> MetaResponses {
        let response = |range: &str, description| MetaResponse {
            description,
            status: None,
            status_range: Some(range.to_owned()),
            content: vec![MetaMediaType {
                content_type: ProblemJson::CONTENT_TYPE,
                schema: ProblemJson::schema_ref(),
            }],
            headers: vec![],
        };
        MetaResponses {
            responses: vec![
                response("4XX", "What is wrong with the request, as RFC 9457 problem details."),
                response("5XX", "The request is fine, we are not; RFC 9457 problem details."),
            ],
        }
    }

    fn register(registry: &mut Registry) {
        ProblemJson::register(registry);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("table orders is locked by 10.0.0.7")]
    struct Secretive(Kind);

    impl Fault for Secretive {
        fn facts(&self) -> Facts {
            self.0.coded("secretive").with(json!({ "status": "pending", "left": 3 }))
        }
    }

    #[tokio::test]
    async fn an_extension_takes_no_members_place() {
        let response = ApiError::from(Secretive(Kind::Conflict)).into_response();
        let body = response.into_body().into_string().await.unwrap();
        let problem: Problem = serde_json::from_str(&body).unwrap();
        assert_eq!((problem.status, &problem.extensions["left"]), (409, &Value::from(3)));
        assert!(!problem.extensions.contains_key("status"), "{body}");
    }

    #[tokio::test]
    async fn inner_details_never_reach_the_client() {
        for kind in [Kind::Internal, Kind::Unavailable] {
            let response = ApiError::from(Secretive(kind)).into_response();
            assert_eq!(response.headers().contains_key("retry-after"), kind == Kind::Unavailable);
            let body = response.into_body().into_string().await.unwrap();
            assert!(!body.contains("10.0.0.7"), "{body}");
        }
    }

    #[tokio::test]
    async fn a_problem_says_what_it_is() {
        let response = ApiError::from(Secretive(Kind::Conflict)).into_response();
        assert_eq!(response.status(), StatusCode::CONFLICT);
        assert_eq!(response.content_type(), Some("application/problem+json"));
        let problem: Problem = response.into_body().into_json().await.unwrap();
        assert_eq!((problem.code.as_str(), problem.status), ("secretive", 409));
    }
}
