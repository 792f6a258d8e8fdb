//! From the first setting to Nginx's end.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use config::BoxError;
use config::problem::chain;
use config::registry::{Registry, Snapshot};
use config::telemetry::{Telemetry, Witness};
use poem::Server;
use poem::listener::{Acceptor, Listener, TcpListener};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::files::{AgentPorts, Files};
use crate::health::Health;
use crate::http;
use crate::nginx::{Nginx, Reloader};
use crate::seen::Requests;
use crate::settings::GatewaySettings;
use crate::state::State;
use crate::upkeep::Upkeep;
use crate::upstreams::{Upstream, Upstreams};

/// Changes that come together make one reload.
const DEBOUNCE: Duration = Duration::from_millis(100);
/// After a failure, to try the same list again.
const RETRY: Duration = Duration::from_secs(1);
const RETRY_NAMES: Duration = Duration::from_secs(5);
/// Between two looks at logs and certificates.
const UPKEEP: Duration = Duration::from_secs(5);

/// Runs the gateway until it is asked to stop, or Nginx ends.
pub async fn run(settings: GatewaySettings) -> Result<(), BoxError> {
    let telemetry = Telemetry::start("api-gateway", &settings.telemetry)?;
    let witness = Witness::new("api-gateway", &settings.telemetry)?;
    let outcome = serve(&settings, witness.clone()).await;
    if let Err(error) = &outcome {
        tracing::error!(error = %chain(error.as_ref()), "the gateway ends");
    }
    witness.flush().await;
    telemetry.flush().await;
    outcome
}

async fn serve(settings: &GatewaySettings, witness: Witness) -> Result<(), BoxError> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let hangups = signal(SignalKind::hangup())?;
    let acceptor = TcpListener::bind((settings.agent_host, settings.agent_port)).into_acceptor().await?;
    let agent_port = acceptor.local_addr().into_iter().find_map(|it| Some(it.as_socket_addr()?.port()));
    let (requests, seen) = Requests::listen()?;
    requests.watch(witness)?;
    let ports = AgentPorts { http: agent_port.ok_or("the agent has no address")?, seen };
    let files = Files::prepare(settings, ports).await?;
    let upkeep = Upkeep::new(settings, files.folder()).await;

    let registry = Registry::new(settings.discovery.clone(), settings.auth.service_token());
    let health = Health::new(registry.clone())?;
    let mut agent = Agent {
        state: State::load(files.folder()),
        applied: Vec::new(),
        must_apply: false,
        must_reopen: false,
        files,
        upkeep,
        health: health.clone(),
    };
    let remembered = agent.state.snapshot.clone();
    agent.health.expect(agent.state.services.clone());
    let upstreams = Upstreams::resolve(&remembered).await.0;
    agent.accept(&upstreams).await?;
    let mut nginx = Nginx::start(agent.files.folder(), &agent.files.main()).await?;
    agent.runs_on(upstreams.services);
    if remembered != Snapshot::default() {
        agent.health.routed(&remembered);
        registry.restore(remembered);
    }

    let shutdown = CancellationToken::new();
    let watch = tokio::spawn({
        let (registry, shutdown) = (registry.clone(), shutdown.clone());
        async move { registry.watch(shutdown).await }
    });
    let reloader = nginx.reloader();
    let server = tokio::spawn(Server::new_with_acceptor(acceptor).run(http::routes(health)?));
    let outcome = tokio::select! {
        _ = terminate.recv() => Ok(()),
        _ = interrupt.recv() => Ok(()),
        error = nginx.ended() => return Err(error),
        never = agent.follow(&registry, reloader, hangups) => match never {},
        ended = server => Err(format!("the agent's server ended: {ended:?}").into()),
    };
    tracing::info!("shutting down");
    shutdown.cancel();
    watch.await?;
    nginx.stop().await?;
    outcome
}

struct Agent {
    files: Files,
    upkeep: Upkeep,
    state: State,
    health: Health,
    /// What Nginx runs on.
    applied: Vec<Upstream>,
    /// Whether its file says something else than that, since what came in between failed.
    must_apply: bool,
    /// Whether Nginx has still to be told to open its files anew.
    must_reopen: bool,
}

impl Agent {
    /// Brings every change to Nginx; never ends.
    async fn follow(&mut self, registry: &Registry, nginx: Reloader, mut hangups: Signal) -> Infallible {
        let mut seen: Option<Arc<Snapshot>> = None;
        let mut looks = interval(UPKEEP);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let (asked, changed) = tokio::select! {
                _ = registry.changed(seen.as_deref()) => (false, true),
                _ = looks.tick() => (false, false),
                _ = hangups.recv() => (true, false),
            };
            if !changed {
                if let Err(error) = self.look_after(nginx, asked).await {
                    tracing::error!(error = %chain(error.as_ref()), "nginx goes on with what it has");
                }
                continue;
            }
            sleep(DEBOUNCE).await;
            let snapshot = registry.changed(None).await;
            let retry = match self.apply(&snapshot, nginx).await {
                Ok(true) => None,
                Ok(false) => Some(RETRY_NAMES),
                Err(error) => {
                    metrics::counter!("gateway_reload_failures_total").increment(1);
                    tracing::error!(error = %chain(error.as_ref()), "keeping the last good upstreams");
                    Some(RETRY)
                }
            };
            if let Some(pause) = retry {
                // Over early when there is another list anyway.
                let _ = timeout(pause, registry.changed(Some(&snapshot))).await;
            }
            seen = retry.is_none().then_some(snapshot);
        }
    }

    /// Has Nginx open its files anew when that is called for: a log was put aside, the certificate was renewed, or
    /// somebody asked for it by SIGHUP.
    async fn look_after(&mut self, nginx: Reloader, asked: bool) -> Result<(), BoxError> {
        let put_aside = self.upkeep.put_aside().await?;
        let renewed = self.upkeep.is_renewed().await;
        if !(put_aside || renewed || asked || self.must_reopen) {
            return Ok(());
        }
        Nginx::test(self.files.folder(), &self.files.main()).await?;
        self.must_reopen = true;
        nginx.reload(&self.files.reloading()).await?;
        self.must_reopen = false;
        tracing::info!(put_aside, renewed, asked, "nginx opens its files anew");
        Ok(())
    }

    /// `false` when some host name could not be resolved.
    async fn apply(&mut self, snapshot: &Snapshot, nginx: Reloader) -> Result<bool, BoxError> {
        self.health.routing(snapshot);
        self.state.update(self.files.folder(), snapshot.clone()).await?;
        self.health.expect(self.state.services.clone());
        let (upstreams, complete) = Upstreams::resolve(snapshot).await;
        if upstreams.services != self.applied || self.must_apply {
            metrics::counter!("gateway_reloads_total").increment(1);
            self.must_apply = true;
            self.accept(&upstreams).await?;
            nginx.reload(&self.files.reloading()).await?;
            self.runs_on(upstreams.services);
            self.must_apply = false;
            tracing::info!(index = snapshot.index, "nginx takes up the registry's change {}", snapshot.index);
        }
        self.health.routed(snapshot);
        Ok(complete)
    }

    async fn accept(&self, upstreams: &Upstreams) -> Result<(), BoxError> {
        let candidate = self.files.propose(upstreams).await?;
        Nginx::test(self.files.folder(), &candidate).await?;
        self.files.accept().await
    }

    /// Only after Nginx has taken them up: what failed before that is tried again.
    fn runs_on(&mut self, upstreams: Vec<Upstream>) {
        for Upstream { name, .. } in &self.applied {
            metrics::gauge!("gateway_upstream_instances", "upstream" => name.clone()).set(0);
        }
        for Upstream { name, addresses } in &upstreams {
            metrics::gauge!("gateway_upstream_instances", "upstream" => name.clone())
                .set(addresses.len() as f64);
        }
        self.applied = upstreams;
    }
}
