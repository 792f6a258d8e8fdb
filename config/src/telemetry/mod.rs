//! Logs, traces and metrics, and the identity of the request that they belong to.
//!
//! Never logged: passwords, tokens, cards, secrets, e-mail bodies, addresses. Identifiers stand in the message
//! and in a field (`order.id`).

mod context;
mod http;
mod logs;
mod metrics;
mod witness;

use std::time::Duration;

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use tracing_subscriber::fmt::format::{Format, Json};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, fmt};
use url::Url;

use self::logs::AtFirst;

pub use context::{RequestContext, propagation_headers, traceparent};
pub(crate) use http::Instrument;
pub use http::known_method;
#[cfg(test)]
pub(crate) use logs::tests::Written;
pub use metrics::render as render_metrics;
pub use witness::{Witness, Witnessed};

use crate::settings::{Env, Invalid, Settings};

/// How long the last traces may take.
const FLUSH: Duration = Duration::from_secs(2);

/// Where logs and traces go.
#[derive(Debug)]
pub struct TelemetrySettings {
    json: bool,
    filter: String,
    otlp: Option<Url>,
    sampled: f64,
}

impl TelemetrySettings {
    /// The share of traces that is kept, 0 to 1.
    pub fn sampled(&self) -> f64 {
        self.sampled
    }
}

impl Settings for TelemetrySettings {
    fn read(env: &mut Env) -> Result<Self, Invalid> {
        let format = env.var("LOG_FORMAT", "json or text").default::<LogFormat>("json");
        let filter = env.var("RUST_LOG", "log levels, as tracing-subscriber reads them").default("info");
        let otlp = env.var("OTEL_EXPORTER_OTLP_ENDPOINT", "collector of traces, OTLP over HTTP").optional();
        let sampled = env.var("OTEL_TRACES_SAMPLER_ARG", "share of traces kept, 0 to 1").default("1");
        Ok(Self { json: format? == LogFormat::Json, filter: filter?, otlp: otlp?, sampled: sampled? })
    }
}

#[derive(Debug, PartialEq, Eq)]
enum LogFormat {
    Json,
    Text,
}

impl crate::settings::Value for LogFormat {
    fn parse(raw: &str) -> Result<Self, String> {
        match raw {
            "json" => Ok(Self::Json),
            "text" => Ok(Self::Text),
            _ => Err("must be json or text".to_owned()),
        }
    }
}

/// Flushes the traces that are still here when the process ends.
#[must_use]
#[derive(Debug)]
pub struct Telemetry(Option<SdkTracerProvider>);

impl Telemetry {
    /// Sets up logs, metrics and, where a collector is set, traces for the whole process.
    pub fn start(service: &'static str, settings: &TelemetrySettings) -> Result<Self, crate::BoxError> {
        metrics::install(service, metrics::UPKEEP)?;
        let provider =
            settings.otlp.as_ref().map(|url| tracer(service, url, settings.sampled)).transpose()?;
        let traces = provider
            .as_ref()
            .map(|provider| tracing_opentelemetry::layer().with_tracer(provider.tracer(service)));
        let json = settings.json.then(json);
        let text = (!settings.json).then(|| fmt::layer().with_target(false).with_ansi(false));
        let filter = EnvFilter::try_new(&settings.filter)?;
        tracing_subscriber::registry().with(filter).with(json).with(text).with(traces).try_init()?;
        Ok(Self(provider))
    }

    /// Sends what is left to the collector.
    pub async fn flush(self) {
        if let Some(provider) = self.0 {
            let done = tokio::task::spawn_blocking(move || provider.shutdown_with_timeout(FLUSH));
            if !matches!(done.await, Ok(Ok(()))) {
                tracing::warn!("the last traces could not be sent");
            }
        }
    }
}

/// A line of JSON for each event, its span's fields among them.
fn json<S>() -> fmt::Layer<S, AtFirst, Format<Json>> {
    let layer = fmt::layer().json().flatten_event(true).with_current_span(true).with_span_list(false);
    layer.fmt_fields(AtFirst::default())
}

fn tracer(service: &'static str, url: &Url, sampled: f64) -> Result<SdkTracerProvider, crate::BoxError> {
    opentelemetry::global::set_text_map_propagator(TraceContextPropagator::new());
    Ok(SdkTracerProvider::builder()
        .with_batch_exporter(exporter(url)?)
        .with_sampler(Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(sampled))))
        .with_resource(resource(service))
        .build())
}

fn exporter(url: &Url) -> Result<SpanExporter, crate::BoxError> {
    let endpoint = url.join("/v1/traces")?;
    Ok(SpanExporter::builder().with_http().with_endpoint(endpoint).build()?)
}

fn resource(service: &'static str) -> Resource {
    Resource::builder().with_service_name(service).build()
}
