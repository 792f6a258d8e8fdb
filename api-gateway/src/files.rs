//! The configuration that Nginx runs on, rendered from the templates.

use std::fs::Permissions;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use config::BoxError;
use minijinja::Environment;
use minijinja::value::Serde;
use serde::Serialize;
use tempfile::TempDir;

use crate::refusals::{REFUSALS, Refusal};
use crate::settings::{Connections, GatewaySettings, Network, Origin, Rate, Tls, Workers};
use crate::state::replace;
use crate::upstreams::Upstreams;

const MAIN: &str = "nginx.conf";
const UPSTREAMS: &str = "upstreams.conf";
/// A candidate is tested by a configuration of its own, so that the running one is never a bad one.
const CANDIDATE_MAIN: &str = "nginx.candidate.conf";
const CANDIDATE_UPSTREAMS: &str = "upstreams.candidate.conf";

/// What the main file's template is given.
#[derive(Serialize)]
struct Main<'a> {
    upstreams: &'static str,
    agent_port: u16,
    /// Where the agent hears of requests.
    seen_port: u16,
    /// `01`, `00`, or the share of traces that are kept, in per cent.
    sampled: Sampled,
    listen: SocketAddr,
    tls: Option<Door>,
    workers: &'a Workers,
    access_log: &'a Path,
    error_log: &'a Path,
    reloading: &'a Path,
    rate: Rate,
    login_rate: Rate,
    connections: Connections,
    large_bodies: Connections,
    waiting: Connections,
    cors_origins: &'a [Origin],
    trusted_proxies: &'a [Network],
    refusals: &'static [Refusal],
}

/// Which traces are kept.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Sampled {
    All,
    None,
    PerCent(String),
}

impl Sampled {
    fn of(share: f64) -> Self {
        match share {
            _ if share >= 1.0 => Self::All,
            // The smallest share that Nginx can tell from none.
            _ if share < 0.0001 => Self::None,
            _ => Self::PerCent(format!("{:.2}", share * 100.0)),
        }
    }
}

/// The door with TLS.
#[derive(Serialize)]
struct Door {
    listen: SocketAddr,
    certificate: PathBuf,
    key: PathBuf,
    /// What an address has after the host.
    suffix: String,
}

impl Door {
    fn new(settings: &GatewaySettings, tls: &Tls) -> Result<Self, BoxError> {
        Ok(Self {
            listen: (settings.host, tls.port).into(),
            certificate: std::path::absolute(&tls.certificate)?,
            key: std::path::absolute(&tls.key)?,
            suffix: if tls.port == 443 { String::new() } else { format!(":{}", tls.port) },
        })
    }
}

/// The ports on which the agent itself listens.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AgentPorts {
    pub http: u16,
    pub seen: u16,
}

/// Nginx's files.
pub(crate) struct Files {
    folder: PathBuf,
    /// For what the workers look at: they run as nobody, who may have no way into the folder.
    signals: TempDir,
    templates: Environment<'static>,
}

impl Files {
    /// Makes the folders, and the part of the configuration that doesn't change.
    pub async fn prepare(settings: &GatewaySettings, agent: AgentPorts) -> Result<Self, BoxError> {
        let mut templates = Environment::new();
        templates.add_template(MAIN, include_str!("../nginx.conf"))?;
        templates.add_template(UPSTREAMS, include_str!("../templates/upstreams.conf"))?;
        for folder in ["logs", "temp"] {
            tokio::fs::create_dir_all(settings.folder.join(folder)).await?;
        }
        let files = Self {
            folder: tokio::fs::canonicalize(&settings.folder).await?,
            signals: tempfile::Builder::new()
                .prefix("gateway-")
                .permissions(Permissions::from_mode(0o755))
                .tempdir()?,
            templates,
        };
        for (file, upstreams) in [(MAIN, UPSTREAMS), (CANDIDATE_MAIN, CANDIDATE_UPSTREAMS)] {
            let text = files.templates.get_template(MAIN)?.render(Serde(&Main {
                upstreams,
                agent_port: agent.http,
                seen_port: agent.seen,
                sampled: Sampled::of(settings.telemetry.sampled()),
                listen: (settings.host, settings.port).into(),
                tls: settings.tls.as_ref().map(|tls| Door::new(settings, tls)).transpose()?,
                workers: &settings.workers,
                access_log: &settings.access_log,
                error_log: &settings.error_log,
                reloading: &files.reloading(),
                rate: settings.rate,
                login_rate: settings.login_rate,
                connections: settings.connections,
                large_bodies: settings.connections.with_large_bodies(),
                waiting: settings.waiting,
                cors_origins: &settings.cors_origins,
                trusted_proxies: &settings.trusted_proxies,
                refusals: &REFUSALS,
            }))?;
            replace(&files.folder.join(file), &text).await?;
        }
        Ok(files)
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    pub fn main(&self) -> PathBuf {
        self.folder.join(MAIN)
    }

    /// While this file exists, answers are the last on their connections.
    pub fn reloading(&self) -> PathBuf {
        self.signals.path().join("reloading")
    }

    /// Writes upstreams to be tested, and returns the configuration to test them with.
    pub async fn propose(&self, upstreams: &Upstreams) -> Result<PathBuf, BoxError> {
        let text = self.templates.get_template(UPSTREAMS)?.render(Serde(upstreams))?;
        tokio::fs::write(self.folder.join(CANDIDATE_UPSTREAMS), text).await?;
        Ok(self.folder.join(CANDIDATE_MAIN))
    }

    /// Puts the tested upstreams in the place of the last good ones.
    pub async fn accept(&self) -> Result<(), BoxError> {
        let (candidate, good) = (self.folder.join(CANDIDATE_UPSTREAMS), self.folder.join(UPSTREAMS));
        Ok(tokio::fs::rename(candidate, good).await?)
    }
}
