//! Does one thing to several items at once.

use anyhow::{Result, anyhow, bail};

/// Waits for all of them, and names every failure.
pub fn each<T: Send, R: Send>(items: Vec<T>, action: impl Fn(T) -> Result<R> + Sync) -> Result<Vec<R>> {
    let results: Vec<Result<R>> = std::thread::scope(|scope| {
        let action = &action;
        let threads: Vec<_> = items.into_iter().map(|item| scope.spawn(move || action(item))).collect();
        threads
            .into_iter()
            .map(|it| it.join().unwrap_or_else(|_| Err(anyhow!("a thread panicked"))))
            .collect()
    });
    let mut done = Vec::new();
    let mut failures = Vec::new();
    for result in results {
        match result {
            Ok(value) => done.push(value),
            Err(error) => failures.push(format!("{error:#}")),
        }
    }
    if failures.is_empty() { Ok(done) } else { bail!(failures.join("\n\n")) }
}
