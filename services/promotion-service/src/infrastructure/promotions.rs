//! Promotions in a transaction.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use config::database::{StoreError, Tx};
use config::id::UserId;
use config::money::{Currency, Money};
use sqlx::mysql::MySqlQueryResult;

use super::rows::{joined, promotions, select_promotions};
use crate::application::{Promotions, Taken};
use crate::domain::{Benefit, Code, Name, Promotion, PromotionId, Reason, Terms, Usage};

#[async_trait]
impl Promotions for Tx {
    async fn add(&mut self, terms: &Terms, now: DateTime<Utc>) -> Result<Promotion, StoreError> {
        let insert = sqlx::query(
            "INSERT INTO promotions (code, live_code, name, description, kind, percent, amount, buy_quantity, \
             get_quantity, currency, min_subtotal, max_discount, product_ids, categories, first_order_only, \
             usage_limit, per_customer_limit, stackable, priority, is_active, is_public, starts_at, ends_at, \
             created_at, updated_at) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        );
        let inserted = bind(insert, terms, false).bind(now).bind(now).execute(self.connection()).await?;
        Ok(Promotion {
            id: PromotionId::new(inserted.last_insert_id()),
            terms: terms.clone(),
            usage: Usage::default(),
            version: 1,
            archived: false,
            created_at: now,
            updated_at: now,
        })
    }

    async fn promotion_for_update(&mut self, id: PromotionId) -> Result<Option<Promotion>, StoreError> {
        let rows = sqlx::query_as(select_promotions!("WHERE id = ? FOR UPDATE"))
            .bind(id.get())
            .fetch_all(self.connection())
            .await?;
        Ok(promotions(rows)?.pop())
    }

    async fn save(&mut self, promotion: &Promotion) -> Result<(), StoreError> {
        let update = sqlx::query(
            "UPDATE promotions SET code = ?, live_code = ?, name = ?, description = ?, kind = ?, percent = ?, \
             amount = ?, buy_quantity = ?, get_quantity = ?, currency = ?, min_subtotal = ?, max_discount = ?, \
             product_ids = ?, categories = ?, first_order_only = ?, usage_limit = ?, per_customer_limit = ?, \
             stackable = ?, priority = ?, is_active = ?, is_public = ?, starts_at = ?, ends_at = ?, \
             archived = ?, version = ?, updated_at = ? WHERE id = ?",
        );
        bind(update, &promotion.terms, promotion.archived)
            .bind(promotion.archived)
            .bind(promotion.version)
            .bind(promotion.updated_at)
            .bind(promotion.id.get())
            .execute(self.connection())
            .await?;
        Ok(())
    }

    async fn mark_demo(&mut self, name: &str) -> Result<bool, StoreError> {
        let inserted = sqlx::query("INSERT IGNORE INTO demo_promotions (name) VALUES (?)")
            .bind(name)
            .execute(self.connection())
            .await?;
        Ok(inserted.rows_affected() == 1)
    }

    async fn take_use(
        &mut self,
        promotion: &Promotion,
        user: UserId,
        already: u32,
    ) -> Result<Taken, StoreError> {
        let updated = sqlx::query(
            "UPDATE promotions SET reserved = reserved + 1 WHERE id = ? AND version = ? \
             AND (usage_limit IS NULL OR used + reserved < usage_limit + ?)",
        )
        .bind(promotion.id.get())
        .bind(promotion.version)
        .bind(already)
        .execute(self.connection())
        .await?;
        if updated.rows_affected() == 0 {
            let version: Option<u64> = sqlx::query_scalar("SELECT version FROM promotions WHERE id = ?")
                .bind(promotion.id.get())
                .fetch_optional(self.connection())
                .await?;
            let same = version == Some(promotion.version);
            return Ok(if same { Taken::No(Reason::UsedUp) } else { Taken::Changed });
        }
        let limit =
            promotion.terms.conditions.per_customer_limit.map_or(u32::MAX, |it| it.saturating_add(already));
        let updated = sqlx::query(
            "UPDATE customer_uses SET uses = uses + 1 WHERE promotion_id = ? AND user_id = ? AND uses < ?",
        )
        .bind(promotion.id.get())
        .bind(user.get())
        .bind(limit)
        .execute(self.connection())
        .await?;
        if updated.rows_affected() == 1 {
            return Ok(Taken::Yes);
        }
        // The first use, or one too many. Whoever else wants the promotion waits for its row, so nobody comes between.
        let insert = "INSERT IGNORE INTO customer_uses (promotion_id, user_id, uses) VALUES (?, ?, 1)";
        let inserted =
            sqlx::query(insert).bind(promotion.id.get()).bind(user.get()).execute(self.connection()).await?;
        Ok(match inserted.rows_affected() {
            1 => Taken::Yes,
            _ => Taken::No(Reason::UsedUpByCustomer),
        })
    }

    async fn insist_on_use(&mut self, id: PromotionId, user: UserId) -> Result<(), StoreError> {
        let update = sqlx::query("UPDATE promotions SET reserved = reserved + 1 WHERE id = ?").bind(id.get());
        one_row(&update.execute(self.connection()).await?, id)?;
        sqlx::query(
            "INSERT INTO customer_uses (promotion_id, user_id, uses) VALUES (?, ?, 1) \
             ON DUPLICATE KEY UPDATE uses = uses + 1",
        )
        .bind(id.get())
        .bind(user.get())
        .execute(self.connection())
        .await?;
        Ok(())
    }

    async fn consume_use(&mut self, id: PromotionId) -> Result<(), StoreError> {
        let update = "UPDATE promotions SET reserved = reserved - 1, used = used + 1 WHERE id = ?";
        one_row(&sqlx::query(update).bind(id.get()).execute(self.connection()).await?, id)
    }

    async fn give_back(&mut self, id: PromotionId, user: UserId, consumed: bool) -> Result<(), StoreError> {
        let update = match consumed {
            true => "UPDATE promotions SET used = used - 1 WHERE id = ?",
            false => "UPDATE promotions SET reserved = reserved - 1 WHERE id = ?",
        };
        one_row(&sqlx::query(update).bind(id.get()).execute(self.connection()).await?, id)?;
        let updated =
            sqlx::query("UPDATE customer_uses SET uses = uses - 1 WHERE promotion_id = ? AND user_id = ?")
                .bind(id.get())
                .bind(user.get())
                .execute(self.connection())
                .await?;
        one_row(&updated, id)
    }
}

type Query<'q> = sqlx::query::Query<'q, sqlx::MySql, sqlx::mysql::MySqlArguments>;

/// The columns of the terms, in the order of the statements above.
fn bind<'q>(statement: Query<'q>, terms: &'q Terms, archived: bool) -> Query<'q> {
    let (percent, amount, group) = match terms.benefit {
        Benefit::Percentage(percent) => (Some(percent), None, None),
        Benefit::Fixed(amount) => (None, Some(amount), None),
        Benefit::FreeShipping => (None, None, None),
        Benefit::BuyXGetY(group, percent) => (Some(percent), None, Some(group)),
    };
    let code = terms.code.as_ref().map(Code::as_str);
    let conditions = &terms.conditions;
    statement
        .bind(code)
        .bind(code.filter(|_| !archived))
        .bind(terms.name.as_ref().map(Name::as_str))
        .bind(terms.description.as_str())
        .bind(terms.benefit.kind().as_str())
        .bind(percent.map(|percent| percent.hundredths()))
        .bind(amount.map(Money::minor))
        .bind(group.map(|group| group.buy()))
        .bind(group.map(|group| group.get()))
        .bind(terms.currency().map(Currency::code))
        .bind(conditions.min_subtotal.map(Money::minor))
        .bind(terms.max_discount.map(Money::minor))
        .bind(joined(&conditions.product_ids))
        .bind(joined(&conditions.categories))
        .bind(conditions.first_order_only)
        .bind(conditions.usage_limit)
        .bind(conditions.per_customer_limit)
        .bind(terms.stackable)
        .bind(terms.priority)
        .bind(terms.is_active)
        .bind(terms.is_public)
        .bind(terms.period.starts_at().naive_utc())
        .bind(terms.period.ends_at().naive_utc())
}

/// Reservations name promotions that exist; anything else is a mistake of ours that must not pass silently.
fn one_row(updated: &MySqlQueryResult, id: PromotionId) -> Result<(), StoreError> {
    match updated.rows_affected() {
        1 => Ok(()),
        _ => Err(StoreError::corrupt(format!("no use of promotion {id}"))),
    }
}
