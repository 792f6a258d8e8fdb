//! The service's own settings.

use std::path::PathBuf;

use config::BoxError;
use config::settings::{Env, Invalid, Settings};

use crate::domain::Synonyms;

/// What an operator can change of the search.
#[derive(Debug)]
pub struct SearchSettings {
    synonyms_file: Option<PathBuf>,
}

impl Settings for SearchSettings {
    fn read(env: &mut Env) -> Result<Self, Invalid> {
        let file = env.var("SYNONYMS_FILE", "words that mean the same, instead of the shop's own list");
        Ok(Self { synonyms_file: file.optional()? })
    }
}

impl SearchSettings {
    /// The synonyms, from the operator's file if there is one.
    pub async fn synonyms(&self) -> Result<Synonyms, BoxError> {
        let text = match &self.synonyms_file {
            Some(file) => tokio::fs::read_to_string(file)
                .await
                .map_err(|error| format!("SYNONYMS_FILE {}: {error}", file.display()))?,
            None => include_str!("../synonyms.txt").to_owned(),
        };
        Ok(text.parse()?)
    }
}
