//! The container engine of this machine.

use std::ffi::OsStr;
use std::process::Command;

use anyhow::Result;

use super::stand_ins;
use crate::paths::find_program;
use crate::run;

/// Docker, and the Compose that drives it.
#[derive(Debug, Clone)]
pub struct Engine {
    /// `docker-compose`, or `docker compose`.
    compose: Vec<String>,
}

impl Engine {
    /// The engine, or why there is none.
    pub fn find(compose: Option<&str>) -> Result<Self, String> {
        if find_program("docker").is_none() {
            return Err("there is no `docker` on this machine (Debian: docker.io, docker-compose)".to_owned());
        }
        if docker(["info"]).is_err() {
            return Err(
                "no container engine answers: is dockerd running, and may this user call it?".to_owned()
            );
        }
        let known = ["docker-compose", "docker compose"];
        let found =
            compose.into_iter().chain(known.into_iter().filter(|_| compose.is_none())).find_map(|words| {
                let compose: Vec<String> = words.split_whitespace().map(str::to_owned).collect();
                let (program, arguments) = compose.split_first()?;
                run::quietly(Command::new(program).args(arguments).arg("version")).ok()?;
                Some(compose.clone())
            });
        let compose = found.ok_or("there is no Docker Compose on this machine (Debian: docker-compose)")?;
        Ok(Self { compose })
    }

    /// Sees to it that the images are there on which ours are built.
    pub fn base_images(&self) -> Result<()> {
        stand_ins::provide()
    }

    pub fn compose(&self) -> Command {
        let (program, arguments) = self.compose.split_first().map_or(("", &[][..]), |(it, rest)| (it, rest));
        let mut command = Command::new(program);
        command.args(arguments);
        command
    }

    /// Which Compose it is.
    pub fn version(&self) -> Result<String> {
        let text = run::quietly(self.compose().arg("version"))?;
        Ok(text.lines().next().unwrap_or_default().to_owned())
    }
}

/// Runs `docker`; its output.
pub fn docker<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Result<String> {
    run::quietly(Command::new("docker").args(arguments)).map(|text| text.trim().to_owned())
}
