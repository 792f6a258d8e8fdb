//! What an error says of itself.

use std::time::Duration;

use poem::http::StatusCode;
use serde_json::{Map, Value};

use super::{FieldError, InvalidFields};

/// The code of what is our mistake, whichever it is.
pub(super) const INTERNAL: &str = "internal";

/// What an error means for whoever called; it decides the HTTP status and what a consumer does with a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// 400: the request can't be read.
    Malformed,
    /// 401: nobody, or not who they claim to be.
    Unauthenticated,
    /// 402: the payment was declined.
    PaymentRequired,
    /// 403: known, but not allowed.
    Forbidden,
    /// 404
    NotFound,
    /// 409: at odds with the present state.
    Conflict,
    /// 412: the caller's version is stale.
    Stale,
    /// 413
    TooLarge,
    /// 422: readable, but breaks a rule.
    Invalid,
    /// 428: the caller must say which version it means.
    VersionRequired,
    /// 429
    TooManyRequests,
    /// 503: something this needs is away; it will pass.
    Unavailable,
    /// 500: our mistake.
    Internal,
}

/// What a problem document tells beside the error's own words.
#[derive(Debug, Clone, PartialEq)]
pub struct Facts {
    pub kind: Kind,
    /// A stable name in kebab-case, for programs.
    pub code: &'static str,
    /// The fields that are wrong, for [`Kind::Invalid`].
    pub errors: Vec<FieldError>,
    /// Further members of the problem document, such as what is left in stock.
    pub members: Map<String, Value>,
    /// When trying again makes sense, for [`Kind::Unavailable`] and [`Kind::TooManyRequests`].
    pub retry_after: Option<Duration>,
}

/// An error that says what it is.
pub trait Fault: std::error::Error + Send + Sync + 'static {
    /// What it is; of an error that only carries another one, the other's.
    fn facts(&self) -> Facts;

    /// What it means for the caller.
    fn kind(&self) -> Kind {
        self.facts().kind
    }
}

impl Kind {
    /// The HTTP status.
    pub fn status(self) -> StatusCode {
        match self {
            Self::Malformed => StatusCode::BAD_REQUEST,
            Self::Unauthenticated => StatusCode::UNAUTHORIZED,
            Self::PaymentRequired => StatusCode::PAYMENT_REQUIRED,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Conflict => StatusCode::CONFLICT,
            Self::Stale => StatusCode::PRECONDITION_FAILED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
            Self::VersionRequired => StatusCode::PRECONDITION_REQUIRED,
            Self::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// An error of this kind with this code, of which there is nothing else to tell.
    pub fn coded(self, code: &'static str) -> Facts {
        Facts { kind: self, code, errors: Vec::new(), members: Map::new(), retry_after: None }
    }
}

impl Facts {
    /// A mistake of ours: whichever it is, the log knows.
    pub fn internal() -> Self {
        Kind::Internal.coded(INTERNAL)
    }

    /// With the members of this object.
    #[must_use]
    pub fn with(mut self, members: Value) -> Self {
        if let Value::Object(members) = members {
            self.members.extend(members);
        }
        self
    }

    /// With a field that is wrong.
    #[must_use]
    pub fn naming(mut self, field: &str, code: &str, message: &str) -> Self {
        self.errors.extend_from_slice(InvalidFields::one(field, code, message).all());
        self
    }

    /// Worth another try after this time.
    #[must_use]
    pub fn again_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }
}
