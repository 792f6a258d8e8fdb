//! What the commands print: one line a finished step, a spinner while one runs on a terminal.

use std::io::{IsTerminal, Write};
use std::sync::LazyLock;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

static BARS: LazyLock<MultiProgress> = LazyLock::new(MultiProgress::new);

/// Prints a line of results on standard output. A reader that went away (`| head`) is no error.
pub fn say(line: impl AsRef<str>) {
    BARS.suspend(|| {
        let _ = writeln!(std::io::stdout().lock(), "{}", line.as_ref());
    });
}

/// Prints a line about the work itself on standard error, so that output can be piped.
pub fn note(line: impl AsRef<str>) {
    BARS.suspend(|| {
        let _ = writeln!(std::io::stderr().lock(), "{}", line.as_ref());
    });
}

/// One piece of work that is shown while it runs.
pub struct Task {
    name: String,
    bar: Option<ProgressBar>,
    started: Instant,
    last: Mutex<String>,
}

impl Task {
    pub fn begin(name: impl Into<String>) -> Self {
        let name = name.into();
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = BARS.add(ProgressBar::new_spinner());
            if let Ok(style) = ProgressStyle::with_template("  {spinner} {prefix:<20} {wide_msg}") {
                bar.set_style(style);
            }
            bar.set_prefix(name.clone());
            bar.enable_steady_tick(Duration::from_millis(100));
            bar
        });
        Self { name, bar, started: Instant::now(), last: Mutex::default() }
    }

    /// Says what is being done or waited for; off a terminal, once.
    pub fn say(&self, message: impl Into<String>) {
        let message = message.into();
        if let Some(bar) = &self.bar {
            bar.set_message(message);
            return;
        }
        let mut last = self.last.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if *last != message {
            note(format!("  … {:<20} {message}", self.name));
            *last = message;
        }
    }

    /// Ends it with its result and the time it took. A task that is dropped before ends without a line.
    pub fn done(self, result: impl AsRef<str>) {
        note(format!("  ✓ {:<20} {} ({})", self.name, result.as_ref(), seconds(self.started.elapsed())));
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// `0.4 s`, `12 s`, `3 min 05 s`.
pub fn seconds(time: Duration) -> String {
    match time.as_secs() {
        0..=9 => format!("{:.1} s", time.as_secs_f64()),
        whole @ 10..=119 => format!("{whole} s"),
        whole => format!("{} min {:02} s", whole / 60, whole % 60),
    }
}

/// A table without lines, as wide as its contents.
pub fn table(header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut table = comfy_table::Table::new();
    table.load_style(comfy_table::presets::NOTHING).set_header(header.to_vec());
    for row in rows {
        table.add_row(row);
    }
    table.to_string()
}
