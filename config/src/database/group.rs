//! Group commit: what comes at once is written together.
//!
//! Most of what a small transaction costs is its beginning, the way of each statement, and its commit, which waits
//! for the disk. One by one, requests pay that each; in a group they share it. Nobody waits for company: a request
//! that comes alone is written alone, and what comes while transactions are under way is the next group.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use tokio::sync::oneshot;
use tracing::{Instrument as _, Span};

use super::{StoreError, retrying};
use crate::problem::chain;
use crate::telemetry::RequestContext;

/// As many are written at once at most.
const TOGETHER: usize = 64;
/// As many transactions are under way at once: while one waits for the disk, the next one is made up.
const WRITERS: usize = 2;

/// What a request wants to be written.
pub struct Submitted<J> {
    pub job: J,
    context: RequestContext,
    span: Span,
}

impl<J> Submitted<J> {
    /// Runs `work` as part of the request that this came with.
    pub async fn scope<F: Future>(&self, work: F) -> F::Output {
        self.context.clone().scope(work.instrument(self.span.clone())).await
    }
}

/// How a group is written.
#[async_trait]
pub trait WriteGroup: Send + Sync + 'static {
    type Job: Send + Sync + 'static;
    type Done: Send + 'static;

    /// Writes them in one transaction, and tells what became of each, in their order. On an error nothing was
    /// written; unless the store is away, each is then written alone, so that only those at fault fail.
    async fn write(&self, group: &[Submitted<Self::Job>]) -> Result<Vec<Self::Done>, StoreError>;
}

/// Makes groups of what comes at once. Clones share it.
pub struct GroupCommit<W: WriteGroup>(Arc<Shared<W>>);

struct Shared<W: WriteGroup> {
    writer: W,
    queue: Mutex<Queue<W>>,
}

struct Queue<W: WriteGroup> {
    waiting: VecDeque<Waiting<W>>,
    writers: usize,
}

type Waiting<W> = (Submitted<<W as WriteGroup>::Job>, Tell<W>);
type Tell<W> = oneshot::Sender<Result<<W as WriteGroup>::Done, StoreError>>;

impl<W: WriteGroup> GroupCommit<W> {
    pub fn new(writer: W) -> Self {
        let queue = Mutex::new(Queue { waiting: VecDeque::new(), writers: 0 });
        Self(Arc::new(Shared { writer, queue }))
    }

    /// Writes the job with whatever else comes now. Once that has begun it is written, even if the caller no longer
    /// waits for it.
    pub async fn run(&self, job: W::Job) -> Result<W::Done, StoreError> {
        let (tell, told) = oneshot::channel();
        let submitted = Submitted { job, context: RequestContext::current(), span: Span::current() };
        if self.0.submit((submitted, tell)) {
            tokio::spawn(self.0.clone().write_all());
        }
        told.await.unwrap_or_else(|_| Err(StoreError::Broken("the writing of a group panicked".into())))
    }
}

impl<W: WriteGroup> Clone for GroupCommit<W> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<W: WriteGroup> Shared<W> {
    /// `true`: there is work for one more writer.
    fn submit(&self, waiting: Waiting<W>) -> bool {
        let mut queue = self.queue();
        queue.waiting.push_back(waiting);
        let more = queue.writers < WRITERS;
        queue.writers += usize::from(more);
        more
    }

    /// What is written next. `None` ends the writer, under the same lock, so that nobody waits for one that is gone.
    fn next(&self) -> Option<Vec<Waiting<W>>> {
        let mut queue = self.queue();
        // Who gave up while the database was slow is not to have it done afterwards.
        queue.waiting.retain(|(_, tell)| !tell.is_closed());
        let count = queue.waiting.len().min(TOGETHER);
        if count == 0 {
            queue.writers -= 1;
            return None;
        }
        Some(queue.waiting.drain(..count).collect())
    }

    async fn write_all(self: Arc<Self>) {
        while let Some(group) = self.next() {
            let shared = self.clone();
            // A task of its own: if it panics, only its group fails.
            if let Err(error) = tokio::spawn(async move { shared.write(group).await }).await {
                tracing::error!(%error, "a group was not written");
            }
        }
    }

    async fn write(&self, group: Vec<Waiting<W>>) {
        let (group, tells): (Vec<_>, Vec<_>) = group.into_iter().unzip();
        match retrying(|| self.writer.write(&group)).await {
            Ok(done) => {
                for (tell, done) in tells.into_iter().zip(done) {
                    answer::<W>(tell, Ok(done));
                }
            }
            // One by one, each would wait as long as all of them did.
            Err(error @ StoreError::Unavailable(_)) => {
                tracing::warn!(error = %chain(&error), count = group.len(), "a group can't be written");
                for tell in tells {
                    answer::<W>(tell, Err(StoreError::Unavailable(chain(&error).into())));
                }
            }
            Err(error) if group.len() == 1 => {
                if let Some(tell) = tells.into_iter().next() {
                    answer::<W>(tell, Err(error));
                }
            }
            Err(error) => {
                tracing::debug!(error = %chain(&error), count = group.len(), "a group is written one by one");
                for (one, tell) in group.iter().zip(tells) {
                    let written = retrying(|| self.writer.write(std::slice::from_ref(one))).await;
                    let nothing =
                        || StoreError::Broken("a group of one was written, and nothing came of it".into());
                    answer::<W>(tell, written.and_then(|mut done| done.pop().ok_or_else(nothing)));
                }
            }
        }
    }

    fn queue(&self) -> std::sync::MutexGuard<'_, Queue<W>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn answer<W: WriteGroup>(tell: Tell<W>, outcome: Result<W::Done, StoreError>) {
    // Its client may be gone; what was written stays written.
    let _ = tell.send(outcome);
}

#[cfg(test)]
mod tests;
