//! Spans of a program that can't send its own: somebody saw what it did, and tells.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use opentelemetry::trace::{SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState};
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_sdk::trace::{BatchSpanProcessor, SpanData, SpanEvents, SpanLinks, SpanProcessor as _};

use super::{TelemetrySettings, exporter, resource};

/// A request that was answered, with the ids that were given to whoever worked for it.
#[derive(Debug)]
pub struct Witnessed {
    /// 32 hexadecimal digits.
    pub trace_id: String,
    /// 16 hexadecimal digits.
    pub span_id: String,
    /// The client's span, if it told of one.
    pub parent: Option<String>,
    pub name: String,
    pub ended: SystemTime,
    pub took: Duration,
    pub status: u16,
    pub attributes: Vec<(&'static str, String)>,
}

/// Sends what was seen to the collector, if there is one.
#[derive(Debug, Clone)]
pub struct Witness(Option<Arc<BatchSpanProcessor>>);

impl Witness {
    pub fn new(service: &'static str, settings: &TelemetrySettings) -> Result<Self, crate::BoxError> {
        let processor = settings.otlp.as_ref().map(|url| {
            let mut processor = BatchSpanProcessor::builder(exporter(url)?).build();
            processor.set_resource(&resource(service));
            Ok::<_, crate::BoxError>(Arc::new(processor))
        });
        processor.transpose().map(Self)
    }

    /// Whether anybody wants to hear.
    pub fn is_heard(&self) -> bool {
        self.0.is_some()
    }

    /// One with ids that are none is passed over.
    pub fn tell(&self, seen: Witnessed) {
        let Some(processor) = &self.0 else { return };
        let ids = (TraceId::from_hex(&seen.trace_id), SpanId::from_hex(&seen.span_id));
        let (Ok(trace), Ok(span)) = ids else { return };
        let parent = seen.parent.and_then(|parent| SpanId::from_hex(&parent).ok());
        let is_error = seen.status >= 500;
        let mut attributes: Vec<_> =
            seen.attributes.into_iter().map(|(name, value)| KeyValue::new(name, value)).collect();
        attributes.push(KeyValue::new("http.response.status_code", i64::from(seen.status)));
        processor.on_end(SpanData {
            span_context: SpanContext::new(trace, span, TraceFlags::SAMPLED, false, TraceState::NONE),
            parent_span_id: parent.unwrap_or(SpanId::INVALID),
            parent_span_is_remote: parent.is_some(),
            span_kind: SpanKind::Server,
            name: seen.name.into(),
            start_time: seen.ended.checked_sub(seen.took).unwrap_or(seen.ended),
            end_time: seen.ended,
            attributes,
            dropped_attributes_count: 0,
            events: SpanEvents::default(),
            links: SpanLinks::default(),
            status: if is_error { Status::error("") } else { Status::Unset },
            instrumentation_scope: InstrumentationScope::builder(env!("CARGO_PKG_NAME")).build(),
        });
    }

    /// Sends what is left.
    pub async fn flush(self) {
        if let Some(processor) = self.0 {
            let sent = tokio::task::spawn_blocking(move || processor.shutdown_with_timeout(super::FLUSH));
            if !matches!(sent.await, Ok(Ok(()))) {
                tracing::warn!("the last traces could not be sent");
            }
        }
    }
}
