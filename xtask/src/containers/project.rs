//! One of the two shops that the compose files describe.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use super::engine::{Engine, docker};
use crate::interrupt;
use crate::paths::{local, root};
use crate::run;
use crate::services::{self, DISCOVERY, health};
use crate::ui::Task;

/// Where both have their door.
pub const SHOP: &str = "http://localhost";

/// From nothing, on a busy machine, with every health check's pause.
const UP_WITHIN: Duration = Duration::from_secs(300);

/// Containers, network and volumes of one compose file, under a name of their own.
pub struct Project {
    engine: Engine,
    file: &'static str,
    name: &'static str,
    /// What stands in its `.env`.
    env: Vec<(String, String)>,
}

impl Project {
    pub fn new(
        engine: &Engine,
        file: &'static str,
        name: &'static str,
        env: Vec<(String, String)>,
    ) -> Result<Self> {
        let project = Self { engine: engine.clone(), file, name, env };
        fs::create_dir_all(local())?;
        let text: String = project.env.iter().map(|(name, value)| format!("{name}={value}\n")).collect();
        fs::write(project.env_file(), text)?;
        Ok(project)
    }

    pub fn name(&self) -> &str {
        self.name
    }

    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// What nobody may ever read in a log.
    pub fn secrets(&self) -> impl Iterator<Item = String> {
        let secret = |name: &str| name.ends_with("PASSWORD") || name.ends_with("TOKEN");
        self.env.iter().filter(move |(name, _)| secret(name)).map(|(_, value)| value.clone())
    }

    fn env_file(&self) -> PathBuf {
        local().join(format!("{}.env", self.name))
    }

    /// `docker-compose`, about this shop.
    pub fn compose(&self, arguments: &[&str]) -> Command {
        let mut command = self.engine.compose();
        command.current_dir(root()).args(["--file", self.file, "--project-name", self.name]);
        command.arg("--env-file").arg(self.env_file()).args(arguments);
        for (name, _) in &self.env {
            // The environment would win over the file.
            command.env_remove(name);
        }
        command
    }

    pub fn quietly(&self, arguments: &[&str]) -> Result<String> {
        run::quietly(&mut self.compose(arguments))
    }

    /// Builds the images.
    pub fn build(&self) -> Result<()> {
        self.quietly(&["build"]).map(drop)
    }

    /// Starts what doesn't run, and waits until all of it is healthy.
    pub fn up(&self) -> Result<()> {
        let task = Task::begin(self.file);
        task.say("starting");
        self.quietly(&["up", "--detach"])?;
        self.wait_healthy(&[], &task)?;
        self.wait_welcome()?;
        task.done("all of it is healthy");
        Ok(())
    }

    /// Waits for one healthy instance of each service, and for as many as said of those that are named.
    pub fn wait_healthy(&self, scaled: &[(&str, usize)], task: &Task) -> Result<()> {
        let mut expected: Vec<String> = vec!["api-gateway".to_owned()];
        for service in services::ALL.iter().filter(|service| service.name != DISCOVERY) {
            let count = scaled.iter().find(|(name, _)| *name == service.name).map_or(1, |(_, count)| *count);
            expected.push(service.name.to_owned());
            expected.extend((2..=count).map(|number| format!("{}-{number}", service.name)));
        }
        let deadline = Instant::now() + UP_WITHIN;
        while let Some(missing) = health::missing(SHOP, &expected) {
            interrupt::check()?;
            if Instant::now() > deadline {
                bail!("not healthy after {UP_WITHIN:?}, missing: {missing}\n{}", self.quietly(&["ps"])?);
            }
            task.say(format!("waiting for {missing}"));
            std::thread::sleep(Duration::from_millis(500));
        }
        Ok(())
    }

    /// What a newcomer reads at the end of `up` is what the README says.
    fn wait_welcome(&self) -> Result<()> {
        let text = fs::read_to_string(root().join("deploy/welcome.txt"))?;
        let deadline = Instant::now() + UP_WITHIN;
        loop {
            let log = self.quietly(&["logs", "--no-color", "welcome"])?;
            if text.lines().all(|line| log.contains(line.trim_end())) {
                return Ok(());
            }
            ensure!(Instant::now() < deadline, "nobody is welcomed:\n{log}");
            std::thread::sleep(Duration::from_millis(500));
        }
    }

    /// The containers of a service that run.
    pub fn containers(&self, service: &str) -> Result<Vec<String>> {
        let project = format!("label=com.docker.compose.project={}", self.name);
        let service = format!("label=com.docker.compose.service={service}");
        let found = docker(["ps", "--quiet", "--no-trunc", "--filter", &project, "--filter", &service])?;
        Ok(found.lines().map(str::to_owned).collect())
    }

    /// Where a container is reached from this machine.
    pub fn address(container: &str) -> Result<String> {
        let format = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}";
        docker(["inspect", "--format", format, container])
    }

    /// Everything that was logged.
    pub fn logs(&self) -> Result<String> {
        let output = self.compose(&["logs", "--no-color"]).output().context("reading the logs")?;
        // Compose 2 clears the terminal's line before each of its own, where there is no terminal too.
        Ok(String::from_utf8_lossy(&output.stdout).replace("\u{1b}[2K", ""))
    }

    /// Ends all of it; its data stays.
    pub fn down(&self) -> Result<()> {
        self.quietly(&["down"]).map(drop)
    }

    /// Ends all of it, and forgets its data.
    pub fn remove(&self) -> Result<()> {
        self.quietly(&["down", "--volumes", "--remove-orphans"]).map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_newcomer_is_told_what_the_readme_says() {
        let read = |file: &str| fs::read_to_string(root().join(file)).unwrap();
        assert!(read("README.md").contains(read("deploy/welcome.txt").trim_matches('\n')));
    }
}
