//! What each step does.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

use super::{Step, alerts, k8s, schemathesis};
use crate::commands::{events, openapi, reset, tidy, up};
use crate::paths::{cache, local, root};
use crate::system::{Options, System};
use crate::ui::Task;
use crate::{install, run, servers, services};

/// The test program that wants a running shop.
const SYSTEM_TESTS: &str = "shop";

pub enum Outcome {
    Done,
    Skipped(String),
}

/// One run of the tests. Servers and shop are started when the first step needs them.
pub struct Run {
    system: System,
    has_servers: bool,
    /// The services' tests leave thousands of topics and schemas behind.
    littered: bool,
    has_shop: bool,
    /// Another run would delete this one's data.
    _lock: File,
}

impl Run {
    pub fn new() -> Result<Self> {
        let system = System::open("test")?;
        let lock = File::create(local().join("test.lock"))?;
        lock.try_lock().context("another `cargo xtask test` is running")?;
        Ok(Self { system, has_servers: false, littered: false, has_shop: false, _lock: lock })
    }

    pub fn step(&mut self, step: Step) -> Result<Outcome> {
        match step {
            Step::Fmt => cargo(&["fmt", "--all", "--check"]),
            Step::Tidy => tidy::run().map(|()| Outcome::Done),
            Step::Clippy => {
                install::build_tools(&Task::begin("build tools"))?;
                cargo(&["clippy", "--workspace", "--all-targets", "--", "--deny", "warnings"])
            }
            Step::Build => services::build_system(false).map(|()| Outcome::Done),
            Step::Openapi => openapi::check().map(|()| Outcome::Done),
            Step::Events => events::check().map(|()| Outcome::Done),
            Step::K8s => k8s::run(),
            Step::Alerts => alerts::run(),
            Step::Deny => deny(),
            Step::Servers => self.servers().map(|()| Outcome::Done),
            Step::Tests => self.tests(),
            Step::System => self.system_tests(),
            Step::Postman => self.postman(),
            Step::Schemathesis => self.schemathesis(),
        }
    }

    pub fn stop(&self) -> Result<()> {
        if self.has_servers { up::stop_everything(&self.system) } else { Ok(()) }
    }

    /// Fresh ones: a test must not pass because of what an earlier run left behind.
    fn servers(&mut self) -> Result<()> {
        if !self.has_servers {
            reset::delete(&self.system)?;
            self.system = System::open(self.system.instance())?;
            self.has_servers = true;
            servers::start_all(&self.system)?;
        }
        Ok(())
    }

    /// The whole shop.
    fn shop(&mut self) -> Result<()> {
        if std::mem::take(&mut self.littered) {
            // With all that Kafka would take a minute for each of its starts, and a backup three.
            self.has_servers = false;
        }
        self.servers()?;
        if !self.has_shop {
            services::build_system(false)?;
            // All tests come from one address, and would otherwise test the gateway's patience alone.
            let limits = ["PER_SECOND", "BURST", "LOGIN_PER_SECOND", "LOGIN_BURST"];
            let mut env: BTreeMap<_, _> =
                limits.map(|limit| (format!("RATE_LIMIT_{limit}"), "10000".to_owned())).into();
            env.insert("CONNECTIONS_PER_CLIENT".to_owned(), "10000".to_owned());
            // Some shoppers place hundreds of orders and pay none.
            env.insert("MAX_OPEN_ORDERS".to_owned(), "0".to_owned());
            // Stock that a killed order-service had set aside comes back within the patience of a test; and any outage
            // is longer than that, so that reservations expire before their orders are told of.
            env.insert("RESERVATION_SECONDS".to_owned(), "10".to_owned());
            self.system.set_options(&Options { release: false, demo_data: true, env })?;
            services::start_all(&self.system)?;
            self.has_shop = true;
        }
        Ok(())
    }

    fn tests(&mut self) -> Result<Outcome> {
        self.servers()?;
        self.littered = true;
        // The gateway's agent and the Stripe client are tested with the real ones, too.
        install::nginx(&Task::begin("nginx"))?;
        servers::localstripe::install()?;
        let mut tests = run::cargo();
        tests.args(["test", "--workspace", "--no-fail-fast"]);
        // Most of them wait more than they work.
        tests.env("RUST_TEST_THREADS", "4").envs(servers::test_environment(&self.system)?);
        run::openly(&mut tests).map(|()| Outcome::Done)
    }

    fn system_tests(&mut self) -> Result<Outcome> {
        self.shop()?;
        let mut tests = run::cargo();
        // Of the whole workspace, like the other tests: by itself the package would have its dependencies built anew,
        // with fewer features. They wait more than they work, and those that disturb the shop hold it alone.
        tests.args(["test", "--workspace", "--test", SYSTEM_TESTS, "--", "--test-threads=4"]);
        tests.env("SYSTEM_INSTANCE", self.system.instance()).env("GATEWAY_URL", self.system.gateway_url()?);
        tests.envs(servers::test_environment(&self.system)?);
        run::openly(&mut tests).map(|()| Outcome::Done)
    }

    fn schemathesis(&mut self) -> Result<Outcome> {
        self.shop()?;
        schemathesis::run(&self.system).map(|()| Outcome::Done)
    }

    fn postman(&mut self) -> Result<Outcome> {
        if postman_files("item")?.is_empty() {
            return Ok(Outcome::Skipped("there is no collection in postman/".to_owned()));
        }
        self.shop()?;
        postman(&self.system.gateway_url()?).map(|()| Outcome::Done)
    }
}

/// Runs the collections against a shop.
pub fn postman(url: &str) -> Result<()> {
    let newman = install::npm_program(&cache().join("newman"), "newman@6", "newman", &Task::begin("newman"))?;
    let environments = postman_files("values")?;
    for collection in postman_files("item")? {
        let mut command = Command::new(&newman);
        command.arg("run").arg(collection).current_dir(root());
        command.args(environments.first().map(|file| format!("--environment={}", file.display())));
        command.arg("--env-var").arg(format!("base_url={url}"));
        run::openly(&mut command)?;
    }
    Ok(())
}

fn cargo(args: &[&str]) -> Result<Outcome> {
    run::openly(run::cargo().args(args)).map(|()| Outcome::Done)
}

fn deny() -> Result<Outcome> {
    if run::quietly(run::cargo().args(["deny", "--version"])).is_err() {
        return Ok(Outcome::Skipped("install it with `cargo install --locked cargo-deny`".to_owned()));
    }
    cargo(&["deny", "check", "licenses", "bans", "sources"])
}

/// The files in `postman/` that have this field: a collection has `item`, an environment `values`.
fn postman_files(field: &str) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(root().join("postman")).into_iter().flatten() {
        let file = entry?.path();
        if file.extension().is_some_and(|ending| ending == "json") {
            let content: Value = serde_json::from_slice(&std::fs::read(&file)?)?;
            found.extend(content.get(field).is_some().then_some(file));
        }
    }
    found.sort();
    Ok(found)
}
