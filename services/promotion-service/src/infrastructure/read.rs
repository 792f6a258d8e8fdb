//! Reads outside a transaction.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use config::database::{Db, First, StoreError, push_list, stored};
use config::id::UserId;
use config::page::{Paging, Slice};
use sqlx::{FromRow, MySql, QueryBuilder};

use super::customers::is_first_order;
use super::reservations::PROMOTIONS_OF_ORDER;
use super::rows::{Answer, promotions, select_promotions};
use crate::application::{ListFilter, Priced, PromotionReader};
use crate::domain::{Basket, Code, Promotion, PromotionId, Reason, ReservationId, ReservationState};

#[async_trait]
impl PromotionReader for Db {
    async fn promotion(&self, id: PromotionId) -> Result<Option<Promotion>, StoreError> {
        let query = sqlx::query_as(select_promotions!("WHERE id = ?")).bind(id.get());
        Ok(promotions(query.fetch_all(self.pool()).await?)?.pop())
    }

    async fn list(&self, filter: &ListFilter, paging: Paging) -> Result<Slice<Promotion>, StoreError> {
        let (count, select) =
            ("SELECT COUNT(*) FROM promotions WHERE TRUE", select_promotions!("WHERE TRUE"));
        let matching = |query: &mut QueryBuilder<MySql>| push_filter(query, filter);
        let Slice { items, total } = self.part(count, select, matching, First::Newest("id"), paging).await?;
        Ok(Slice { items: promotions(items)?, total })
    }

    async fn live(&self, now: DateTime<Utc>) -> Result<Vec<Promotion>, StoreError> {
        let query = sqlx::query_as(select_promotions!(
            "WHERE archived = FALSE AND is_active = TRUE AND ends_at >= ? ORDER BY id"
        ));
        promotions(query.bind(now).fetch_all(self.pool()).await?)
    }

    async fn with_code(&self, code: &Code) -> Result<Option<Promotion>, StoreError> {
        let query = sqlx::query_as(select_promotions!("WHERE live_code = ?")).bind(code.as_str());
        Ok(promotions(query.fetch_all(self.pool()).await?)?.pop())
    }

    async fn exhausted(
        &self,
        promotions: &[&Promotion],
        basket: &Basket,
    ) -> Result<Vec<(PromotionId, Reason)>, StoreError> {
        let mut connection = self.pool().acquire().await?;
        let mut select = QueryBuilder::new(
            "SELECT p.id, p.used, p.reserved, c.uses FROM promotions p \
             LEFT JOIN customer_uses c ON c.promotion_id = p.id AND c.user_id = ",
        );
        select.push_bind(basket.user_id.map_or(0, UserId::get)).push(" WHERE p.id IN ");
        push_list(&mut select, promotions.iter().map(|promotion| promotion.id.get()));
        let counts: Vec<CountRow> = select.build_query_as().fetch_all(&mut *connection).await?;
        let order_has: Vec<u64> = match basket.order_id {
            Some(order) => {
                sqlx::query_scalar(PROMOTIONS_OF_ORDER).bind(order.get()).fetch_all(&mut *connection).await?
            }
            None => Vec::new(),
        };
        let for_first_orders = promotions.iter().any(|it| it.terms.conditions.first_order_only);
        let is_first = match basket.user_id {
            Some(user) if for_first_orders => {
                is_first_order(&mut connection, user, basket.order_id, None).await?
            }
            _ => true,
        };
        let reason = |promotion: &&Promotion| {
            let conditions = &promotion.terms.conditions;
            let id = promotion.id.get();
            let already = order_has.iter().filter(|other| **other == id).count() as u64;
            let (all, own) = counts.iter().find(|row| row.id == id).map_or((0, 0), CountRow::uses);
            let over = |limit: Option<u32>, uses: u64| {
                limit.is_some_and(|limit| uses.saturating_sub(already) >= limit.into())
            };
            let reason = if conditions.first_order_only && !is_first {
                Some(Reason::FirstOrderOnly)
            } else if over(conditions.usage_limit, all) {
                Some(Reason::UsedUp)
            } else if over(conditions.per_customer_limit, own) {
                Some(Reason::UsedUpByCustomer)
            } else {
                None
            };
            reason.map(|reason| (promotion.id, reason))
        };
        Ok(promotions.iter().filter_map(reason).collect())
    }

    async fn reservation(
        &self,
        id: ReservationId,
    ) -> Result<Option<(ReservationState, Option<Priced>)>, StoreError> {
        let row: Option<(String, Option<String>)> =
            sqlx::query_as("SELECT state, answer FROM reservations WHERE id = ?")
                .bind(id.get())
                .fetch_optional(self.pool())
                .await?;
        let Some((state, answer)) = row else { return Ok(None) };
        let answer: Option<Answer> =
            answer.map(|json| serde_json::from_str(&json)).transpose().map_err(StoreError::corrupt)?;
        Ok(Some((stored(&state)?, answer.map(Priced::try_from).transpose()?)))
    }
}

#[derive(FromRow)]
struct CountRow {
    id: u64,
    used: u32,
    reserved: u32,
    uses: Option<u32>,
}

impl CountRow {
    /// All uses, and the customer's.
    fn uses(&self) -> (u64, u64) {
        (u64::from(self.used) + u64::from(self.reserved), self.uses.unwrap_or_default().into())
    }
}

fn push_filter(query: &mut QueryBuilder<MySql>, filter: &ListFilter) {
    match filter {
        ListFilter::Everything { archived, code } => {
            if !archived {
                query.push(" AND archived = FALSE");
            }
            if let Some(code) = code {
                query.push(" AND code = ").push_bind(code.as_str().to_owned());
            }
        }
        ListFilter::Public { now } | ListFilter::Running { now } => {
            query.push(" AND archived = FALSE AND is_active = TRUE AND is_public = TRUE AND ends_at >= ");
            query.push_bind(*now);
            if matches!(filter, ListFilter::Running { .. }) {
                query.push(" AND starts_at <= ").push_bind(*now);
            }
        }
    }
}
