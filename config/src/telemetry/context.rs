//! Which request a piece of work belongs to; carried over HTTP and Kafka.

use std::future::Future;

use opentelemetry::propagation::Injector;
use opentelemetry::trace::TraceContextExt;
use poem::http::{HeaderMap, HeaderName, HeaderValue};
use tracing::{Instrument as _, Span};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use uuid::Uuid;

/// `X-Request-Id`
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// W3C trace context.
pub(crate) const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

tokio::task_local! {
    static CURRENT: RequestContext;
}

/// The identity of the request, or of the message, that is being worked on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RequestContext {
    pub request_id: String,
    /// The path that was asked for; empty outside HTTP.
    pub path: String,
    /// W3C `traceparent` of the caller.
    pub traceparent: Option<String>,
}

impl RequestContext {
    /// What is being worked on in this task; empty outside any request.
    pub fn current() -> Self {
        CURRENT.try_with(Clone::clone).unwrap_or_default()
    }

    /// Runs `work` as part of this request.
    pub async fn scope<F: Future>(self, work: F) -> F::Output {
        CURRENT.scope(self, work).await
    }

    /// The identity of what was begun elsewhere, or earlier, and is gone on with here.
    pub fn of_trace(traceparent: Option<String>) -> Self {
        Self { traceparent, ..Self::default() }
    }

    /// Runs `work` as part of this request, in a span that is the caller's child.
    pub async fn follow<F: Future>(self, span: Span, work: F) -> F::Output {
        self.adopt(&span);
        self.scope(work.instrument(span)).await
    }

    /// Makes the span a child of the caller's.
    pub(crate) fn adopt(&self, span: &Span) {
        if self.traceparent.is_some() {
            let _ = span.set_parent(self.parent());
        }
    }

    pub(crate) fn from_headers(headers: &HeaderMap, path: &str) -> Self {
        let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
        let request_id = text(REQUEST_ID)
            .filter(|id| (1..=128).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_graphic()))
            .map_or_else(|| Uuid::now_v7().simple().to_string(), ToOwned::to_owned);
        let traceparent = text(TRACEPARENT).filter(|value| value.len() == 55).map(ToOwned::to_owned);
        Self { request_id, path: path.to_owned(), traceparent }
    }

    /// The OpenTelemetry context of the caller, to be the parent of this request's span.
    fn parent(&self) -> opentelemetry::Context {
        let carrier: std::collections::HashMap<_, _> =
            self.traceparent.iter().map(|value| (TRACEPARENT.to_string(), value.clone())).collect();
        opentelemetry::global::get_text_map_propagator(|propagator| propagator.extract(&carrier))
    }
}

/// The `traceparent` of the current span, or the caller's when traces are off.
pub fn traceparent() -> Option<String> {
    struct First(Option<String>);
    impl Injector for First {
        fn set(&mut self, key: &str, value: String) {
            if key == TRACEPARENT.as_str() {
                self.0 = Some(value);
            }
        }
    }
    let span = tracing::Span::current().context();
    let mut carrier = First(None);
    if span.span().span_context().is_valid() {
        opentelemetry::global::get_text_map_propagator(|propagator| {
            propagator.inject_context(&span, &mut carrier)
        });
    }
    carrier.0.or_else(|| RequestContext::current().traceparent)
}

/// The headers that make a call to another service part of this request.
pub fn propagation_headers() -> Vec<(HeaderName, HeaderValue)> {
    let request_id = Some(RequestContext::current().request_id).filter(|id| !id.is_empty());
    [(REQUEST_ID, request_id), (TRACEPARENT, traceparent())]
        .into_iter()
        .filter_map(|(name, value)| Some((name, HeaderValue::from_str(&value?).ok()?)))
        .collect()
}
