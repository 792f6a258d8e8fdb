//! Address books in a transaction.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use config::database::{StoreError, Tx};
use config::id::UserId;
use config::text::Text;

use super::rows::{AddressRow, addresses, select_addresses};
use crate::application::AddressRepository;
use crate::domain::{Address, AddressEntry, AddressId, Phone};

#[async_trait]
impl AddressRepository for Tx {
    async fn address_book(&mut self, user: UserId) -> Result<Vec<Address>, StoreError> {
        let rows: Vec<AddressRow> = sqlx::query_as(select_addresses!("WHERE user_id = ? ORDER BY id"))
            .bind(user.get())
            .fetch_all(self.connection())
            .await?;
        addresses(rows)
    }

    async fn add_address(
        &mut self,
        user: UserId,
        entry: &AddressEntry,
        now: DateTime<Utc>,
    ) -> Result<AddressId, StoreError> {
        let inserted = sqlx::query(
            "INSERT INTO addresses (label, recipient, line1, line2, city, state, postal_code, country, phone, \
             user_id, is_default, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, FALSE, ?)",
        )
        .bind(entry.label.as_ref().map(Text::as_str))
        .bind(entry.recipient.as_str())
        .bind(entry.line1.as_str())
        .bind(entry.line2.as_ref().map(Text::as_str))
        .bind(entry.city.as_str())
        .bind(entry.state.as_ref().map(Text::as_str))
        .bind(entry.postal_code.as_ref().map(Text::as_str))
        .bind(entry.country.code())
        .bind(entry.phone.as_ref().map(Phone::as_str))
        .bind(user.get())
        .bind(now)
        .execute(self.connection())
        .await?;
        Ok(AddressId::new(inserted.last_insert_id()))
    }

    async fn save_address(&mut self, id: AddressId, entry: &AddressEntry) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE addresses SET label = ?, recipient = ?, line1 = ?, line2 = ?, city = ?, state = ?, \
             postal_code = ?, country = ?, phone = ? WHERE id = ?",
        )
        .bind(entry.label.as_ref().map(Text::as_str))
        .bind(entry.recipient.as_str())
        .bind(entry.line1.as_str())
        .bind(entry.line2.as_ref().map(Text::as_str))
        .bind(entry.city.as_str())
        .bind(entry.state.as_ref().map(Text::as_str))
        .bind(entry.postal_code.as_ref().map(Text::as_str))
        .bind(entry.country.code())
        .bind(entry.phone.as_ref().map(Phone::as_str))
        .bind(id.get())
        .execute(self.connection())
        .await?;
        Ok(())
    }

    async fn remove_address(&mut self, id: AddressId) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM addresses WHERE id = ?").bind(id.get()).execute(self.connection()).await?;
        Ok(())
    }

    async fn set_default_address(&mut self, user: UserId, id: AddressId) -> Result<(), StoreError> {
        sqlx::query("UPDATE addresses SET is_default = (id = ?) WHERE user_id = ?")
            .bind(id.get())
            .bind(user.get())
            .execute(self.connection())
            .await?;
        Ok(())
    }
}
