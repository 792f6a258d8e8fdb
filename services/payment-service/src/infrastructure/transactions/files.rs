//! Failed work as JSON files, one each, in a folder that operators look after.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use config::BoxError;
use config::kafka::DeadLetter;
use serde::{Deserialize, Serialize};

use crate::application::transactions::Failed;

/// Where files go whose work is done again.
const REPLAYED: &str = "replayed";

/// What a file says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Record {
    /// A transaction that failed for trouble of ours.
    Transaction(Failed),
    /// A message that the processor gave up on.
    DeadLetter { topic: String, origin: String, key: String, payload: String, reason: String },
}

impl Record {
    pub fn of_letter(topic: &str, letter: DeadLetter) -> Self {
        let DeadLetter { key, payload, reason, origin, .. } = letter;
        Self::DeadLetter { topic: topic.to_owned(), origin, key, payload, reason }
    }

    /// The same work has the same name, and names are in the order of acceptance.
    fn name(&self) -> String {
        match self {
            Self::Transaction(failed) => {
                format!("transaction-{}-{}.json", failed.transaction_id, failed.attempt)
            }
            Self::DeadLetter { origin, .. } => format!("message-{}.json", origin.replace('/', "-")),
        }
    }
}

/// The folder.
#[derive(Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// Made when it doesn't exist.
    pub fn open(path: &Path) -> Result<Self, BoxError> {
        fs::create_dir_all(path.join(REPLAYED))?;
        Ok(Self(path.to_owned()))
    }

    /// `false` when it is here already, or was and is done.
    pub fn add(&self, record: &Record) -> Result<bool, BoxError> {
        let (path, done) = (self.0.join(record.name()), self.0.join(REPLAYED).join(record.name()));
        if path.exists() || done.exists() {
            return Ok(false);
        }
        // Whoever reads the folder meanwhile finds whole files only.
        let unfinished = path.with_extension("unfinished");
        let mut file = fs::File::create(&unfinished)?;
        file.write_all(serde_json::to_string_pretty(record)?.as_bytes())?;
        file.sync_all()?;
        fs::rename(unfinished, path)?;
        Ok(true)
    }

    /// What is to be done again, in order.
    pub fn records(&self) -> Result<Vec<Record>, BoxError> {
        let mut paths = Vec::new();
        for entry in fs::read_dir(&self.0)? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "json") {
                paths.push(path);
            }
        }
        paths.sort();
        let read = |path: PathBuf| {
            let named = |error: BoxError| BoxError::from(format!("{}: {error}", path.display()));
            let text = fs::read_to_string(&path).map_err(|error| named(error.into()))?;
            serde_json::from_str(&text).map_err(|error| named(error.into()))
        };
        paths.into_iter().map(read).collect()
    }

    /// It was done again.
    pub fn done(&self, record: &Record) -> Result<(), BoxError> {
        Ok(fs::rename(self.0.join(record.name()), self.0.join(REPLAYED).join(record.name()))?)
    }
}
