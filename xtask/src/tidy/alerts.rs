//! Whoever is called at night finds the alert in the manual.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::Violation;
use crate::paths::root;

const ALERTS: &str = "deploy/prometheus/alerts.yml";
const MANUAL: &str = "docs/OPERATIONS.md";

pub fn check() -> Vec<Violation> {
    let read = |file| std::fs::read_to_string(root().join(file)).unwrap_or_default();
    let alerts = read(ALERTS);
    if alerts.is_empty() { Vec::new() } else { compare(&alerts, &read(MANUAL)) }
}

fn compare(alerts: &str, manual: &str) -> Vec<Violation> {
    let alerts: BTreeSet<&str> =
        alerts.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect();
    let explained = |name: &&str| manual.lines().any(|line| line.starts_with(&format!("| `{name}` |")));
    let violation = |name: &str| Violation {
        file: PathBuf::from(ALERTS),
        line: None,
        what: format!("nothing explains `{name}`"),
        reason: "docs/OPERATIONS.md says of every alert what it means and what to do",
    };
    alerts.into_iter().filter(|name| !explained(name)).map(violation).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alert_that_nobody_explains_is_found() {
        let alerts = "rules:\n  - alert: A\n    expr: up\n  - alert: B\n";
        let found: Vec<_> = compare(alerts, "| `A` | x |\n`B`").into_iter().map(|it| it.what).collect();
        assert_eq!(found, ["nothing explains `B`"]);
    }
}
