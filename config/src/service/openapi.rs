//! The OpenAPI document, made without starting anything.

use std::collections::BTreeMap;
use std::marker::PhantomData;

use poem::endpoint::BoxEndpoint;
use poem::http::Method;
use poem_openapi::registry::{MetaApi, Registry};
use poem_openapi::{OpenApi, OpenApiService};

use super::Service;

/// An API's description without its handlers.
struct Described<A>(PhantomData<A>);

impl<A: OpenApi> OpenApi for Described<A> {
    fn meta() -> Vec<MetaApi> {
        A::meta()
    }

    fn register(registry: &mut Registry) {
        A::register(registry);
    }

    fn add_routes(
        self,
        _: &mut std::collections::HashMap<String, std::collections::HashMap<Method, BoxEndpoint<'static>>>,
    ) {
    }
}

/// The document, indented and with sorted members, so that its changes are readable.
pub(super) fn document<S: Service>() -> Result<String, serde_json::Error> {
    let service = described::<S, _>(Described::<S::Api>(PhantomData));
    let document: BTreeMap<String, serde_json::Value> = serde_json::from_str(&service.spec())?;
    serde_json::to_string_pretty(&document).map(|text| text + "\n")
}

pub(super) fn described<S: Service, A: OpenApi>(api: A) -> OpenApiService<A, ()> {
    OpenApiService::new(api, S::NAME, S::VERSION)
}

/// The methods of each path, for 405 answers.
pub(super) struct Methods(matchit::Router<String>);

impl Methods {
    pub fn of<A: OpenApi>() -> Self {
        let mut paths: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for path in A::meta().into_iter().flat_map(|api| api.paths) {
            let methods = path.operations.iter().map(|operation| operation.method.to_string());
            paths.entry(path.path).or_default().extend(methods);
        }
        let mut router = matchit::Router::new();
        for (path, mut methods) in paths {
            methods.sort();
            // Two spellings of one path that the router can't tell apart cost only the header's completeness.
            let _ = router.insert(path, methods.join(", "));
        }
        Self(router)
    }

    pub fn at(&self, path: &str) -> Option<String> {
        self.0.at(path).ok().map(|found| found.value.clone())
    }
}
