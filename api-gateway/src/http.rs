//! What the agent answers itself, on loopback; Nginx passes `/health` and `/docs` on to it.

use config::BoxError;
use minijinja::{Environment, context};
use poem::endpoint::make_sync;
use poem::http::StatusCode;
use poem::middleware::{NormalizePath, TrailingSlash};
use poem::web::{Data, Html, Json};
use poem::{Endpoint, EndpointExt, Error, IntoResponse, Response, Result, Route, get, handler};

use crate::health::Health;

const DOCS: &str = "docs.html";

pub(crate) fn routes(health: Health) -> Result<impl Endpoint<Output = Response>, BoxError> {
    let mut pages = Environment::new();
    pages.add_template(DOCS, include_str!("../templates/docs.html"))?;
    let metrics =
        make_sync(|_| config::telemetry::render_metrics().with_content_type("text/plain; version=0.0.4"));
    let routes = Route::new()
        .at("/health", get(report))
        .at("/docs", get(docs))
        .at("/livez", get(make_sync(|_| "alive")))
        .at("/metrics", get(metrics));
    Ok(routes.with(NormalizePath::new(TrailingSlash::Trim)).data(health).data(pages).map_to_response())
}

/// 200 from the first list on: a balancer that took the gateway out because one service is down would take the whole
/// shop down. Before it nobody should be sent here.
#[handler]
async fn report(health: Data<&Health>) -> Response {
    let report = health.report().await;
    let status = if report.is_ready() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    Json(report).with_status(status).into_response()
}

#[handler]
fn docs(Data(health): Data<&Health>, Data(pages): Data<&Environment<'static>>) -> Result<Html<String>> {
    let services: Vec<_> =
        health.services().into_iter().map(|(name, instances)| context! { name, instances }).collect();
    let page = pages.get_template(DOCS).and_then(|page| page.render(context! { services }));
    page.map(Html).map_err(|error| Error::new(error, StatusCode::INTERNAL_SERVER_ERROR))
}
