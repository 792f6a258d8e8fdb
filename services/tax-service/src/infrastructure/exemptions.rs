//! Exemptions in a transaction.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use config::database::{StoreError, Tx};
use config::id::UserId;
use config::place::Country;

use crate::application::Exemptions;
use crate::domain::{Exemption, ExemptionId, ExemptionTerms};

#[async_trait]
impl Exemptions for Tx {
    async fn add_exemption(
        &mut self,
        terms: &ExemptionTerms,
        now: DateTime<Utc>,
    ) -> Result<Option<Exemption>, StoreError> {
        let inserted = sqlx::query(
            "INSERT INTO exemptions (user_id, country, certificate, valid_to, created_at) VALUES (?, ?, ?, ?, ?)",
        )
        .bind(terms.user_id.get())
        .bind(terms.country.as_ref().map_or("", Country::code))
        .bind(terms.certificate.as_str())
        .bind(terms.valid_to)
        .bind(now)
        .execute(self.connection())
        .await
        .map_err(StoreError::from);
        match inserted {
            Ok(inserted) => {
                let id = ExemptionId::new(inserted.last_insert_id());
                Ok(Some(Exemption { id, terms: terms.clone(), created_at: now }))
            }
            Err(error) if error.violates("exemptions_certificate") => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn delete_exemption(&mut self, id: ExemptionId) -> Result<Option<UserId>, StoreError> {
        let user: Option<u64> = sqlx::query_scalar("SELECT user_id FROM exemptions WHERE id = ? FOR UPDATE")
            .bind(id.get())
            .fetch_optional(self.connection())
            .await?;
        sqlx::query("DELETE FROM exemptions WHERE id = ?").bind(id.get()).execute(self.connection()).await?;
        Ok(user.map(UserId::new))
    }
}
