//! What the processor hears; docs/EVENTS.md.

use async_trait::async_trait;
use config::kafka::{Envelope, HandlerError, MessageHandler, Undecodable};
use config::telemetry::RequestContext;
use serde::Deserialize;
use uuid::Uuid;

use crate::application::transactions::{Due, Process};
use crate::domain::transactions::TransactionId;

/// Carries out what was accepted.
pub struct TransactionEvents {
    pub(crate) process: Process,
}

#[derive(Deserialize)]
struct Created {
    transaction_id: Uuid,
    attempt: u32,
    sender: String,
}

fn due(message: &Envelope) -> Result<Option<Due>, Undecodable> {
    if message.kind != "transaction_created" {
        return Ok(None);
    }
    let Created { transaction_id, attempt, sender } = message.data()?;
    let context = RequestContext {
        request_id: message.request_id.clone(),
        path: String::new(),
        traceparent: message.traceparent.clone(),
    };
    Ok(Some(Due { id: TransactionId::new(transaction_id), attempt, sender, context }))
}

#[async_trait]
impl MessageHandler for TransactionEvents {
    async fn handle(&self, message: &Envelope) -> Result<(), HandlerError> {
        self.handle_all(std::slice::from_ref(message)).await
    }

    async fn handle_all(&self, messages: &[Envelope]) -> Result<(), HandlerError> {
        let due = messages.iter().filter_map(|message| due(message).transpose());
        let due = due.collect::<Result<Vec<_>, _>>()?;
        self.process.run(&due).await?;
        Ok(())
    }
}
