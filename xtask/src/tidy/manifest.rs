//! Rules about the members' `Cargo.toml` files.

use std::path::Path;

use anyhow::{Context, Result};
use toml::{Table, Value};

use super::Violation;

const SECTIONS: [&str; 3] = ["dependencies", "dev-dependencies", "build-dependencies"];

/// `path` is relative to the root of the work tree.
pub fn check(path: &Path, text: &str) -> Result<Vec<Violation>> {
    let manifest: Table = text.parse().with_context(|| format!("reading {}", path.display()))?;
    let mut violations = dependencies(path, &manifest);
    let targets = manifest.get("target").and_then(Value::as_table).into_iter().flat_map(Table::values);
    for target in targets.filter_map(Value::as_table) {
        violations.extend(dependencies(path, target));
    }
    let inherits_lints =
        manifest.get("lints").and_then(|lints| lints.get("workspace")).and_then(Value::as_bool);
    if inherits_lints != Some(true) {
        violations.push(Violation {
            file: path.to_owned(),
            line: None,
            what: "no `[lints] workspace = true`".to_owned(),
            reason: "The lints stand in the root Cargo.toml, once",
        });
    }
    Ok(violations)
}

fn dependencies(path: &Path, manifest: &Table) -> Vec<Violation> {
    let sections = SECTIONS.iter().filter_map(|section| manifest.get(*section)?.as_table());
    let own = sections.flatten().filter(|(_, dependency)| !is_inherited(dependency));
    let violation = |(name, _)| Violation {
        file: path.to_owned(),
        line: None,
        what: format!("`{name}` is not taken from the workspace"),
        reason: "Versions stand in the root Cargo.toml, once: write `workspace = true`",
    };
    own.map(violation).collect()
}

fn is_inherited(dependency: &Value) -> bool {
    dependency.get("workspace").and_then(Value::as_bool) == Some(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINTS: &str = "[lints]\nworkspace = true\n";

    fn found(text: &str) -> usize {
        check(Path::new("config/Cargo.toml"), text).unwrap().len()
    }

    #[test]
    fn versions_outside_the_workspace_are_found() {
        assert_eq!(found(&format!("{LINTS}[dependencies]\nserde = \"1\"")), 1);
        assert_eq!(
            found(&format!("{LINTS}[dev-dependencies]\nserde = {{ version = \"1\", features = [] }}")),
            1
        );
        assert_eq!(found(&format!("{LINTS}[target.'cfg(unix)'.dependencies]\nnix = \"1\"")), 1);
        assert_eq!(found(&format!("{LINTS}[dependencies]\nserde.workspace = true")), 0);
        assert_eq!(
            found(&format!("{LINTS}[dependencies]\nserde = {{ workspace = true, features = [\"rc\"] }}")),
            0
        );
    }

    #[test]
    fn missing_lints_are_found() {
        assert_eq!(found("[package]\nname = \"config\""), 1);
    }
}
