//! From the first setting to the exit code.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::{Arg, ArgAction, Command};
use poem::Server;
use poem::listener::{Acceptor, Listener, TcpListener};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use super::app::application;
use super::context::{Context, Dependency};
use super::health::Health;
use super::linger::Lingering;
use super::settings::{refuse_demo, refuse_example};
use super::tasks::{Job, Tasks};
use super::{Parts, Service, ServiceSettings, openapi, probe};
use crate::BoxError;
use crate::database::{self, Db, MySqlSettings, RedisSettings};
use crate::jwt_auth::{Auth, AuthSettings, Keys, PublicKeys, Revocations};
use crate::kafka::{self, Consumer, Group, KafkaSettings, MySqlOutbox, Outbox, Producer};
use crate::problem::chain;
use crate::registry::{Registration, Registry};
use crate::settings::{Env, Invalid, Settings};
use crate::telemetry::{Telemetry, TelemetrySettings};

/// Requests that are still running this long after the last one was accepted are cut off.
const FINISH_REQUESTS: Duration = Duration::from_secs(5);
/// The same for background work.
const FINISH_TASKS: Duration = Duration::from_millis(2500);
const FORGET: Duration = Duration::from_secs(600);

/// Runs the service until it is asked to stop (0), its settings are wrong (2) or it fails (1).
pub fn run<S: Service>() -> ExitCode {
    let arguments = command::<S>().get_matches();
    if arguments.get_flag("openapi") {
        return print(openapi::document::<S>().map_err(BoxError::from));
    }
    if arguments.get_flag("events") {
        return print(serde_json::to_string_pretty(&S::events()).map_err(BoxError::from));
    }
    let mut env = Env::from_process();
    let settings = AllSettings::<S>::read(&mut env);
    if arguments.get_flag("print-settings") {
        print(Ok(env.describe()));
    }
    let settings = match settings {
        Ok(settings) => settings,
        Err(Invalid) => return complain::<S>(env.problems()),
    };
    if arguments.get_flag("print-settings") {
        return ExitCode::SUCCESS;
    }
    if arguments.get_flag("health") {
        let here = probe::ask(settings.service.host, settings.service.port);
        return print(here.map(|()| String::new()));
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return complain::<S>(&[format!("no runtime: {error}")]),
    };
    let outcome = match arguments.get_flag("migrate") {
        true => runtime.block_on(migrated::<S>(settings)),
        false => runtime.block_on(until_stopped::<S>(settings)),
    };
    // Blocking work that never ends (a stuck broker) must not keep the process.
    runtime.shutdown_timeout(Duration::from_millis(500));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error = %chain(error.as_ref()), "the service ends");
            complain_about(&format!("{}: {}", S::NAME, chain(error.as_ref())));
            ExitCode::FAILURE
        }
    }
}

fn command<S: Service>() -> Command {
    let flag = |name: &'static str, help: &'static str| {
        Arg::new(name).long(name).help(help).action(ArgAction::SetTrue)
    };
    Command::new(S::NAME)
        .version(S::VERSION)
        .about("A service of the shop. It takes its settings from the environment and from a .env file.")
        .arg(flag("openapi", "Print the OpenAPI document and exit"))
        .arg(flag("events", "Print the JSON Schemas of the events that it publishes and exit"))
        .arg(flag("migrate", "Bring the schema and the topics up to date and exit"))
        .arg(flag("health", "Ask the instance that runs here how it is; the exit code tells"))
        .arg(flag("print-settings", "Print every setting, secrets hidden, check them and exit"))
}

#[expect(clippy::print_stdout, reason = "what was asked for on the command line")]
fn print(text: Result<String, BoxError>) -> ExitCode {
    match text {
        Ok(text) => {
            print!("{text}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            complain_about(&chain(error.as_ref()).to_string());
            ExitCode::FAILURE
        }
    }
}

fn complain<S: Service>(problems: &[String]) -> ExitCode {
    complain_about(&format!("{} can't start with these settings:", S::NAME));
    problems.iter().for_each(|problem| complain_about(&format!("  {problem}")));
    ExitCode::from(2)
}

#[expect(clippy::print_stderr, reason = "before logging works, or when it no longer matters")]
fn complain_about(text: &str) {
    eprintln!("{text}");
}

/// All settings of a service.
pub(crate) struct AllSettings<S: Service> {
    pub service: ServiceSettings,
    pub telemetry: TelemetrySettings,
    pub auth: AuthSettings,
    pub mysql: Option<MySqlSettings>,
    pub redis: RedisSettings,
    pub kafka: Option<KafkaSettings>,
    pub own: S::Settings,
}

impl<S: Service> AllSettings<S> {
    pub(crate) fn read(env: &mut Env) -> Result<Self, Invalid> {
        fn needed<T: Settings>(env: &mut Env, needed: bool) -> Result<Option<T>, Invalid> {
            needed.then(|| T::read(env)).transpose()
        }
        let needs = |dependency| S::NEEDS.contains(&dependency);
        let service = ServiceSettings::read(env, S::PORT);
        let telemetry = TelemetrySettings::read(env);
        let auth = AuthSettings::read(env);
        let mysql = needed(env, needs(Dependency::MySql));
        let redis = RedisSettings::read(env);
        let kafka = needed(env, needs(Dependency::Kafka));
        let own = S::Settings::read(env);
        let all = Self {
            service: service?,
            telemetry: telemetry?,
            auth: auth?,
            mysql: mysql?,
            redis: redis?,
            kafka: kafka?,
            own: own?,
        };
        let environment = all.service.environment;
        let fit = [
            refuse_example(environment, all.auth.service_tokens()),
            refuse_demo(&all.service),
            all.own.fit(environment),
        ];
        match fit.into_iter().filter_map(Result::err).map(|problem| env.refuse(&problem)).last() {
            Some(invalid) => Err(invalid),
            None => Ok(all),
        }
    }
}

async fn until_stopped<S: Service>(settings: AllSettings<S>) -> Result<(), BoxError> {
    let telemetry = Telemetry::start(S::NAME, &settings.telemetry)?;
    let stop = stop_requested()?;
    tracing::info!(version = S::VERSION, "{} starts", S::NAME);
    let registry = Registry::new(settings.service.discovery.clone(), settings.auth.service_token());
    let start = Start::<S> { keys: Arc::new(registry.clone()), registry, settings };
    let migration = Mutex::default();
    let outcome = match unless_stopped(start.begin(&migration), &stop, &migration).await {
        Some(Ok(running)) => running.serve(stop).await,
        Some(Err(error)) => Err(error),
        None => Ok(()),
    };
    if outcome.is_ok() {
        tracing::info!("{} has stopped", S::NAME);
    }
    telemetry.flush().await;
    outcome
}

/// Does what must be done before a new version's first instance starts, and nothing else.
async fn migrated<S: Service>(settings: AllSettings<S>) -> Result<(), BoxError> {
    let telemetry = Telemetry::start(S::NAME, &settings.telemetry)?;
    let stop = stop_requested()?;
    let migration = Mutex::default();
    let prepared = prepared::<S>(settings.mysql.as_ref(), settings.kafka.as_ref(), &migration);
    let outcome = match unless_stopped(prepared, &stop, &migration).await {
        Some(prepared) => prepared.map(|_| tracing::info!("{} is up to date", S::NAME)),
        None => Err("stopped before everything was up to date".into()),
    };
    telemetry.flush().await;
    outcome
}

/// Whoever is asked to end meanwhile leaves what it has begun, but for a migration: MySQL takes no part of it back, and no
/// version would start on a schema that is half changed.
async fn unless_stopped<T>(
    begun: impl Future<Output = T>,
    stop: &CancellationToken,
    migration: &Mutex<()>,
) -> Option<T> {
    let stopped = async {
        stop.cancelled().await;
        drop(migration.lock().await);
    };
    tokio::select! {
        done = begun => Some(done),
        () = stopped => None,
    }
}

/// Waits for the servers; then the schema and the topics are as this version needs them. `migration` is held while the
/// schema is changed.
async fn prepared<S: Service>(
    mysql: Option<&MySqlSettings>,
    kafka: Option<&KafkaSettings>,
    migration: &Mutex<()>,
) -> Result<Option<Db>, BoxError> {
    let (mysql, ()) = tokio::try_join!(
        async {
            let Some(settings) = mysql else { return Ok(None) };
            Db::connect(S::NAME, settings).await.map(Some)
        },
        async {
            let Some(settings) = kafka else { return Ok(()) };
            kafka::ensure_topics(settings, S::TOPICS).await
        },
    )?;
    if let Some(db) = &mysql {
        let _running = migration.lock().await;
        db.migrate(S::migrations()).await?;
    }
    Ok(mysql)
}

/// Cancelled by the first SIGTERM or SIGINT.
fn stop_requested() -> Result<CancellationToken, BoxError> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let token = CancellationToken::new();
    let stop = token.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        stop.cancel();
    });
    Ok(token)
}

/// What a service starts from; tests bring their own keys and registry.
pub(crate) struct Start<S: Service> {
    pub settings: AllSettings<S>,
    pub registry: Registry,
    pub keys: Arc<dyn PublicKeys>,
}

impl<S: Service> Start<S> {
    /// Connects everything, brings the schema up to date while it holds `migration`, wires the service and listens.
    pub(crate) async fn begin(self, migration: &Mutex<()>) -> Result<Running, BoxError> {
        let AllSettings { service, auth, mysql, redis, kafka, own, .. } = self.settings;
        let prepared = prepared::<S>(mysql.as_ref(), kafka.as_ref(), migration);
        let (mysql, redis) = tokio::try_join!(prepared, database::connect_redis(&redis))?;
        let producer = kafka.as_ref().map(|settings| Producer::new(settings, S::NAME)).transpose()?;
        let revocations = Revocations::default();
        let shutdown = CancellationToken::new();
        let mut tasks = Tasks::default();
        {
            let (registry, token) = (self.registry.clone(), shutdown.clone());
            tasks.spawn("registry", async move {
                registry.watch(token).await;
                Ok(())
            });
            let (revocations, redis, token) = (revocations.clone(), redis.clone(), shutdown.clone());
            tasks.spawn("revocations", async move {
                revocations.follow(redis, token).await;
                Ok(())
            });
        }
        let context = Context {
            service,
            settings: own,
            registry: self.registry.clone(),
            clock: crate::clock::system(),
            closing: CancellationToken::new(),
            mysql: mysql.clone(),
            redis: Some(redis),
        };
        let parts = S::wire(&context).await?;
        let redis = S::NEEDS.contains(&Dependency::Redis).then(|| context.redis.clone()).flatten();
        let (health_mysql, health_kafka) = (mysql.clone(), producer.clone());
        start_tasks::<S>(&mut tasks, &parts, mysql, kafka.zip(producer), &shutdown);
        let Parts { api, jobs, public_keys, readiness, unlisted, .. } = parts;
        let health = Health {
            service: S::NAME,
            version: S::VERSION,
            mysql: health_mysql,
            redis,
            kafka: health_kafka,
            own: readiness,
        };
        for job in jobs {
            tasks.start(job, shutdown.clone());
        }
        let keys = Keys::new(public_keys.unwrap_or(self.keys));
        let (followed, token) = (keys.clone(), shutdown.clone());
        tasks.spawn("public keys", async move {
            followed.follow(token).await;
            Ok(())
        });
        let endpoint = application::<S>(api, Auth::new(auth, keys, revocations), health)?;
        let listener = TcpListener::bind((context.service.host, context.service.port));
        let acceptor = Lingering(listener.into_acceptor().await?);
        let address = local_address(&acceptor)?;
        Ok(Running {
            endpoint,
            acceptor,
            address,
            registration: (S::REGISTERED && !unlisted).then_some((S::NAME, S::VERSION)),
            settings: context.service,
            registry: self.registry,
            tasks,
            closing: context.closing,
            shutdown,
        })
    }
}

fn start_tasks<S: Service>(
    tasks: &mut Tasks,
    parts: &Parts<S::Api>,
    mysql: Option<Db>,
    kafka: Option<(KafkaSettings, Producer)>,
    shutdown: &CancellationToken,
) {
    if let Some(db) = mysql.clone() {
        let old = parts.forgotten;
        let forget = Job::every("forget-old", FORGET, move || {
            let db = db.clone();
            async move { database::forget_old(&db, old).await }
        });
        tasks.start(forget, shutdown.clone());
    }
    let Some((settings, producer)) = kafka else { return };
    let of_mysql = || mysql.map(|db| -> Arc<dyn Outbox> { Arc::new(MySqlOutbox::new(db)) });
    if let Some(outbox) = parts.outbox.clone().or_else(of_mysql) {
        tasks.spawn("outbox", kafka::relay(producer.clone(), outbox, shutdown.clone()));
    }
    let mut groups: BTreeMap<Option<&'static str>, Vec<Consumer>> = BTreeMap::new();
    for consumer in &parts.consumers {
        groups.entry(consumer.group(S::NAME)).or_default().push(consumer.clone());
    }
    for (group, consumers) in groups {
        let instance = || Group::Instance(format!("{}-{}", S::NAME, uuid::Uuid::now_v7()));
        let group = group.map_or_else(instance, Group::Service);
        let work = kafka::consume(settings.clone(), producer.clone(), group, consumers, shutdown.clone());
        tasks.spawn("consumer", work);
    }
}

fn local_address(acceptor: &Lingering) -> Result<SocketAddr, BoxError> {
    let address = acceptor.local_addr().into_iter().find_map(|address| address.as_socket_addr().copied());
    address.ok_or_else(|| "the listener has no address".into())
}

/// A service that listens.
pub(crate) struct Running {
    endpoint: poem::endpoint::BoxEndpoint<'static, poem::Response>,
    acceptor: Lingering,
    pub(crate) address: SocketAddr,
    registration: Option<(&'static str, &'static str)>,
    settings: ServiceSettings,
    registry: Registry,
    tasks: Tasks,
    closing: CancellationToken,
    shutdown: CancellationToken,
}

impl Running {
    /// Serves until `stop`, then leaves in good order: hear of no new requests, finish those that run, flush.
    pub(crate) async fn serve(self, stop: CancellationToken) -> Result<(), BoxError> {
        let Self {
            endpoint,
            acceptor,
            address,
            registration,
            settings,
            registry,
            mut tasks,
            closing,
            shutdown,
        } = self;
        let closed = closing.clone();
        let server = Server::new_with_acceptor(acceptor).run_with_graceful_shutdown(
            endpoint,
            async move { closed.cancelled().await },
            Some(FINISH_REQUESTS),
        );
        let mut server = AbortOnDropHandle::new(tokio::spawn(server));
        let membership = match registration {
            Some((name, version)) => {
                let host = settings.advertised_host(address.ip()).await;
                tracing::info!(%host, port = address.port(), "{name} is ready");
                Some(registry.register(Registration {
                    name: name.to_owned(),
                    host,
                    port: address.port(),
                    version: version.to_owned(),
                    metadata: Default::default(),
                }))
            }
            None => {
                tracing::info!(%address, "ready");
                None
            }
        };
        let outcome = tokio::select! {
            () = stop.cancelled() => Ok(()),
            error = tasks.first_end() => Err(error),
            ended = &mut server => Err(format!("the server ended by itself: {ended:?}").into()),
        };
        tracing::info!("shutting down");
        if let Some(membership) = &membership {
            membership.drain().await;
            tokio::time::sleep(settings.drain).await;
        }
        closing.cancel();
        if !server.is_finished() {
            let _ = tokio::time::timeout(FINISH_REQUESTS, server).await;
        }
        shutdown.cancel();
        let finished = match tokio::time::timeout(FINISH_TASKS, tasks.finish()).await {
            Ok(finished) => finished,
            Err(_) => {
                tracing::warn!("some background work did not end in time; it is safe to do again");
                Ok(())
            }
        };
        if let Some(membership) = membership {
            membership.leave().await;
        }
        outcome.and(finished)
    }
}

#[cfg(test)]
mod tests;
