//! Builds the programs of the system with cargo, whose own progress is shown.

use std::path::PathBuf;
use std::sync::OnceLock;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use super::{GATEWAY, GATEWAY_BINARY};
use crate::install;
use crate::run;
use crate::ui::Task;

#[derive(Deserialize)]
struct Metadata {
    target_directory: PathBuf,
}

/// Builds every program of the workspace. Always the whole of it: cargo would build a library anew for each set of
/// packages that wants other features of it. Only release programs are built without what the tests ask for.
pub fn build_system(release: bool) -> Result<()> {
    install::build_tools(&Task::begin("build tools"))?;
    let mut cargo = run::cargo();
    cargo.args(["build", "--workspace", "--bins"]);
    if release {
        cargo.args(["--release", "--exclude", "system-tests"]);
    }
    run::openly(&mut cargo)
}

/// A program that was built before, by the name of its package.
pub fn built_binary(package: &str, release: bool) -> Result<PathBuf> {
    let profile = if release { "release" } else { "debug" };
    let name = if package == GATEWAY { GATEWAY_BINARY } else { package };
    let program = metadata()?.target_directory.join(profile).join(name);
    ensure!(program.is_file(), "{} is not built", program.display());
    Ok(program)
}

fn metadata() -> Result<&'static Metadata> {
    static METADATA: OnceLock<Metadata> = OnceLock::new();
    if let Some(known) = METADATA.get() {
        return Ok(known);
    }
    let text = run::quietly(run::cargo().args(["metadata", "--no-deps", "--format-version", "1"]))?;
    let read = serde_json::from_str(&text).context("reading cargo's metadata")?;
    Ok(METADATA.get_or_init(|| read))
}
