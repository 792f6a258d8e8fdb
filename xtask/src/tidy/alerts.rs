//! Whoever is called at night finds the alert in the manual, and it has been seen to fire.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::Violation;
use crate::paths::root;

const ALERTS: &str = "deploy/prometheus/alerts.yml";
const MANUAL: &str = "docs/OPERATIONS.md";
const TESTS: &str = "deploy/prometheus/alerts.test.yml";

pub fn check() -> Vec<Violation> {
    let read = |file| std::fs::read_to_string(root().join(file)).unwrap_or_default();
    let alerts = read(ALERTS);
    if alerts.is_empty() { Vec::new() } else { compare(&alerts, &read(MANUAL), &read(TESTS)) }
}

fn compare(alerts: &str, manual: &str, tests: &str) -> Vec<Violation> {
    let alerts: BTreeSet<&str> =
        alerts.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect();
    let explained = |name: &str| manual.lines().any(|line| line.starts_with(&format!("| `{name}` |")));
    let tested = |name: &str| tests.contains(&format!("alertname=\"{name}\""));
    let violation = |what: String, reason: &'static str| Violation {
        file: PathBuf::from(ALERTS),
        line: None,
        what,
        reason,
    };
    let mut found = Vec::new();
    for name in alerts {
        if !explained(name) {
            let reason = "docs/OPERATIONS.md says of every alert what it means and what to do";
            found.push(violation(format!("nothing explains `{name}`"), reason));
        }
        if !tested(name) {
            let reason = "deploy/prometheus/alerts.test.yml shows of every alert when it fires";
            found.push(violation(format!("nothing tests `{name}`"), reason));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alert_that_nobody_explains_or_tests_is_found() {
        let alerts = "rules:\n  - alert: A\n    expr: up\n  - alert: B\n";
        let (manual, tests) = ("| `A` | x |\n`B`", "labels: '{alertname=\"B\"}'");
        let found: Vec<_> = compare(alerts, manual, tests).into_iter().map(|it| it.what).collect();
        assert_eq!(found, ["nothing tests `A`", "nothing explains `B`"]);
    }
}
