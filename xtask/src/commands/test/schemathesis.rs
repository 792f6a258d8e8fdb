//! Requests that nobody thought of, made from the OpenAPI documents: <https://schemathesis.io>.

use std::fs::File;
use std::num::NonZero;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::paths::cache;
use crate::services::{self, DISCOVERY, Service};
use crate::system::System;
use crate::ui::{self, Task};
use crate::{install, run};

const PACKAGE: &str = "schemathesis==4.32.5";
/// No 5xx, no status, type, header or body that the document doesn't tell.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
                      response_headers_conformance,response_schema_conformance";
/// What ends the caller's own session, never ends by itself, or isn't routed by the gateway.
const LEFT_OUT: &str = "^/internal|/logout|/stream$|^/api/users/(me/password|refresh_token)";
/// The caller's own account must live on.
const SPARED: [&str; 4] = [
    "DELETE /api/users/me",
    "DELETE /api/users/{id}",
    "PUT /api/users/{id}/active",
    "PUT /api/users/{id}/role",
];
/// What its requests may do to accounts must not spoil the others' turns.
const LAST: &str = "user-service";

/// Tries every service's document on the running shop, as an administrator; as many at once as there are cores.
pub fn run(system: &System) -> Result<()> {
    let folder = cache().join("schemathesis");
    let program = folder.join("bin/schemathesis");
    if !program.is_file() {
        install::python_package(&folder, PACKAGE, &Task::begin("schemathesis"))?;
    }
    let (last, others): (Vec<_>, Vec<_>) =
        services::present().into_iter().partition(|service| service.name == LAST);
    let failed = [others, last].map(|services| try_all(&program, &services, system)).concat();
    match failed.is_empty() {
        true => Ok(()),
        false => bail!("the answers of {} aren't what their documents promise", failed.join(", ")),
    }
}

/// Names those that failed.
fn try_all(program: &Path, services: &[Service], system: &System) -> Vec<&'static str> {
    let next = AtomicUsize::new(0);
    let failed = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, NonZero::get) {
            scope.spawn(|| {
                while let Some(service) = services.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let task = Task::begin(service.name);
                    task.say("making requests");
                    match try_out(program, *service, system) {
                        Ok(()) => task.done("every answer is as promised"),
                        Err(error) => {
                            ui::note(format!("{error:#}"));
                            failed.lock().unwrap_or_else(PoisonError::into_inner).push(service.name);
                        }
                    }
                }
            });
        }
    });
    failed.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// One service; what it printed stays in a log.
fn try_out(program: &Path, service: Service, system: &System) -> Result<()> {
    let log = system.folder().join("logs").join(format!("schemathesis-{}.log", service.name));
    let file = File::create(&log).with_context(|| format!("writing {}", log.display()))?;
    let mut command = Command::new(program);
    command.current_dir(system.folder()).arg("run").arg(service.folder().join("openapi.json"));
    command.args(["--checks", CHECKS, "--exclude-path-regex", LEFT_OUT, "--seed", "1", "--no-color"]);
    // One worker: its threads don't get on with each other in Python 3.11, and win nothing.
    command.args(["--phases", "examples,coverage,fuzzing", "--max-examples", "30", "--workers", "1"]);
    command.args(["--continue-on-failure", "--warnings", "off", "--request-timeout", "75"]);
    command.args(SPARED.iter().flat_map(|operation| ["--exclude-name", operation]));
    // The registry is read at its own port; everything else goes through the gateway.
    let token = match service.name {
        DISCOVERY => {
            command.args(["--url", &system.url(DISCOVERY)?, "--include-method", "GET"]);
            None
        }
        _ => {
            let gateway = system.gateway_url()?;
            let token = token(&gateway)?;
            command.args(["--url", &gateway]).arg("--header").arg(format!("Authorization: Bearer {token}"));
            Some(token)
        }
    };
    command.stdin(Stdio::null()).stderr(file.try_clone()?).stdout(file);
    let ended = command.status().with_context(|| format!("starting {}", program.display()))?;
    if !ended.success() {
        let text = std::fs::read_to_string(&log)?;
        bail!("{}\n{}: {ended}; all of it is in {}", run::tail(&text, 150), service.name, log.display());
    }
    // Or the answers were 401, and say nothing.
    token.map_or(Ok(()), |token| still_signed_in(&system.gateway_url()?, &token))
}

fn still_signed_in(gateway: &str, token: &str) -> Result<()> {
    let me = ureq::get(format!("{gateway}/api/users/me")).header("Authorization", format!("Bearer {token}"));
    me.call().context("the requests have ended their own session")?;
    Ok(())
}

/// A token of the demonstration's administrator. It ends soon, so each service gets its own.
fn token(gateway: &str) -> Result<String> {
    let login = json!({ "username": "admin", "password": "Admin123!" }).to_string();
    let answer = ureq::post(format!("{gateway}/api/users/login"))
        .header("Content-Type", "application/json")
        .send(login)
        .context("the administrator can't sign in")?
        .into_body()
        .read_to_string()?;
    let answer: Value = serde_json::from_str(&answer)?;
    Ok(answer["access_token"].as_str().context("a login gives a token")?.to_owned())
}
