//! Every service has the same folders, so that whoever knows one knows all.

use std::path::Path;

use super::Violation;
use crate::paths::root;
use crate::services::{self, Service};

const SHAPE: [&str; 10] = [
    "Cargo.toml",
    "openapi.json",
    "src/main.rs",
    "src/lib.rs",
    "src/domain",
    "src/application/ports.rs",
    "src/application/error.rs",
    "src/infrastructure",
    "src/presentation",
    "tests",
];

const REASON: &str = "Every service has the same shape: docs/ARCHITECTURE.md draws it";

pub fn check() -> Vec<Violation> {
    let known = services::present();
    let mut violations: Vec<Violation> =
        known.iter().flat_map(|service| check_folder(service, &service.folder())).collect();
    let folders = std::fs::read_dir(root().join("services")).into_iter().flatten().flatten();
    for folder in folders.map(|entry| entry.path()).filter(|folder| folder.is_dir()) {
        if !services::ALL.iter().any(|service| service.folder() == folder) {
            let what = "xtask doesn't know this service, so nothing starts it".to_owned();
            violations.push(violation(&folder, what, "Add it to the table in xtask/src/services"));
        }
    }
    violations
}

fn check_folder(service: &Service, folder: &Path) -> Vec<Violation> {
    let migrations = service.has_schema.then_some("migrations");
    let missing = SHAPE.into_iter().chain(migrations).filter(|part| !folder.join(part).exists());
    missing.map(|part| violation(folder, format!("`{part}` is missing"), REASON)).collect()
}

fn violation(folder: &Path, what: String, reason: &'static str) -> Violation {
    Violation { file: folder.strip_prefix(root()).unwrap_or(folder).to_owned(), line: None, what, reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_missing_part_is_named() {
        let folder = std::env::temp_dir().join(format!("xtask-shape-{}", std::process::id()));
        let service = services::ALL[1];
        for part in SHAPE {
            std::fs::create_dir_all(folder.join(part)).unwrap();
        }
        let missing = |service: &Service| {
            check_folder(service, &folder).into_iter().map(|it| it.what).collect::<Vec<_>>()
        };
        assert_eq!(missing(&service), ["`migrations` is missing"]);
        assert!(missing(&Service { has_schema: false, ..service }).is_empty());
        std::fs::remove_dir_all(&folder).unwrap();
        assert_eq!(missing(&service).len(), SHAPE.len() + 1);
    }
}
