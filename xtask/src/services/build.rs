//! Builds the programs of the system with cargo, whose own progress is shown.

use std::path::PathBuf;
use std::sync::OnceLock;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use super::{GATEWAY, GATEWAY_BINARY, gateway_is_present, present};
use crate::install;
use crate::run;
use crate::ui::Task;

#[derive(Deserialize)]
struct Metadata {
    target_directory: PathBuf,
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
}

/// Builds every service and the gateway's agent that are in this work tree.
pub fn build_system(release: bool) -> Result<()> {
    install::build_tools(&Task::begin("build tools"))?;
    let mut packages: Vec<&str> = present().iter().map(|service| service.name).collect();
    packages.extend(gateway_is_present().then_some(GATEWAY));
    ensure!(!packages.is_empty(), "there is no service to build in this work tree");
    let mut cargo = run::cargo();
    cargo.arg("build").args(release.then_some("--release"));
    cargo.args(packages.iter().flat_map(|package| ["--package", package]));
    run::openly(&mut cargo)
}

/// The program of a package that was built before.
pub fn built_binary(package: &str, release: bool) -> Result<PathBuf> {
    let profile = if release { "release" } else { "debug" };
    let name = if package == GATEWAY { GATEWAY_BINARY } else { package };
    let program = metadata()?.target_directory.join(profile).join(name);
    ensure!(program.is_file(), "{} is not built", program.display());
    Ok(program)
}

/// Whether the workspace has a package of that name.
pub fn has_package(name: &str) -> Result<bool> {
    Ok(metadata()?.packages.iter().any(|package| package.name == name))
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
