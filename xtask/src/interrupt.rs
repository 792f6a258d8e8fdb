//! Ctrl-C and SIGTERM end a command at its next safe point, so that it can tidy up. A later one ends it at once.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

static REQUESTED: OnceLock<Instant> = OnceLock::new();

/// Whoever signals a process and then its whole group means it once.
const SAME_REQUEST: Duration = Duration::from_secs(1);

/// From now on the signals are noted instead of ending the process.
pub fn listen() -> Result<()> {
    let mut signals = Signals::new([SIGINT, SIGTERM])?;
    std::thread::spawn(move || {
        for _ in signals.forever() {
            if REQUESTED.get_or_init(Instant::now).elapsed() > SAME_REQUEST {
                std::process::exit(130);
            }
        }
    });
    Ok(())
}

pub fn requested() -> bool {
    REQUESTED.get().is_some()
}

/// To be asked in every loop that waits.
pub fn check() -> Result<()> {
    if requested() {
        bail!("interrupted");
    }
    Ok(())
}
