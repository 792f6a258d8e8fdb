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
            paths.entry(numbered(&path.path)).or_default().extend(methods);
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

/// The path with its parameters numbered: one method's `{id}` is another's `{user_id}`, and the router holds a path once.
fn numbered(path: &str) -> String {
    let parts = path.split('/').enumerate();
    let parts = parts.map(|(n, part)| match part.starts_with('{') {
        true => format!("{{p{n}}}"),
        false => part.to_owned(),
    });
    parts.collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Letters;

    #[OpenApi]
    impl Letters {
        #[oai(path = "/letters/:user_id", method = "get")]
        async fn of_user(&self, user_id: poem_openapi::param::Path<i64>) {
            let _ = user_id;
        }

        #[oai(path = "/letters/:id", method = "delete")]
        async fn burn(&self, id: poem_openapi::param::Path<i64>) {
            let _ = id;
        }

        #[oai(path = "/letters/:letter/pages", method = "get")]
        async fn pages(&self, letter: poem_openapi::param::Path<i64>) {
            let _ = letter;
        }
    }

    #[test]
    fn a_path_has_all_its_methods_whatever_they_call_its_parameters() {
        let methods = Methods::of::<Letters>();
        assert_eq!(methods.at("/letters/7").as_deref(), Some("DELETE, GET"));
        assert_eq!(methods.at("/letters/7/pages").as_deref(), Some("GET"));
        assert_eq!(methods.at("/letters"), None);
    }
}
