use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde_json::Value;
use similar::TextDiff;

use crate::services::{self, Service, built_binary};
use crate::{paths, run, ui};

mod compatibility;
mod protobuf;

/// Writes the JSON Schema and the Protobuf contract of every event to `events/` in its service's folder
///
/// Consumers read old and new events alike, in any order of upgrading. So a change that takes something away from
/// them isn't written: it needs an event type of another name.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Write nothing; show the difference and fail when there is one
    #[arg(long)]
    check: bool,
}

/// What a service's program says about one of its events.
#[derive(Debug, Deserialize)]
struct Event {
    #[serde(rename = "type")]
    kind: String,
    topic: String,
    schema: Value,
}

pub fn run(args: &Args) -> Result<()> {
    services::build_system(false)?;
    if args.check { check() } else { services::present().iter().try_for_each(write) }
}

/// Compares the committed schemas with those of the programs that were built last.
pub fn check() -> Result<()> {
    let mut differing = Vec::new();
    for service in services::present() {
        let (schemas, current) = (committed(&service)?, current(&service)?);
        let contracts = contracts(&current)?;
        refuse_breaking(&service, &schemas, &current, &contracts)?;
        let (before, now) = (texts(&service)?, generated(&current, contracts));
        for file in before.keys().chain(now.keys().filter(|file| !before.contains_key(*file))) {
            let text = |files: &BTreeMap<PathBuf, String>| files.get(file).cloned().unwrap_or_default();
            let (before, now) = (text(&before), text(&now));
            if before != now {
                let name = file.strip_prefix(paths::root()).unwrap_or(file).display().to_string();
                let diff = TextDiff::from_lines(&before, &now);
                ui::say(diff.unified_diff().header(&format!("committed {name}"), "generated").to_string());
                differing.push(name);
            }
        }
    }
    match differing.is_empty() {
        true => Ok(()),
        false => bail!("events have changed ({}): run `cargo xtask events`", differing.join(", ")),
    }
}

fn write(service: &Service) -> Result<()> {
    let (committed, current) = (committed(service)?, current(service)?);
    let contracts = contracts(&current)?;
    refuse_breaking(service, &committed, &current, &contracts)?;
    for (file, text) in generated(&current, contracts) {
        fs::create_dir_all(file.parent().unwrap_or(&file))?;
        fs::write(&file, text).with_context(|| format!("writing {}", file.display()))?;
        ui::note(format!("  ✓ {}", file.strip_prefix(paths::root()).unwrap_or(&file).display()));
    }
    Ok(())
}

/// The Protobuf contracts of these schemas.
fn contracts(schemas: &BTreeMap<PathBuf, Value>) -> Result<BTreeMap<PathBuf, String>> {
    schemas.iter().map(|(file, schema)| Ok((file.clone(), protobuf::generate(file, schema)?))).collect()
}

/// All files, with what belongs into them.
fn generated(
    schemas: &BTreeMap<PathBuf, Value>,
    contracts: BTreeMap<PathBuf, String>,
) -> BTreeMap<PathBuf, String> {
    let contracts = contracts.into_iter().map(|(file, text)| (protobuf::file_of(&file), text));
    schemas.iter().map(|(file, schema)| (file.clone(), pretty(schema))).chain(contracts).collect()
}

fn refuse_breaking(
    service: &Service,
    committed: &BTreeMap<PathBuf, Value>,
    current: &BTreeMap<PathBuf, Value>,
    contracts: &BTreeMap<PathBuf, String>,
) -> Result<()> {
    let mut broken = Vec::new();
    for (file, contract) in contracts {
        broken.extend(protobuf::broken(file, contract)?);
    }
    for (file, before) in committed {
        let name = file.file_stem().unwrap_or_default().to_string_lossy();
        match current.get(file) {
            None => broken.push(format!("{name} is no longer published")),
            Some(now) => broken
                .extend(compatibility::broken(before, now).into_iter().map(|what| format!("{name}: {what}"))),
        }
    }
    match broken.is_empty() {
        true => Ok(()),
        false => bail!(
            "consumers of {} that were written before can't read its events any more:\n  {}\n\
             Publish the change under a new type, beside the old one, until nobody reads that.",
            service.name,
            broken.join("\n  ")
        ),
    }
}

fn folder(service: &Service) -> PathBuf {
    service.folder().join("events")
}

fn committed(service: &Service) -> Result<BTreeMap<PathBuf, Value>> {
    let schemas = texts(service)?;
    let schemas = schemas.into_iter().filter(|(file, _)| file.extension().is_some_and(|it| it == "json"));
    schemas
        .map(|(file, text)| {
            let schema = serde_json::from_str(&text);
            let schema = schema.with_context(|| format!("{} is no JSON", file.display()))?;
            Ok((file, schema))
        })
        .collect()
}

/// What is in the service's folder of events.
fn texts(service: &Service) -> Result<BTreeMap<PathBuf, String>> {
    let Ok(entries) = fs::read_dir(folder(service)) else { return Ok(BTreeMap::new()) };
    entries
        .map(|entry| {
            let file = entry?.path();
            let text = fs::read_to_string(&file)?;
            Ok((file, text))
        })
        .collect()
}

/// The program needs no server for that, and no settings.
fn current(service: &Service) -> Result<BTreeMap<PathBuf, Value>> {
    let program = built_binary(service.name, false)?;
    let printed = run::quietly(Command::new(program).arg("--events").current_dir(service.folder()))?;
    let events: Vec<Event> = serde_json::from_str(&printed)
        .with_context(|| format!("`{} --events` printed no list of events", service.name))?;
    let file = |event: Event| {
        let mut schema = event.schema;
        // Where it travels belongs to the contract, too.
        schema["x-topic"] = event.topic.into();
        (folder(service).join(format!("{}.json", event.kind)), schema)
    };
    Ok(events.into_iter().map(file).collect())
}

fn pretty(schema: &Value) -> String {
    format!("{schema:#}\n")
}
