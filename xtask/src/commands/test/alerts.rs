//! The alerts: well-formed, and each fires when it should and not otherwise.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use super::steps::Outcome;
use crate::paths::{cache, find_program, root};
use crate::run;
use crate::ui::Task;

const RULES: &str = "deploy/prometheus/alerts.yml";
const TESTS: &str = "deploy/prometheus/alerts.test.yml";

pub fn run() -> Result<Outcome> {
    let promtool = match promtool() {
        Ok(program) => program,
        Err(error) => {
            return Ok(Outcome::Skipped(format!("install promtool, which comes with Prometheus: {error:#}")));
        }
    };
    let promtool = |args: &[&str]| run::openly(Command::new(&promtool).args(args).current_dir(root()));
    promtool(&["check", "rules", RULES])?;
    promtool(&["test", "rules", TESTS])?;
    Ok(Outcome::Done)
}

/// Debian's package is unpacked, not installed: nobody wants another Prometheus to start with their machine.
fn promtool() -> Result<PathBuf> {
    let unpacked = cache().join("promtool");
    if let Some(program) = find_program("promtool").or_else(|| unpacked.is_file().then(|| unpacked.clone())) {
        return Ok(program);
    }
    let apt_get = find_program("apt-get").context("there is no apt-get here")?;
    let task = Task::begin("promtool");
    task.say("downloading Debian's package of Prometheus");
    let work = tempfile::tempdir_in(cache())?;
    let apt_get =
        |args: &[&str]| run::quietly(Command::new(&apt_get).arg("--quiet").args(args).current_dir(&work));
    let download = || apt_get(&["download", "prometheus"]);
    if download().is_err() {
        // A fresh machine has no package lists yet.
        apt_get(&["update"]).and_then(|_| download())?;
    }
    let package = fs::read_dir(&work)?.next().context("apt-get has downloaded nothing")??.path();
    run::quietly(Command::new("dpkg-deb").arg("--extract").arg(package).arg(work.path()))?;
    // Whole or not at all: what is there is believed to be.
    fs::rename(work.path().join("usr/bin/promtool"), &unpacked).context("the package has no promtool")?;
    task.done("unpacked");
    Ok(unpacked)
}
