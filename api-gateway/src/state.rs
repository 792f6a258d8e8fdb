//! What is remembered from one run to the next.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use config::BoxError;
use config::registry::Snapshot;
use serde::{Deserialize, Serialize};

/// The last good list, and every service that was ever in one.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct State {
    pub snapshot: Snapshot,
    pub services: BTreeSet<String>,
}

impl State {
    /// Nothing, when there is no file or it can't be read: the registry tells all again.
    pub fn load(folder: &Path) -> Self {
        let text = std::fs::read(file(folder)).unwrap_or_default();
        if text.is_empty() {
            return Self::default();
        }
        serde_json::from_slice(&text).unwrap_or_else(|error| {
            tracing::warn!(%error, "the remembered list can't be read; starting without");
            Self::default()
        })
    }

    pub async fn update(&mut self, folder: &Path, snapshot: Snapshot) -> Result<(), BoxError> {
        self.services.extend(snapshot.items.iter().map(|it| it.name.clone()));
        self.snapshot = snapshot;
        replace(&file(folder), &serde_json::to_string_pretty(self)?).await
    }
}

fn file(folder: &Path) -> PathBuf {
    folder.join("registry.json")
}

/// Writes a file so that it is always either the old or the new one.
pub(crate) async fn replace(file: &Path, text: &str) -> Result<(), BoxError> {
    let next = file.with_extension("next");
    tokio::fs::write(&next, text).await?;
    Ok(tokio::fs::rename(&next, file).await?)
}
