//! Payments in a transaction.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use config::database::{StoreError, Tx, push_list};
use config::id::UserId;
use sqlx::QueryBuilder;

use super::rows::{AccountRow, OperationRow, PaymentRow, select_operations, select_payments};
use crate::application::{NewOperation, NewPayment, PaymentRepository};
use crate::domain::{
    Account, Confirmation, Decline, Declined, OF_USER, Operation, OperationId, OperationState, OrderId,
    Payment, PaymentId, Pending, ProviderName, ReturnId, Status, Unwanted,
};

#[async_trait]
impl PaymentRepository for Tx {
    async fn open_account(&mut self, order: OrderId, user: UserId) -> Result<Account, StoreError> {
        // Unlike INSERT IGNORE, this locks an existing row exclusively, so that two who meet here don't deadlock.
        sqlx::query(
            "INSERT INTO order_accounts (order_id, user_id) VALUES (?, ?) \
             ON DUPLICATE KEY UPDATE order_id = order_accounts.order_id",
        )
        .bind(order.get())
        .bind(user.get())
        .execute(self.connection())
        .await?;
        let account = self.account(order).await?;
        account.ok_or_else(|| StoreError::corrupt("an account vanished"))
    }

    async fn account(&mut self, order: OrderId) -> Result<Option<Account>, StoreError> {
        let row: Option<AccountRow> = sqlx::query_as(
            "SELECT order_id, user_id, active_payment_id, cancelled_at, refunded_at, told_by_hand \
             FROM order_accounts WHERE order_id = ? FOR UPDATE",
        )
        .bind(order.get())
        .fetch_optional(self.connection())
        .await?;
        Ok(row.map(Account::from))
    }

    async fn save_account(&mut self, account: &Account, now: DateTime<Utc>) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE order_accounts SET active_payment_id = ?, cancelled_at = IF(?, COALESCE(cancelled_at, ?), NULL), \
             refunded_at = IF(?, COALESCE(refunded_at, ?), NULL), told_by_hand = ? WHERE order_id = ?",
        )
        .bind(account.active.map(PaymentId::get))
        .bind(account.cancelled)
        .bind(now)
        .bind(account.refunded)
        .bind(now)
        .bind(account.told_by_hand)
        .bind(account.order_id.get())
        .execute(self.connection())
        .await?;
        Ok(())
    }

    async fn add_payment(
        &mut self,
        payment: &NewPayment<'_>,
        now: DateTime<Utc>,
    ) -> Result<PaymentId, StoreError> {
        let inserted = sqlx::query(
            "INSERT INTO payments \
             (order_id, user_id, provider, charge_key, method, status, currency, amount, card_brand, card_last4, \
              created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(payment.order_id.get())
        .bind(payment.user_id.get())
        .bind(payment.provider.as_str())
        .bind(payment.charge_key)
        .bind(payment.method.as_str())
        .bind(Status::Processing.as_str())
        .bind(payment.amount.currency().code())
        .bind(payment.amount.minor())
        .bind(payment.card.map(|card| card.brand.as_str()))
        .bind(payment.card.map(|card| card.last4.as_str()))
        .bind(now)
        .bind(now)
        .execute(self.connection())
        .await?;
        Ok(PaymentId::new(inserted.last_insert_id()))
    }

    async fn payment(&mut self, id: PaymentId) -> Result<Option<Payment>, StoreError> {
        let row: Option<PaymentRow> = sqlx::query_as(select_payments!("WHERE id = ?"))
            .bind(id.get())
            .fetch_optional(self.connection())
            .await?;
        row.map(Payment::try_from).transpose()
    }

    async fn payments_of(&mut self, order: OrderId) -> Result<Vec<Payment>, StoreError> {
        let rows: Vec<PaymentRow> = sqlx::query_as(select_payments!("WHERE order_id = ? ORDER BY id"))
            .bind(order.get())
            .fetch_all(self.connection())
            .await?;
        rows.into_iter().map(Payment::try_from).collect()
    }

    async fn declined(&mut self, user: UserId, since: DateTime<Utc>) -> Result<Vec<Declined>, StoreError> {
        let rows: Vec<(u64, DateTime<Utc>)> = sqlx::query_as(
            "SELECT order_id, created_at FROM payments FORCE INDEX (payments_of_user_since) \
             WHERE user_id = ? AND created_at > ? AND status = ? AND decline_code <> ? \
             ORDER BY created_at DESC LIMIT ?",
        )
        .bind(user.get())
        .bind(since)
        .bind(Status::Failed.as_str())
        .bind(Decline::NOT_ASKED)
        .bind(OF_USER as u64)
        .fetch_all(self.connection())
        .await?;
        let declined = |(order, at)| Declined { order_id: OrderId::new(order), at };
        Ok(rows.into_iter().map(declined).collect())
    }

    async fn save_payment(&mut self, payment: &Payment, now: DateTime<Utc>) -> Result<(), StoreError> {
        let (url, secret) = match &payment.confirmation {
            Some(Confirmation::Redirect(url)) => (Some(url), None),
            Some(Confirmation::Secret(secret)) => (None, Some(secret)),
            None => (None, None),
        };
        sqlx::query(
            "UPDATE payments SET status = ?, captured = ?, refunded = ?, refund_pending = ?, disputed = ?, pending = ?, \
             refused = ?, refused_for = ?, transaction_id = ?, decline_code = ?, decline_message = ?, action_url = ?, action_secret = ?, \
             updated_at = ? WHERE id = ?",
        )
        .bind(payment.status.as_str())
        .bind(payment.captured.minor())
        .bind(payment.refunded.minor())
        .bind(payment.refund_pending.minor())
        .bind(payment.disputed.minor())
        .bind(payment.pending.map(Pending::as_str))
        .bind(payment.refused.is_some())
        .bind(payment.refused.map(Unwanted::as_str))
        .bind(&payment.transaction_id)
        .bind(payment.decline.as_ref().map(|decline| decline.code.as_str()))
        .bind(payment.decline.as_ref().map(|decline| decline.message.as_str()))
        .bind(url)
        .bind(secret)
        .bind(now)
        .bind(payment.id.get())
        .execute(self.connection())
        .await?;
        Ok(())
    }

    async fn add_operation(
        &mut self,
        operation: &NewOperation<'_>,
        now: DateTime<Utc>,
    ) -> Result<Operation, StoreError> {
        let inserted = sqlx::query(
            "INSERT INTO operations \
             (payment_id, order_id, provider, kind, state, amount, currency, reason, return_id, provider_key, \
              charge_key, request, due_at, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(operation.payment_id.get())
        .bind(operation.order_id.get())
        .bind(operation.provider.as_str())
        .bind(operation.kind.as_str())
        .bind(OperationState::Pending.as_str())
        .bind(operation.amount.minor())
        .bind(operation.amount.currency().code())
        .bind(operation.reason)
        .bind(operation.return_id.map(ReturnId::get))
        .bind(operation.key)
        .bind(operation.charge_key)
        .bind(operation.request)
        .bind(operation.due_at)
        .bind(now)
        .execute(self.connection())
        .await?;
        Ok(Operation {
            id: OperationId::new(inserted.last_insert_id()),
            payment_id: operation.payment_id,
            order_id: operation.order_id,
            provider: operation.provider,
            kind: operation.kind,
            state: OperationState::Pending,
            amount: operation.amount,
            reason: operation.reason.map(str::to_owned),
            return_id: operation.return_id,
            key: operation.key,
            charge_key: operation.charge_key,
            attempts: 0,
            created_at: now,
        })
    }

    async fn operation(&mut self, id: OperationId) -> Result<Option<Operation>, StoreError> {
        let row: Option<OperationRow> = sqlx::query_as(select_operations!("WHERE id = ?"))
            .bind(id.get())
            .fetch_optional(self.connection())
            .await?;
        row.map(Operation::try_from).transpose()
    }

    async fn refunds_of_return(
        &mut self,
        order: OrderId,
        id: ReturnId,
    ) -> Result<Vec<Operation>, StoreError> {
        let rows: Vec<OperationRow> = sqlx::query_as(select_operations!(
            "WHERE return_id = ? AND order_id = ? AND kind = 'refund' ORDER BY id"
        ))
        .bind(id.get())
        .bind(order.get())
        .fetch_all(self.connection())
        .await?;
        rows.into_iter().map(Operation::try_from).collect()
    }

    async fn end_operation(&mut self, id: OperationId, state: OperationState) -> Result<(), StoreError> {
        sqlx::query("UPDATE operations SET state = ? WHERE id = ?")
            .bind(state.as_str())
            .bind(id.get())
            .execute(self.connection())
            .await?;
        Ok(())
    }

    async fn forget_request(&mut self, id: OperationId) -> Result<(), StoreError> {
        sqlx::query("UPDATE operations SET request = NULL WHERE id = ?")
            .bind(id.get())
            .execute(self.connection())
            .await?;
        Ok(())
    }

    async fn forget_old_request(&mut self, request: &str, before: DateTime<Utc>) -> Result<(), StoreError> {
        sqlx::query("UPDATE operations SET request = NULL WHERE request = ? AND created_at < ?")
            .bind(request)
            .bind(before)
            .execute(self.connection())
            .await?;
        Ok(())
    }

    async fn postpone(&mut self, id: OperationId, due_at: DateTime<Utc>) -> Result<(), StoreError> {
        sqlx::query("UPDATE operations SET due_at = ? WHERE id = ?")
            .bind(due_at)
            .bind(id.get())
            .execute(self.connection())
            .await?;
        Ok(())
    }

    async fn hasten_charge(&mut self, payment: PaymentId, now: DateTime<Utc>) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE operations SET due_at = ? WHERE payment_id = ? AND kind = 'charge' AND state = 'pending'",
        )
        .bind(now)
        .bind(payment.get())
        .execute(self.connection())
        .await?;
        Ok(())
    }

    async fn take_due(
        &mut self,
        now: DateTime<Utc>,
        lease: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<Operation>, StoreError> {
        let rows: Vec<OperationRow> = sqlx::query_as(select_operations!(
            "WHERE state = 'pending' AND due_at <= ? ORDER BY due_at LIMIT ? FOR UPDATE SKIP LOCKED"
        ))
        .bind(now)
        .bind(limit)
        .fetch_all(self.connection())
        .await?;
        let due: Vec<Operation> = rows.into_iter().map(Operation::try_from).collect::<Result<_, _>>()?;
        if !due.is_empty() {
            let mut update = QueryBuilder::new("UPDATE operations SET attempts = attempts + 1, due_at = ");
            update.push_bind(lease).push(" WHERE id IN ");
            push_list(&mut update, due.iter().map(|operation| operation.id.get()));
            update.build().execute(self.connection()).await?;
        }
        Ok(due)
    }

    async fn claim_notice(
        &mut self,
        provider: ProviderName,
        event: &str,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let inserted = sqlx::query(
            "INSERT IGNORE INTO webhook_events (provider, event_id, received_at) VALUES (?, ?, ?)",
        )
        .bind(provider.as_str())
        .bind(event)
        .bind(now)
        .execute(self.connection())
        .await?;
        Ok(inserted.rows_affected() == 1)
    }
}
