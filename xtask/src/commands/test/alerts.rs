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
    let Some(promtool) = promtool()? else {
        return Ok(Outcome::Skipped("install promtool, which comes with Prometheus".to_owned()));
    };
    let promtool = |args: &[&str]| run::openly(Command::new(&promtool).args(args).current_dir(root()));
    promtool(&["check", "rules", RULES])?;
    promtool(&["test", "rules", TESTS])?;
    Ok(Outcome::Done)
}

/// Debian's package is unpacked, not installed: nobody wants another Prometheus to start with their machine.
fn promtool() -> Result<Option<PathBuf>> {
    if let Some(installed) = find_program("promtool") {
        return Ok(Some(installed));
    }
    let folder = cache().join("prometheus");
    let unpacked = folder.join("usr/bin/promtool");
    if unpacked.is_file() {
        return Ok(Some(unpacked));
    }
    let (Some(apt_get), Some(dpkg_deb)) = (find_program("apt-get"), find_program("dpkg-deb")) else {
        return Ok(None);
    };
    let task = Task::begin("promtool");
    task.say("downloading Debian's package of Prometheus");
    let downloads = tempfile::tempdir()?;
    let apt_get = |args: &[&str]| {
        run::quietly(Command::new(&apt_get).arg("--quiet").args(args).current_dir(&downloads))
    };
    let download = || apt_get(&["download", "prometheus"]);
    if download().is_err() {
        // A fresh machine has no package lists yet.
        apt_get(&["update"]).and_then(|_| download()).context("downloading prometheus with apt-get")?;
    }
    let package = fs::read_dir(&downloads)?.next().context("apt-get has downloaded nothing")??.path();
    fs::create_dir_all(&folder)?;
    run::quietly(Command::new(dpkg_deb).arg("--extract").arg(package).arg(&folder))?;
    task.done("unpacked");
    Ok(Some(unpacked))
}
