//! The HTTP application around a service's API: health, metrics, documentation, errors.

use std::any::Any;
use std::sync::Arc;

use poem::endpoint::{BoxEndpoint, make_sync};
use poem::http::Uri;
use poem::http::uri::PathAndQuery;
use poem::middleware::{CatchPanic, NormalizePath, TrailingSlash};
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
    // A connection that ends without an answer would have the gateway ask the next instance, which would panic, too.
    let crashes = CatchPanic::new().with_handler(|panic: Box<dyn Any + Send>| problem::crash(panic.as_ref()));
    let inner = routes.with(NormalizePath::new(TrailingSlash::Trim)).with(crashes);
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
    use jsonwebtoken::jwk::JwkSet;
    use metrics_exporter_prometheus::PrometheusBuilder;
    use poem_openapi::OpenApi;
    use poem_openapi::payload::PlainText;

    use super::*;
    use crate::jwt_auth::{AuthSettings, Keys, Revocations};
    use crate::service::{Context, Dependency, Parts};
    use crate::telemetry::Written;

    struct Crashing;

    #[OpenApi]
    impl Crashing {
        #[oai(path = "/crash", method = "get")]
        async fn crash(&self) -> PlainText<String> {
            panic!("as the {} wants", "test");
        }
    }

    impl Service for Crashing {
        const NAME: &'static str = "crashing-service";
        const PORT: u16 = 0;
        const NEEDS: &'static [Dependency] = &[];
        type Settings = ();
        type Api = Self;

        async fn wire(_: &Context<()>) -> Result<Parts<Self>, crate::BoxError> {
            Ok(Parts::new(Self))
        }
    }

    fn crashing() -> BoxEndpoint<'static, Response> {
        let keys = Keys::new(Arc::new(JwkSet { keys: Vec::new() }));
        let auth = Auth::new(AuthSettings::with_token("test"), keys, Revocations::default());
        let (service, version) = (Crashing::NAME, Crashing::VERSION);
        let health = Health { service, version, mysql: None, redis: None, kafka: None, own: Vec::new() };
        application::<Crashing>(Crashing, auth, health).unwrap()
    }

    #[test]
    fn a_panic_is_answered_logged_and_counted() {
        let (recorder, written) = (PrometheusBuilder::new().build_recorder(), Written::default());
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let request =
            Request::builder().uri(Uri::from_static("/crash")).header("x-request-id", "r-1").finish();
        let (status, body) = metrics::with_local_recorder(&recorder, || {
            tracing::subscriber::with_default(written.subscriber(), || {
                runtime.block_on(async {
                    let answer = crashing().get_response(request).await;
                    (answer.status(), answer.into_body().into_string().await.unwrap())
                })
            })
        });
        let problem: problem::Problem = serde_json::from_str(&body).unwrap();
        assert_eq!((status.as_u16(), problem.code.as_str()), (500, "internal"));
        assert_eq!((problem.request_id.as_str(), problem.instance.as_str()), ("r-1", "/crash"));
        assert!(!body.contains("as the test wants"), "{body}");
        let log = written.lines();
        let line = log.iter().find(|line| line["error"] == "as the test wants").expect("the panic is logged");
        assert_eq!((&line["level"], &line["span"]["request.id"]), (&"ERROR".into(), &"r-1".into()));
        assert!(recorder.handle().render().contains(r#"http_response_status_code="500""#));
    }

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
