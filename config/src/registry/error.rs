//! Why a call to another service gave no answer.

use std::error::Error;

use reqwest::StatusCode;
use serde_json::Map;

use crate::problem::{Facts, Fault, Kind, Problem};

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// Nobody could answer. Worth trying again later.
    #[error("{service} is unavailable")]
    Unavailable { service: &'static str, source: Trouble },
    /// The service understood, and refused.
    #[error("{service} refused with {status}: {}", problem.code)]
    Rejected { service: &'static str, status: StatusCode, problem: Box<Problem> },
    /// The request can't be built, or the answer can't be read.
    #[error("{service} and its caller don't understand each other")]
    Invalid { service: &'static str, source: Box<dyn Error + Send + Sync> },
}

/// What stood in the way.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    #[error("no instance is up")]
    NoInstance,
    #[error("it failed so often that calls are held back for a moment")]
    CircuitOpen,
    #[error("no answer in time")]
    TimedOut,
    #[error("it answered {0}")]
    Status(StatusCode),
    #[error("the connection failed")]
    Transport(#[source] reqwest::Error),
}

impl CallError {
    pub(super) fn rejected(service: &'static str, status: StatusCode, body: &[u8]) -> Self {
        let problem = serde_json::from_slice(body).unwrap_or_else(|_| Problem {
            kind: "about:blank".to_owned(),
            title: status.canonical_reason().unwrap_or_default().to_owned(),
            status: status.as_u16(),
            detail: String::new(),
            instance: String::new(),
            code: String::new(),
            errors: Vec::new(),
            request_id: String::new(),
            extensions: Map::new(),
        });
        Self::Rejected { service, status, problem: Box::new(problem) }
    }

    /// The status and the problem of a refusal, for callers that expect some.
    pub fn rejection(&self) -> Option<(StatusCode, &Problem)> {
        match self {
            Self::Rejected { status, problem, .. } => Some((*status, problem)),
            Self::Unavailable { .. } | Self::Invalid { .. } => None,
        }
    }
}

/// A refusal that a use case doesn't expect is a fault between the services, not the client's.
impl Fault for CallError {
    fn facts(&self) -> Facts {
        match self {
            Self::Unavailable { .. } => Kind::Unavailable.coded("dependency-unavailable"),
            Self::Rejected { .. } | Self::Invalid { .. } => Facts::internal(),
        }
    }
}
