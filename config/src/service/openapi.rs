//! The OpenAPI document, made without starting anything.

use std::collections::BTreeMap;
use std::marker::PhantomData;

use poem::endpoint::BoxEndpoint;
use poem::http::Method;
use poem_openapi::registry::{MetaApi, Registry};
use poem_openapi::{OpenApi, OpenApiService};
use serde_json::{Value, json};

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
    let mut document: BTreeMap<String, Value> = serde_json::from_str(&service.spec())?;
    if let Some(Value::Object(schemas)) =
        document.get_mut("components").and_then(|parts| parts.get_mut("schemas"))
    {
        schemas.values_mut().for_each(tell_nulls);
    }
    serde_json::to_string_pretty(&document).map(|text| text + "\n")
}

/// The page that shows it. It is made when somebody reads it: it carries its own program, 1.6 MB that no service is to
/// keep in memory for that.
pub(super) fn page<S: Service>() -> String {
    described::<S, _>(Described::<S::Api>(PhantomData)).swagger_ui_html()
}

/// Says that what an object needn't have may be null: poem-openapi reads and writes a missing member so, and tells
/// only that it may be missing.
fn tell_nulls(schema: &mut Value) {
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    let members = schema.get_mut("properties").and_then(Value::as_object_mut);
    for (name, member) in members.into_iter().flatten() {
        if required.iter().any(|it| it == name) || member.get("default").is_some() {
            continue;
        }
        // Beside a reference nothing else counts.
        if member.get("$ref").is_some() {
            *member = json!({ "allOf": [member.take()] });
        }
        if member.get("type").is_some() || member.get("allOf").is_some() {
            member["nullable"] = true.into();
        }
    }
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

    #[test]
    fn what_may_be_missing_may_be_null() {
        let mut schema = json!({
            "type": "object",
            "required": ["id"],
            "properties": {
                "id": { "type": "string" },
                "note": { "type": "string" },
                "place": { "$ref": "#/components/schemas/Place" },
                "shown": { "type": "boolean", "default": true },
                "anything": {},
            },
        });
        tell_nulls(&mut schema);
        assert_eq!(
            schema["properties"],
            json!({
                "id": { "type": "string" },
                "note": { "type": "string", "nullable": true },
                "place": { "allOf": [{ "$ref": "#/components/schemas/Place" }], "nullable": true },
                "shown": { "type": "boolean", "default": true },
                "anything": {},
            })
        );
    }

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
