//! What every request gets: an id, a span, a log line, a measurement.

use std::time::Instant;

use poem::http::HeaderValue;
use poem::{Endpoint, IntoResponse, Middleware, PathPattern, Request, Response, Result};
use tracing::field::Empty;
use uuid::Uuid;

use super::context::{REQUEST_ID, RequestContext};

/// The methods that are told apart.
const METHODS: [&str; 9] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE"];

/// A method as metrics and traces name it. Of those that clients make up there is no end, and each would be a time series
/// of its own.
pub fn known_method(method: &str) -> &'static str {
    METHODS.into_iter().find(|known| *known == method).unwrap_or("_OTHER")
}

/// So long is a part of a path that nobody but its bearer may know: a shared link's, a challenge's.
const SECRET: usize = 32;
const HYPHENATED_UUID: usize = 36;

/// The path as traces and logs tell it: without secrets. Nothing else is as long but UUIDs.
fn discreet(path: &str) -> String {
    let is_uuid = |part: &str| part.len() == HYPHENATED_UUID && Uuid::try_parse(part).is_ok();
    let tell = |part| if str::len(part) >= SECRET && !is_uuid(part) { "*" } else { part };
    path.split('/').map(tell).collect::<Vec<_>>().join("/")
}

/// The outermost middleware. The wrapped endpoint must have rendered its errors.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Instrument;

impl<E: Endpoint> Middleware<E> for Instrument {
    type Output = Instrumented<E>;

    fn transform(&self, endpoint: E) -> Self::Output {
        Instrumented(endpoint)
    }
}

#[derive(Debug)]
pub(crate) struct Instrumented<E>(E);

/// A request that is being answered; one whose client has gone counts no longer.
struct Active;

impl Active {
    fn begin() -> Self {
        metrics::gauge!("http_server_active_requests").increment(1.0);
        Self
    }
}

impl Drop for Active {
    fn drop(&mut self) {
        metrics::gauge!("http_server_active_requests").decrement(1.0);
    }
}

impl<E: Endpoint> Endpoint for Instrumented<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        let started = Instant::now();
        let method = known_method(request.method().as_str());
        let context = RequestContext::from_headers(request.headers(), request.uri().path());
        let request_id = HeaderValue::from_str(&context.request_id);
        let path = discreet(&context.path);
        // Probes come every few seconds and say nothing.
        let quiet = matches!(context.path.as_str(), "/health" | "/livez" | "/metrics");
        let span = match quiet {
            true => tracing::Span::none(),
            false => tracing::info_span!(
                "request",
                otel.name = format!("{method} {path}"),
                otel.kind = "server",
                otel.status_code = Empty,
                http.request.method = method,
                http.response.status_code = Empty,
                http.route = Empty,
                url.path = path,
                request.id = context.request_id,
            ),
        };
        let work = async {
            let mut response = {
                let _active = Active::begin();
                self.0.call(request).await?.into_response()
            };
            let status = response.status();
            let elapsed = started.elapsed();
            if !quiet {
                tracing::debug!(http.response.status_code = status.as_u16(), ?elapsed, "answered");
            }
            let route =
                response.data::<PathPattern>().map_or_else(|| "unmatched".to_owned(), |p| p.0.to_string());
            let span = tracing::Span::current();
            span.record("otel.name", format!("{method} {route}"));
            span.record("http.route", &route);
            span.record("http.response.status_code", status.as_u16());
            if status.is_server_error() {
                span.record("otel.status_code", "ERROR");
            }
            metrics::histogram!(
                "http_server_request_duration_seconds",
                "http_request_method" => method, "http_route" => route,
                "http_response_status_code" => status.as_str().to_owned(),
            )
            .record(elapsed);
            if let Ok(id) = request_id {
                response.headers_mut().insert(REQUEST_ID, id);
            }
            Ok(response)
        };
        context.follow(span, work).await
    }
}

#[cfg(test)]
mod tests {
    use metrics_exporter_prometheus::PrometheusBuilder;
    use poem::EndpointExt as _;
    use poem::endpoint::make_sync;
    use poem::http::Method;

    use super::*;

    #[test]
    fn secrets_in_paths_are_not_told() {
        let uuid = Uuid::now_v7();
        for told in
            ["/", "/api/products/507f1f77bcf86cd799439011", &format!("/internal/reservations/{uuid}/release")]
        {
            assert_eq!(discreet(told), told);
        }
        let (simple, token) = (uuid.simple(), "cGFzc3dvcmRzLWFyZS1ub3QtZm9yLWxvZ3MtYW55d2F5");
        for secret in [simple.to_string(), format!("{uuid}0"), token.to_owned()] {
            assert_eq!(discreet(&format!("/api/favourites/shared/{secret}")), "/api/favourites/shared/*");
        }
    }

    #[test]
    fn invented_methods_are_one_series() {
        let recorder = PrometheusBuilder::new().build_recorder();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let endpoint = make_sync(|_| "answered").with(Instrument);
        let ask = async |method: &str| {
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            endpoint.get_response(Request::builder().method(method).finish()).await;
        };
        metrics::with_local_recorder(&recorder, || {
            runtime.block_on(async {
                ask("GET").await;
                for number in 0..1000 {
                    ask(&format!("BREW{number}")).await;
                }
            });
        });
        let shown = recorder.handle().render();
        assert_eq!(shown.matches("http_server_request_duration_seconds_count{").count(), 2, "{shown}");
        assert!(shown.contains(r#"http_request_method="_OTHER""#), "{shown}");
    }
}
