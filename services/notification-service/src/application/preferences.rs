//! Choosing what to hear of, and how.

use std::sync::Arc;

use config::database::{Begin, retrying};
use config::id::UserId;

use super::{NotificationError, Store};
use crate::domain::{Choice, Preferences};

/// Changes preferences.
#[derive(Clone)]
pub struct ChoosePreferences {
    store: Arc<dyn Begin<dyn Store>>,
}

impl ChoosePreferences {
    pub fn new(store: Arc<dyn Begin<dyn Store>>) -> Self {
        Self { store }
    }

    /// What isn't among the choices stays as it is.
    pub async fn run(&self, user: UserId, choices: &[Choice]) -> Result<Preferences, NotificationError> {
        retrying(|| async {
            let mut tx = self.store.begin().await?;
            if !choices.is_empty() {
                tx.choose(user, choices).await?;
            }
            let preferences = tx.preferences(user).await?;
            tx.commit().await?;
            Ok(preferences)
        })
        .await
    }
}
