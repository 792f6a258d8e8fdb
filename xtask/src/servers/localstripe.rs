//! A Stripe for the tests of payment-service, from PyPI. Each test starts one of its own.

use std::path::PathBuf;

use anyhow::Result;

use crate::install;
use crate::paths::cache;
use crate::ui::Task;

/// A separate process that is never linked: it is under the GPL.
const PACKAGE: &str = "localstripe==1.15.10";

pub fn install() -> Result<()> {
    match cache().join("localstripe/bin/localstripe").is_file() {
        true => Ok(()),
        false => install::python_package(&cache().join("localstripe"), PACKAGE, &Task::begin("localstripe")),
    }
}

/// The Python that it is installed for.
pub fn python() -> PathBuf {
    cache().join("localstripe/bin/python")
}
