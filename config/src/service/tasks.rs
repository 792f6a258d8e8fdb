//! Work beside the requests. A task that ends before the service does takes the service with it: half a
//! service is worse than a restart.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::BoxError;
use crate::problem::{Fault, chain};

type Work = Pin<Box<dyn Future<Output = Result<(), BoxError>> + Send>>;

/// Background work of a service. Every instance runs it, so it must bear company.
pub struct Job {
    name: &'static str,
    start: Box<dyn FnOnce(CancellationToken) -> Work + Send>,
}

impl Job {
    /// Runs until the token is cancelled.
    pub fn new<F>(name: &'static str, work: impl FnOnce(CancellationToken) -> F + Send + 'static) -> Self
    where
        F: Future<Output = Result<(), BoxError>> + Send + 'static,
    {
        Self { name, start: Box::new(move |shutdown| Box::pin(work(shutdown))) }
    }

    /// Runs again and again with this pause; a failure is logged and the next round comes.
    pub fn every<E, F>(
        name: &'static str,
        pause: Duration,
        round: impl Fn() -> F + Send + Sync + 'static,
    ) -> Self
    where
        E: Fault,
        F: Future<Output = Result<(), E>> + Send + 'static,
    {
        Self::new(name, move |shutdown| async move {
            while !shutdown.is_cancelled() {
                if let Err(error) = round().await {
                    tracing::warn!(error = %chain(&error), job = name, "a round failed");
                }
                let _ = tokio::time::timeout(pause, shutdown.cancelled()).await;
            }
            Ok(())
        })
    }
}

/// The running tasks of a service.
#[derive(Default)]
pub(super) struct Tasks(JoinSet<(&'static str, Result<(), BoxError>)>);

impl Tasks {
    pub fn spawn<F>(&mut self, name: &'static str, work: F)
    where
        F: Future<Output = Result<(), BoxError>> + Send + 'static,
    {
        self.0.spawn(async move { (name, work.await) });
    }

    pub fn start(&mut self, job: Job, shutdown: CancellationToken) {
        self.spawn(job.name, (job.start)(shutdown));
    }

    /// Resolves when a task ends, which none should before the shutdown.
    pub async fn first_end(&mut self) -> BoxError {
        match self.0.join_next().await {
            Some(Ok((name, Ok(())))) => format!("{name} ended by itself").into(),
            Some(Ok((name, Err(error)))) => format!("{name} failed: {}", chain(error.as_ref())).into(),
            Some(Err(panic)) => format!("a task crashed: {panic}").into(),
            None => std::future::pending().await,
        }
    }

    /// Waits for all to end; the first failure is the result.
    pub async fn finish(mut self) -> Result<(), BoxError> {
        let mut outcome = Ok(());
        while let Some(ended) = self.0.join_next().await {
            let result = match ended {
                Ok((name, result)) => {
                    result.map_err(|error| format!("{name} failed: {}", chain(error.as_ref())).into())
                }
                Err(panic) => Err(format!("a task crashed: {panic}").into()),
            };
            outcome = outcome.and(result);
        }
        outcome
    }
}
