use std::fs;
use std::process::Command;

use anyhow::{Context, Result, bail};
use similar::TextDiff;

use crate::services::{self, Service, built_binary};
use crate::{paths, run, ui};

/// Writes each service's OpenAPI document to its folder, so that a change of an API is a visible diff
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Write nothing; show the difference and fail when there is one
    #[arg(long)]
    check: bool,
}

pub fn run(args: &Args) -> Result<()> {
    services::build_system(false)?;
    if args.check { check() } else { services::present().iter().try_for_each(write) }
}

/// Compares the committed documents with those of the programs that were built last.
pub fn check() -> Result<()> {
    let mut differing = Vec::new();
    for service in services::present() {
        let document = document(&service)?;
        let committed = fs::read_to_string(service.folder().join("openapi.json")).unwrap_or_default();
        if committed != document {
            let diff = TextDiff::from_lines(&committed, &document);
            let name = format!("{}/openapi.json", service.name);
            ui::say(
                diff.unified_diff()
                    .header(&format!("committed {name}"), &format!("generated {name}"))
                    .to_string(),
            );
            differing.push(service.name);
        }
    }
    if differing.is_empty() {
        return Ok(());
    }
    bail!(
        "the APIs of {} have changed: look at the diff, then run `cargo xtask openapi`",
        differing.join(", ")
    );
}

fn write(service: &Service) -> Result<()> {
    let file = service.folder().join("openapi.json");
    fs::write(&file, document(service)?).with_context(|| format!("writing {}", file.display()))?;
    ui::note(format!("  ✓ {}", file.strip_prefix(paths::root()).unwrap_or(&file).display()));
    Ok(())
}

/// What the service's program says about its API. It needs no server for that, and no settings.
fn document(service: &Service) -> Result<String> {
    let program = built_binary(service.name, false)?;
    let printed = run::quietly(Command::new(program).arg("--openapi").current_dir(service.folder()))?;
    serde_json::from_str::<serde::de::IgnoredAny>(&printed)
        .with_context(|| format!("`{} --openapi` printed no JSON", service.name))?;
    Ok(format!("{}\n", printed.trim_end()))
}
