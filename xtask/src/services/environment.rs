//! What each service is told at its start. The names are the contract with the services' settings.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use super::{DISCOVERY, GATEWAY, Service};
use crate::install;
use crate::paths::find_program;
use crate::run;
use crate::servers;
use crate::system::System;
use crate::ui::Task;

type Environment = BTreeMap<String, String>;

/// The catalogue's database in MongoDB.
const CATALOGUE: &str = "product_service";

/// What tools for the whole shop are told, beside where the servers are.
pub fn of_tools(system: &System) -> Environment {
    let mut env = Environment::new();
    put(&mut env, "MONGODB_DATABASE", CATALOGUE);
    env.extend(system.options().env);
    env
}

pub fn of_service(system: &System, service: &Service, port: u16) -> Result<Environment> {
    let options = system.options();
    let mut env = common(system)?;
    put(&mut env, "HOST", "127.0.0.1");
    put(&mut env, "ADVERTISE_HOST", "127.0.0.1");
    put(&mut env, "PORT", port.to_string());
    put(&mut env, "PUBLIC_URL", public_url(system)?);
    put(&mut env, "MONGODB_DATABASE", CATALOGUE);
    put(&mut env, "DEMO_DATA", options.demo_data.to_string());
    for (name, value) in servers::service_environment(system, service.schema().as_deref())? {
        put(&mut env, name, value);
    }
    match service.name {
        "user-service" => put(&mut env, "JWT_KEYS_DIR", jwt_keys(system)?.display().to_string()),
        "payment-service" => {
            put(&mut env, "SIMULATOR_WEBHOOK_SECRETS", system.secrets()?.simulator_webhook_secret);
        }
        "notification-service" => put(&mut env, "MAIL_DIR", mail_folder(system)?.display().to_string()),
        _ => {}
    }
    env.extend(options.env);
    Ok(env)
}

pub fn of_gateway(system: &System) -> Result<Environment> {
    let folder = system.folder().join("gateway");
    fs::create_dir_all(&folder)?;
    let mut env = common(system)?;
    put(&mut env, "GATEWAY_PORT", gateway_port(system)?.to_string());
    put(&mut env, "GATEWAY_DIR", folder.display().to_string());
    put(&mut env, "AGENT_PORT", system.port("gateway-agent", &[])?.to_string());
    env.extend(system.options().env);
    Ok(env)
}

/// The shop's address as a browser on this machine sees it.
pub fn public_url(system: &System) -> Result<String> {
    Ok(match gateway_port(system)? {
        80 => "http://localhost".to_owned(),
        port => format!("http://localhost:{port}"),
    })
}

/// Port 80 belongs to the system that people work with, where binding it is allowed.
pub fn gateway_ports(system: &System) -> &'static [u16] {
    if system.instance() == "dev" { &[80, 8080] } else { &[] }
}

pub fn gateway_port(system: &System) -> Result<u16> {
    system.port(GATEWAY, gateway_ports(system))
}

/// Where the notification service leaves e-mails, as there is no SMTP host.
pub fn mail_folder(system: &System) -> Result<PathBuf> {
    let folder = system.folder().join("mail");
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// The port on which a service's first instance would like to listen.
pub fn preferred_ports(system: &System, service: &Service) -> Vec<u16> {
    if system.instance() == "dev" { vec![service.port] } else { Vec::new() }
}

fn common(system: &System) -> Result<Environment> {
    let mut env = Environment::new();
    let discovery = system.port(DISCOVERY, &[])?;
    put(&mut env, "ENVIRONMENT", "development");
    put(&mut env, "DISCOVERY_URL", format!("http://127.0.0.1:{discovery}"));
    put(&mut env, "INTERNAL_TOKEN", system.secrets()?.internal_token);
    put(&mut env, "LOG_FORMAT", "text");
    put(&mut env, "RUST_LOG", "info");
    put(&mut env, "RUST_BACKTRACE", "1");
    // As in our images: more arenas only keep more memory.
    put(&mut env, "MALLOC_ARENA_MAX", "2");
    Ok(env)
}

fn put(env: &mut Environment, name: &str, value: impl Into<String>) {
    env.insert(name.to_owned(), value.into());
}

/// Makes every access token void: signs with another key from the next start on.
pub fn renew_jwt_keys(system: &System) -> Result<()> {
    let folder = jwt_keys(system)?;
    fs::remove_dir_all(&folder).with_context(|| format!("deleting {}", folder.display()))?;
    jwt_keys(system).map(drop)
}

/// The folder with the private keys that sign access tokens; the first key is made here.
fn jwt_keys(system: &System) -> Result<PathBuf> {
    let folder = system.folder().join("jwt-keys");
    fs::create_dir_all(&folder)?;
    let is_empty = fs::read_dir(&folder)?.next().is_none();
    if is_empty {
        if find_program("openssl").is_none() {
            install::apt_install(&["openssl"], &Task::begin("openssl"))?;
        }
        let date = run::quietly(Command::new("date").args(["--utc", "+%Y-%m-%d"]))?;
        let key = folder.join(format!("{}.pem", date.trim()));
        // openssl makes the file readable by its owner only.
        run::quietly(Command::new("openssl").args(["genpkey", "-algorithm", "ed25519", "-out"]).arg(key))
            .context("making the key that signs access tokens")?;
    }
    Ok(folder)
}
