//! Redis, with its append-only file.

use std::fs;

use anyhow::{Context, Result};

use super::{Server, preferred, wire};
use crate::install::apt_install;
use crate::paths::find_program;
use crate::system::{Spec, System};
use crate::ui::Task;

pub struct Redis;

impl Server for Redis {
    fn name(&self) -> &'static str {
        "redis"
    }

    fn install(&self, task: &Task) -> Result<()> {
        match find_program("redis-server") {
            Some(_) => Ok(()),
            None => apt_install(&["redis-server"], task),
        }
    }

    fn prepare(&self, system: &System, _task: &Task) -> Result<Spec> {
        let folder = system.data("redis");
        fs::create_dir_all(&folder)?;
        let port = system.free_port(self.name(), &preferred(system, 6379))?.to_string();
        let args = [
            "--port",
            &port,
            "--bind",
            "127.0.0.1",
            "--dir",
            ".",
            "--appendonly",
            "yes",
            // As in docker-compose.yml, which says why.
            "--maxmemory",
            "256mb",
            "--maxmemory-policy",
            "volatile-lru",
            "--daemonize",
            "no",
        ];
        Ok(Spec {
            name: self.name().to_owned(),
            program: find_program("redis-server").context("`redis-server` is missing")?,
            args: args.map(str::to_owned).to_vec(),
            env: Default::default(),
            cwd: folder,
        })
    }

    fn probe(&self, system: &System) -> Result<()> {
        wire::redis_ping(system.port(self.name(), &[])?)
    }

    fn url(&self, system: &System) -> Result<String> {
        Ok(format!("redis://127.0.0.1:{}/", system.port(self.name(), &[])?))
    }
}
