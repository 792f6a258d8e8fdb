//! The project's own rules, as data with their reasons. What rustc and clippy can check is left to them.

mod alerts;
mod manifest;
mod migrations;
mod shape;
mod source;

use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::paths::root;

/// A rule that is broken somewhere.
#[derive(Debug, PartialEq, Eq)]
pub struct Violation {
    pub file: PathBuf,
    pub line: Option<usize>,
    pub what: String,
    pub reason: &'static str,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        write!(f, ": {}. {}", self.what, self.reason)
    }
}

/// Checks the whole work tree.
pub fn check() -> Result<Vec<Violation>> {
    let mut files = Vec::new();
    walk(root(), &mut files)?;
    files.sort();
    let mut violations = Vec::new();
    for file in &files {
        let path = file.strip_prefix(root()).unwrap_or(file);
        let read = || std::fs::read_to_string(file).with_context(|| format!("reading {}", path.display()));
        match path.extension().and_then(|ending| ending.to_str()) {
            Some("rs") => violations.extend(source::check_rust(path, &read()?)),
            Some("sql") => {
                let text = read()?;
                violations.extend(source::check_length(path, &text));
                violations.extend(migrations::check(path, &text));
            }
            Some("yml" | "yaml" | "conf") => violations.extend(source::check_deployment(path, &read()?)),
            Some("toml") if is_member_manifest(path) => violations.extend(manifest::check(path, &read()?)?),
            _ => {}
        }
    }
    violations.extend(shape::check());
    violations.extend(alerts::check());
    Ok(violations)
}

fn is_member_manifest(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == "Cargo.toml") && path.components().count() > 1
}

/// All files but what git ignores.
fn walk(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in std::fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with('.') || name == "target" || name == "node_modules" {
            continue;
        }
        match entry.file_type()? {
            kind if kind.is_dir() => walk(&entry.path(), files)?,
            kind if kind.is_file() => files.push(entry.path()),
            _ => {}
        }
    }
    Ok(())
}
