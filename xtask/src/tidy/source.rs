//! Rules about what stands in a source file.

use std::path::Path;

use proc_macro2::{Ident, Span, TokenStream, TokenTree};

use super::Violation;

const MAX_LINES: usize = 500;

/// Names that a layer of a service must not know: crates of the outside, and other layers.
struct LayerRule {
    layer: &'static str,
    forbidden: &'static [&'static str],
    reason: &'static str,
}

const LAYERS: [LayerRule; 6] = [
    LayerRule {
        layer: "domain",
        forbidden: &[
            "sqlx",
            "mongodb",
            "bson",
            "redis",
            "rdkafka",
            "reqwest",
            "poem",
            "poem_openapi",
            "schemars",
            "serde",
            "serde_json",
        ],
        reason: "The domain is pure: it knows neither storage, nor transport, nor a serialized form",
    },
    LayerRule {
        layer: "application",
        forbidden: &["sqlx", "mongodb", "bson", "redis", "rdkafka", "reqwest", "poem", "poem_openapi"],
        reason: "Use cases speak to the outside through ports; the adapters are in `infrastructure`",
    },
    LayerRule {
        layer: "domain",
        forbidden: &["application", "infrastructure", "presentation"],
        reason: INWARDS,
    },
    LayerRule { layer: "application", forbidden: &["infrastructure", "presentation"], reason: INWARDS },
    LayerRule { layer: "infrastructure", forbidden: &["presentation"], reason: APART },
    LayerRule { layer: "presentation", forbidden: &["infrastructure"], reason: APART },
];

const INWARDS: &str = "Dependencies point inwards: `presentation` and `infrastructure` know `application`, which knows \
                       `domain`, which knows nobody";
const APART: &str =
    "`presentation` and `infrastructure` meet in `lib.rs`; what one needs of the other is a port";

/// A service's address in a service's code. Ports 80xx are those on which services listen by default.
const ADDRESSES: [&str; 3] = ["localhost:80", "127.0.0.1:80", "0.0.0.0:80"];
/// The same as containers spell it.
const BY_NAME: &str = "-service:80";
/// The one that everybody has to be told.
const REGISTRY: &str = "discovery-service:8000";

/// All rules about Rust files. `path` is relative to the root of the work tree.
pub fn check_rust(path: &Path, text: &str) -> Vec<Violation> {
    let mut violations = check_length(path, text);
    let rules = layer(path).map(|layer| LAYERS.iter().filter(move |rule| rule.layer == layer));
    let rules: Vec<&LayerRule> = rules.into_iter().flatten().collect();
    match text.parse::<TokenStream>() {
        Ok(tokens) => check_tokens(path, tokens, &rules, &mut violations),
        Err(error) => violations.push(violation(path, error.span(), error.to_string(), "It must be Rust")),
    }
    if knows_no_addresses(path) {
        let is_address = |line: &str| ADDRESSES.iter().any(|address| line.contains(address));
        violations.extend(check_addresses(path, text, |line| is_address(line) || is_by_name(line)));
    }
    violations
}

/// What Nginx, Compose and Kubernetes are told: they publish ports, but send nobody to a service.
pub fn check_deployment(path: &Path, text: &str) -> Vec<Violation> {
    check_addresses(path, text, is_by_name)
}

pub fn check_length(path: &Path, text: &str) -> Vec<Violation> {
    let lines = text.lines().count();
    let too_long = lines > MAX_LINES;
    let violation = || Violation {
        file: path.to_owned(),
        line: None,
        what: format!("{lines} lines, {MAX_LINES} are allowed"),
        reason: "A file that needs scrolling to understand is two files",
    };
    too_long.then(violation).into_iter().collect()
}

/// Tokens, not text: a comment or a string may name anything.
fn check_tokens(path: &Path, tokens: TokenStream, rules: &[&LayerRule], violations: &mut Vec<Violation>) {
    let mut after_hash = false;
    for token in tokens {
        let is_attribute = std::mem::take(&mut after_hash);
        match token {
            TokenTree::Ident(name) => violations.extend(check_name(path, &name, rules)),
            TokenTree::Punct(mark) => {
                after_hash = mark.as_char() == '#' || (is_attribute && mark.as_char() == '!');
            }
            TokenTree::Group(group) => {
                if is_attribute && starts_with_allow(group.stream()) {
                    let what = "`#[allow(…)]`".to_owned();
                    let reason =
                        "Use `#[expect(…, reason = \"…\")]`, which says why and fails when it is needless";
                    violations.push(violation(path, group.span_open(), what, reason));
                }
                check_tokens(path, group.stream(), rules, violations);
            }
            TokenTree::Literal(_) => {}
        }
    }
}

fn check_name(path: &Path, name: &Ident, rules: &[&LayerRule]) -> Option<Violation> {
    let broken = rules.iter().find(|rule| rule.forbidden.iter().any(|forbidden| name == forbidden))?;
    Some(violation(path, name.span(), format!("`{}` names `{name}`", broken.layer), broken.reason))
}

fn starts_with_allow(attribute: TokenStream) -> bool {
    matches!(attribute.into_iter().next(), Some(TokenTree::Ident(name)) if name == "allow")
}

fn is_by_name(line: &str) -> bool {
    line.replace(REGISTRY, "").contains(BY_NAME)
}

fn check_addresses(path: &Path, text: &str, is_address: impl Fn(&str) -> bool) -> Vec<Violation> {
    let found = text.lines().enumerate().filter(|(_, line)| is_address(line));
    let violation = |(index, _)| Violation {
        file: path.to_owned(),
        line: Some(index + 1),
        what: "a service's address".to_owned(),
        reason: "Only the registry knows where a service is: resolve it by name",
    };
    found.map(violation).collect()
}

/// The layer of a file in `…/src/<layer>/…` or `…/src/<layer>.rs`.
fn layer(path: &Path) -> Option<&str> {
    let mut parts = path.iter().skip_while(|part| *part != "src").skip(1);
    parts.next()?.to_str().map(|part| part.trim_end_matches(".rs"))
}

fn knows_no_addresses(path: &Path) -> bool {
    let is_ours = ["services", "discovery-service", "config"].iter().any(|folder| path.starts_with(folder));
    is_ours && path.iter().any(|part| part == "src")
}

fn violation(path: &Path, span: Span, what: String, reason: &'static str) -> Violation {
    Violation { file: path.to_owned(), line: Some(span.start().line), what, reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> Vec<(usize, String)> {
        let violations = check_rust(Path::new(path), text);
        violations.into_iter().map(|it| (it.line.unwrap_or(0), it.what)).collect()
    }

    const DOMAIN: &str = "services/tax-service/src/domain/rate.rs";
    const APPLICATION: &str = "services/tax-service/src/application/quote.rs";

    #[test]
    fn the_domain_names_no_crate_of_the_outside() {
        assert_eq!(found(DOMAIN, "\nuse sqlx::Row;"), [(2, "`domain` names `sqlx`".to_owned())]);
        assert_eq!(found(DOMAIN, "fn f() { g(|| { serde_json::json!({}) }) }").len(), 1);
        assert_eq!(found(DOMAIN, "#[derive(serde::Serialize)] struct Rate;").len(), 1);
        assert_eq!(found("services/tax-service/src/domain.rs", "use redis as store;").len(), 1);
    }

    #[test]
    fn comments_and_strings_may_name_anything() {
        assert!(
            found(DOMAIN, "// sqlx\n/* redis */ /// poem\nconst A: &str = \"mongodb #[allow(x)]\";")
                .is_empty()
        );
        assert!(found(DOMAIN, "use deserted::Place;").is_empty());
    }

    #[test]
    fn the_application_may_serialize_but_not_speak_to_servers() {
        assert!(found(APPLICATION, "use serde::Serialize;").is_empty());
        assert_eq!(found(APPLICATION, "use reqwest::Client;").len(), 1);
        assert!(found("services/tax-service/src/infrastructure/mysql.rs", "use sqlx::Row;").is_empty());
    }

    #[test]
    fn layers_know_those_inside_of_them_alone() {
        let layers = ["domain", "application", "infrastructure", "presentation"];
        let known: [(&str, &[&str]); 4] = [
            ("domain", &[]),
            ("application", &["domain"]),
            ("infrastructure", &["domain", "application"]),
            ("presentation", &["domain", "application"]),
        ];
        for (layer, known) in known {
            let file = format!("services/tax-service/src/{layer}/rates.rs");
            for other in layers.into_iter().filter(|other| *other != layer) {
                let expected = match known.contains(&other) {
                    true => Vec::new(),
                    false => vec![(1, format!("`{layer}` names `{other}`"))],
                };
                assert_eq!(found(&file, &format!("use crate::{other}::Rates;")), expected);
                assert_eq!(found(&file, &format!("use crate::{{{other}::{{Rates, Row}}}};")), expected);
            }
        }
        let wiring = "mod infrastructure;\npub mod presentation;\nuse infrastructure::Rates;";
        assert!(found("services/tax-service/src/lib.rs", wiring).is_empty());
    }

    #[test]
    fn allow_is_found_wherever_it_hides() {
        assert_eq!(found("config/src/a.rs", "#![allow(dead_code)]").len(), 1);
        assert_eq!(found("config/src/a.rs", "mod a { #[allow(\n dead_code)] fn f() {} }").len(), 1);
        assert!(
            found("config/src/a.rs", "#[expect(dead_code, reason = \"…\")] fn allow() { allow() }")
                .is_empty()
        );
    }

    #[test]
    fn addresses_of_services_are_found() {
        let address = "const A: &str = \"http://localhost:8003\";";
        assert_eq!(found("config/src/a.rs", address).len(), 1);
        assert_eq!(found("services/tax-service/src/lib.rs", "const A: &str = \"127.0.0.1:8012\";").len(), 1);
        assert!(found("services/tax-service/tests/api.rs", address).is_empty());
        assert!(found("config/src/a.rs", "const A: &str = \"localhost:3306\";").is_empty());
        assert_eq!(found("config/src/a.rs", "const A: &str = \"http://tax-service:8012\";").len(), 1);
    }

    #[test]
    fn containers_are_told_where_the_registry_is_and_nobody_else() {
        let found = |text: &str| check_deployment(Path::new("docker-compose.yml"), text).len();
        assert_eq!(found("  TAX_URL: http://tax-service:8012\n  server order-service:8003;"), 2);
        let published = "  ports: [\"127.0.0.1:8012:8012\"]\n  tax-service:\n  image: shop/tax-service:0.8";
        assert_eq!(found(&format!("  DISCOVERY_URL: http://discovery-service:8000\n{published}")), 0);
    }

    #[test]
    fn long_files_are_found() {
        assert_eq!(found("config/src/a.rs", &"\n".repeat(501)).len(), 1);
        assert!(found("config/src/a.rs", &"\n".repeat(500)).is_empty());
    }
}
