//! The contract of an event in Protobuf, beside its JSON Schema and made from it.
//!
//! The committed file is where the numbers of the fields come from: a member keeps the one it has, a new one gets
//! the next.

mod contract;
mod history;
mod print;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::Value;

use contract::Message;

/// Beside the schema.
pub fn file_of(schema: &Path) -> PathBuf {
    schema.with_extension("proto")
}

/// The contract that the schema makes, with the numbers that are committed.
pub fn generate(schema_file: &Path, schema: &Value) -> Result<String> {
    let file = file_of(schema_file);
    let kind = schema_file.file_stem().unwrap_or_default().to_string_lossy();
    let committed = fs::read_to_string(&file).ok().map(|text| parse(&file, &text)).transpose()?;
    let message = Message::of_event(&kind, schema, committed.as_ref())
        .with_context(|| format!("{kind} can't be told in Protobuf"))?;
    Ok(print::file(&kind, &message))
}

/// Each promise of a committed version that `now` no longer keeps.
pub fn broken(schema_file: &Path, now: &str) -> Result<Vec<String>> {
    let file = file_of(schema_file);
    let contract = parse(&file, now)?;
    let committed = fs::read_to_string(&file).ok();
    let mut broken = Vec::new();
    for before in history::versions(&file)?.into_iter().chain(committed) {
        broken.extend(contract.broken_since(&parse(&file, &before)?));
    }
    broken.sort();
    broken.dedup();
    Ok(broken)
}

/// The message of a contract's text.
fn parse(file: &Path, text: &str) -> Result<Message> {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let parsed = protox_parse::parse(&name, text);
    let parsed = parsed.map_err(|error| anyhow::anyhow!("{}: {error}", file.display()))?;
    let message =
        parsed.message_type.first().with_context(|| format!("{} has no message", file.display()))?;
    Ok(Message::of_descriptor(message))
}
