//! The HTTP application around a service's API: health, metrics, documentation, errors.

use std::sync::Arc;

use poem::endpoint::{BoxEndpoint, make_sync};
use poem::http::Uri;
use poem::http::uri::PathAndQuery;
use poem::middleware::{NormalizePath, TrailingSlash};
use poem::web::Data;
use poem::{Endpoint, EndpointExt, IntoResponse, Request, Response, Result, Route, get, handler};

use super::Service;
use super::health::Health;
use super::openapi::{Methods, described, document, page};
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
    let routes = Route::new()
        .at("/livez", get(make_sync(|_| "alive")))
        .at("/health", get(ready))
        .at("/metrics", get(measured))
        .at("/openapi.json", get(make_sync(move |_| spec.clone().with_content_type("application/json"))))
        .at("/docs", get(make_sync(|_| page::<S>().with_content_type("text/html; charset=utf-8"))))
        .nest("/", described::<S, _>(api));
    let inner = routes.with(NormalizePath::new(TrailingSlash::Trim));
    let application = Refusals { inner, methods, spellings: S::SPELLINGS }
        .data(auth)
        .data(Arc::new(health))
        .with(Instrument);
    Ok(application.boxed())
}

#[handler]
async fn ready(health: Data<&Arc<Health>>) -> Response {
    health.check().await.into_response()
}

#[handler]
fn measured(Data(health): Data<&Arc<Health>>) -> Response {
    if let Some(db) = &health.mysql {
        db.measure();
    }
    render_metrics().with_content_type("text/plain; version=0.0.4").into_response()
}

/// Renders every error as problem+json.
struct Refusals<E> {
    inner: E,
    methods: Methods,
    spellings: &'static [(&'static str, &'static str)],
}

impl<E: Endpoint> Endpoint for Refusals<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> Result<Response> {
        if let Some(uri) = respelled(request.uri(), self.spellings) {
            *request.uri_mut() = uri;
        }
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

/// The address in the spelling that the API is written in; `None` when it is already.
fn respelled(uri: &Uri, spellings: &[(&str, &str)]) -> Option<Uri> {
    let path_and_query = uri.path_and_query()?.as_str();
    let (rest, usual) = spellings.iter().find_map(|(other, usual)| {
        let rest = path_and_query.strip_prefix(other)?;
        (rest.is_empty() || rest.starts_with(['/', '?'])).then_some((rest, usual))
    })?;
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(format!("{usual}{rest}")).ok()?);
    Uri::from_parts(parts).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_segments_are_respelled() {
        for (path, respelled) in [
            ("/api/colors", Some("/api/colours")),
            ("/api/colors/7/?a=/api/colors", Some("/api/colours/7/?a=/api/colors")),
            ("/api/colors?a=b", Some("/api/colours?a=b")),
            ("/api/colorstore", None),
            ("/api/colours", None),
            ("/v2/api/colors", None),
        ] {
            let uri: Uri = path.parse().unwrap();
            let found = super::respelled(&uri, &[("/api/colors", "/api/colours")]);
            assert_eq!(found.map(|uri| uri.to_string()).as_deref(), respelled, "{path}");
        }
    }
}
