//! MongoDB where it is installed, else a server that speaks its protocol: from PyPI, which takes seconds, or, where a
//! benchmark has had it built, from crates.io, which is some four times as fast. Both read the same files.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};

use super::{Server, preferred, wire};
use crate::install;
use crate::paths::{cache, find_program};
use crate::system::{Spec, System};
use crate::ui::{self, Task};

/// A separate process that is never linked: it is under the GPL.
pub const SUBSTITUTE: &str = "SecantusDB==0.7.0b3";

/// Of the same makers.
const OPTIMISED: &[&str] =
    &["secantus-mdb", "--version", "0.5.3-beta.196", "--locked", "--ignore-rust-version"];

/// Builds the fast substitute, unless it or MongoDB itself is here: no figure is to be that of an interpreter.
pub fn install_optimised() -> Result<()> {
    if find_program("mongod").is_some() || optimised().is_file() {
        return Ok(());
    }
    ui::note("building a server that stands in for MongoDB, about 8 minutes");
    install::cargo_program(&cache().join("mongodb-optimised"), OPTIMISED)
}

pub struct Mongodb;

impl Server for Mongodb {
    fn name(&self) -> &'static str {
        "mongodb"
    }

    fn install(&self, task: &Task) -> Result<()> {
        if find_program("mongod").is_some() || substitute().is_file() {
            return Ok(());
        }
        install::python_package(&cache().join("mongodb"), SUBSTITUTE, task)
    }

    fn prepare(&self, system: &System, _task: &Task) -> Result<Spec> {
        let folder = system.data("mongodb");
        fs::create_dir_all(&folder)?;
        let port = system.free_port(self.name(), &preferred(system, 27017))?.to_string();
        let data = folder.display().to_string();
        let (program, args) = match find_program("mongod") {
            Some(mongod) => {
                let storage = ["--dbpath", &data, "--wiredTigerCacheSizeGB", "0.25"];
                (mongod, [&["--bind_ip", "127.0.0.1", "--port", &port], &storage[..]].concat())
            }
            None => {
                // Without `--sync-on-commit` a kill loses acknowledged writes.
                let storage = ["--storage-path", &data, "--cache-size", "256M", "--sync-on-commit"];
                (substitute(), [&["--host", "127.0.0.1", "--port", &port], &storage[..]].concat())
            }
        };
        let args = args.into_iter().map(str::to_owned).collect();
        Ok(Spec { name: self.name().to_owned(), program, args, env: Default::default(), cwd: folder })
    }

    fn probe(&self, system: &System) -> Result<()> {
        wire::mongodb_hello(system.port(self.name(), &[])?).context("mongodb")
    }

    fn url(&self, system: &System) -> Result<String> {
        Ok(format!("mongodb://127.0.0.1:{}/?directConnection=true", system.port(self.name(), &[])?))
    }
}

fn optimised() -> PathBuf {
    cache().join("mongodb-optimised/bin/secantusd-rs")
}

/// The fast one, where somebody has had it built.
fn substitute() -> PathBuf {
    Some(optimised())
        .filter(|built| built.is_file())
        .unwrap_or_else(|| cache().join("mongodb/bin/secantusd-py"))
}
