//! A handler whose panics are poison like other failures: one message must not end the process again and again.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use async_trait::async_trait;
use futures_util::FutureExt as _;

use super::{Envelope, HandlerError, MessageHandler};
use crate::problem::panic_message;

pub(super) struct Guarded(pub Arc<dyn MessageHandler>);

/// What was in hand is dropped on the way, and a transaction rolled back with it.
async fn guarded(handled: impl Future<Output = Result<(), HandlerError>>) -> Result<(), HandlerError> {
    AssertUnwindSafe(handled).catch_unwind().await.unwrap_or_else(|panic| {
        Err(HandlerError::Fail(format!("the handler panicked: {}", panic_message(panic.as_ref())).into()))
    })
}

#[async_trait]
impl MessageHandler for Guarded {
    async fn handle(&self, message: &Envelope) -> Result<(), HandlerError> {
        guarded(self.0.handle(message)).await
    }

    async fn handle_all(&self, messages: &[Envelope]) -> Result<(), HandlerError> {
        guarded(self.0.handle_all(messages)).await
    }

    fn following(&self) {
        self.0.following();
    }
}
