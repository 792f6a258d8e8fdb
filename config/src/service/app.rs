//! The HTTP application around a service's API: health, metrics, documentation, errors.

use std::sync::Arc;

use poem::endpoint::{BoxEndpoint, make_sync};
use poem::middleware::{NormalizePath, TrailingSlash};
use poem::web::Data;
use poem::{Endpoint, EndpointExt, IntoResponse, Request, Response, Result, Route, get, handler};

use super::Service;
use super::health::Health;
use super::openapi::{Methods, described, document};
use crate::jwt_auth::Auth;
use crate::problem;
use crate::telemetry::{Instrument, render_metrics};

/// The whole application of a service.
pub(super) fn application<S: Service>(
    api: S::Api,
    auth: Auth,
    health: Health,
) -> Result<BoxEndpoint<'static, Response>, crate::BoxError> {
    let methods = Methods::of::<S::Api>();
    let spec = document::<S>()?;
    let service = described::<S, _>(api);
    let docs = service.swagger_ui_html();
    let routes = Route::new()
        .at("/livez", get(make_sync(|_| "alive")))
        .at("/health", get(ready))
        .at("/metrics", get(make_sync(|_| render_metrics().with_content_type("text/plain; version=0.0.4"))))
        .at("/openapi.json", get(make_sync(move |_| spec.clone().with_content_type("application/json"))))
        .at("/docs", get(make_sync(move |_| docs.clone().with_content_type("text/html; charset=utf-8"))))
        .nest("/", service);
    let application = Refusals { inner: routes.with(NormalizePath::new(TrailingSlash::Trim)), methods }
        .data(auth)
        .data(Arc::new(health))
        .with(Instrument);
    Ok(application.boxed())
}

#[handler]
async fn ready(health: Data<&Arc<Health>>) -> Response {
    health.check().await.into_response()
}

/// Renders every error as problem+json.
struct Refusals<E> {
    inner: E,
    methods: Methods,
}

impl<E: Endpoint> Endpoint for Refusals<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        let path = request.uri().path().to_owned();
        match self.inner.call(request).await {
            Ok(output) => Ok(output.into_response()),
            Err(error) => {
                let trimmed = path.trim_end_matches('/');
                Ok(problem::render(error, self.methods.at(trimmed)))
            }
        }
    }
}
