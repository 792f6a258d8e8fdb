//! The shop in containers: both compose files, used and disturbed as operators do.

use std::fs;
use std::net::TcpListener;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::steps::postman;
use crate::containers::{Customers, Engine, Load, PASSWORD, Project, SHOP, docker};
use crate::paths::{local, root};
use crate::services::{self, GATEWAY, health};
use crate::ui::{self, Task};
use crate::{interrupt, parallel, run};

const SIMPLE: &str = "docker-compose.simple.yml";
const FULL: &str = "docker-compose.yml";

/// The shop in containers: both compose files, scaled, restarted and killed under load. Skipped without an engine
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only this file
    #[arg(long, value_enum)]
    only: Option<File>,
    /// Orders a second while the shop is disturbed
    #[arg(long, default_value_t = 50.0)]
    rate: f64,
    /// The Compose to use; otherwise `docker-compose`, or else `docker compose`
    #[arg(long, value_name = "COMMAND")]
    compose: Option<String>,
    /// Use the images that are there
    #[arg(long)]
    no_build: bool,
    /// Leave the last shop running
    #[arg(long)]
    keep: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum File {
    /// docker-compose.simple.yml
    Simple,
    /// docker-compose.yml
    Full,
}

/// A new instance gets requests this long after it could take them.
const FOUND_WITHIN: Duration = Duration::from_secs(3);
/// Between two disturbances, so that each has its own consequences.
const CALM: Duration = Duration::from_secs(3);
/// How long the load goes on after the last disturbance, until nobody waits.
const CATCH_UP: Duration = Duration::from_secs(180);
const SCALED: [(&str, usize); 2] = [("order-service", 3), ("product-service", 2)];

pub fn run(args: &Args) -> Result<()> {
    let engine = match Engine::find(args.compose.as_deref()) {
        Ok(engine) => engine,
        Err(why) => {
            ui::say(format!("skipped: {why}"));
            return Ok(());
        }
    };
    ui::note(engine.version()?);
    for port in [80, 8000] {
        TcpListener::bind(("0.0.0.0", port)).with_context(|| {
            format!("port {port} is taken or not allowed: another shop must be stopped first")
        })?;
    }
    engine.base_images()?;
    let simple = || Project::new(&engine, SIMPLE, "shop-test-simple", vec![soon_released()]);
    let full = || Project::new(&engine, FULL, "shop-test-full", settings()?);
    if args.only != Some(File::Full) {
        attended(&simple()?, args, |project| test_simple(project, args))?;
    }
    if args.only != Some(File::Simple) {
        attended(&full()?, args, |project| test_full(project, args))?;
    }
    Ok(())
}

/// Whatever becomes of a test, its containers and their data go.
fn attended(project: &Project, args: &Args, test: impl Fn(&Project) -> Result<()>) -> Result<()> {
    project.remove()?;
    let outcome = test(project);
    let log = local().join(format!("{}.log", project.name()));
    fs::write(&log, project.logs()?)?;
    if !args.keep {
        project.remove()?;
    }
    outcome.with_context(|| format!("the containers' logs are in {}", log.display()))
}

fn test_simple(project: &Project, args: &Args) -> Result<()> {
    from_nothing(project, args)?;
    for service in services::ALL {
        let answer = health::get(&format!("http://127.0.0.1:{}/livez", service.port));
        answer.with_context(|| format!("{} has no port on this machine", service.name))?;
    }
    passed("every service has its port on this machine");
    postman(SHOP)?;
    // Each service has one port on this machine, so there is one instance of each.
    under_load(project, args, false)?;
    no_secrets_in_the_logs(project)
}

fn test_full(project: &Project, args: &Args) -> Result<()> {
    from_nothing(project, args)?;
    refuses_known_secrets(project.engine())?;
    takes_secrets_of_its_own(project.engine())?;
    only_the_door_is_open(project)?;
    redis_keeps_what_counts(project)?;
    postman(SHOP)?;
    under_load(project, args, true)?;
    no_secrets_in_the_logs(project)
}

fn from_nothing(project: &Project, args: &Args) -> Result<()> {
    if !args.no_build {
        project.build()?;
    }
    project.up()?;
    passed("up from nothing, and a newcomer is told what to do next");
    Ok(())
}

/// Production with what everybody can read in the example file.
fn refuses_known_secrets(engine: &Engine) -> Result<()> {
    let example = fs::read_to_string(root().join(".env.example"))?;
    let env = variables(&example).map(|(name, value)| match name.as_str() {
        "ENVIRONMENT" => (name, "production".to_owned()),
        _ => (name, value),
    });
    let outcome = prepare(engine, "shop-test-known", env.collect())?;
    let said = outcome.err().context("production started with the example's secrets")?.to_string();
    for name in [
        "INTERNAL_TOKEN",
        "MYSQL_ROOT_PASSWORD",
        "ORDER_DB_PASSWORD",
        "DEMO_DATA",
        "PAYMENT_PROVIDER",
        "SMTP_HOST",
    ] {
        ensure!(said.contains(name), "{name} isn't refused: {said}");
    }
    passed("production refuses the example's secrets");
    Ok(())
}

/// Production with what operators are told to make, once they have said who takes the money.
fn takes_secrets_of_its_own(engine: &Engine) -> Result<()> {
    const SERVER: (&str, &str) = ("SMTP_HOST", "smtp.example");
    let made = new_env()?;
    let with = |provider: &str, simulated: &str, (mail, place): (&str, &str)| {
        let mut env: Vec<_> = variables(&made).collect();
        let filled_in = [
            ("PAYMENT_PROVIDER", provider),
            ("ALLOW_SIMULATED_PAYMENTS", simulated),
            ("MAIL_FROM", "Shop <shop@shop.example>"),
            ("PUBLIC_URL", "https://shop.example"),
            (mail, place),
        ];
        env.retain(|(name, _)| filled_in.iter().all(|(filled, _)| filled != name));
        env.extend(filled_in.map(|(name, value)| (name.to_owned(), value.to_owned())));
        prepare(engine, "shop-test-own", env)
    };
    for (provider, simulated) in [("", ""), ("", "true"), ("simulator", "")] {
        let outcome = with(provider, simulated, SERVER)?;
        let said = outcome.err().context("production started, and nobody takes the money")?.to_string();
        ensure!(said.contains("PAYMENT_PROVIDER"), "nobody is asked who takes the money: {said}");
    }
    let outcome = with("stripe", "", ("SMTP_HOST", ""))?;
    let said = outcome.err().context("production started, and nobody takes the e-mails")?.to_string();
    ensure!(said.contains("SMTP_HOST"), "nobody is asked who takes the e-mails: {said}");
    for (provider, simulated, mail) in
        [("stripe", "", SERVER), ("simulator", "true", SERVER), ("stripe", "", ("MAIL_DIR", "mail"))]
    {
        with(provider, simulated, mail)?.context("production refuses what deploy/new-env.sh writes")?;
    }
    passed("production takes what deploy/new-env.sh writes, and who takes the money and the e-mails");
    Ok(())
}

/// How `prepare` ends with this `.env`.
fn prepare(engine: &Engine, name: &'static str, env: Vec<(String, String)>) -> Result<Result<String>> {
    let project = Project::new(engine, FULL, name, env)?;
    let outcome = project.quietly(&["run", "--rm", "--no-deps", "prepare"]);
    project.remove()?;
    Ok(outcome)
}

fn only_the_door_is_open(project: &Project) -> Result<()> {
    let label = format!("label=com.docker.compose.project={}", project.name());
    let format = "{{.Label \"com.docker.compose.service\"}} {{.Ports}}";
    let ports = docker(["ps", "--filter", &label, "--format", format])?;
    let is_outside = |port: &str| port.contains("->") && !port.starts_with("127.0.0.1:");
    let open = ports.lines().filter(|line| line.split([' ', ',']).any(is_outside));
    let open: Vec<&str> = open.filter_map(|line| line.split(' ').next()).collect();
    ensure!(open == [GATEWAY], "these are reached from outside: {open:?}");
    health::get("http://127.0.0.1:8000/services").context("discovery has no port on this machine")?;
    passed("only the gateway is reached from outside, and discovery from this machine");
    Ok(())
}

/// Whoever fills Redis makes it forget what nobody touches, and never who is where.
fn redis_keeps_what_counts(project: &Project) -> Result<()> {
    for (question, answer) in [
        ("config get maxmemory", "268435456"),
        ("config get maxmemory-policy", "volatile-lru"),
        ("ttl service:registry:order-service", "-1"),
        ("ttl discovery:services", "-1"),
    ] {
        let script = format!("REDISCLI_AUTH=$REDIS_PASSWORD redis-cli {question}");
        let said = project.quietly(&["exec", "-T", "redis", "sh", "-c", &script])?;
        ensure!(said.lines().any(|line| line.trim() == answer), "{question}: {said}");
    }
    passed("when Redis is full, the registry stays");
    Ok(())
}

fn under_load(project: &Project, args: &Args, scales: bool) -> Result<()> {
    let customers = Arc::new(Customers::register(SHOP)?);
    let load = Load::begin(&customers, args.rate);
    let disturbed = disturb(project, &load, scales);
    let books = load.end()?;
    ui::note(format!(
        "{} orders, {:.1} a second of {} that were wanted; sent again: {:?}; failed: {}, the first: {:?}",
        books.len(),
        books.per_second,
        args.rate,
        books.again,
        books.failures.len(),
        books.failures.first()
    ));
    disturbed?;
    ensure!(books.failures.is_empty(), "{} requests failed", books.failures.len());
    customers.check(&books)?;
    passed("no idempotent request failed, and no order is lost");

    project.down()?;
    project.up()?;
    customers.check(&books)?;
    passed("down and up again: all is kept");
    Ok(())
}

fn disturb(project: &Project, load: &Load, scales: bool) -> Result<()> {
    let calm = |what: &str| {
        std::thread::sleep(CALM);
        passed(&format!("{what}: {}", load.so_far()));
        interrupt::check()
    };
    calm("undisturbed")?;
    if scales {
        scale_up(project)?;
        calm("scaled up")?;
        scale(project, &SCALED.map(|(service, _)| (service, 1)))?;
        project.wait_healthy(&[], &Task::begin("scaled down"))?;
        calm("scaled down")?;
    }
    for service in services::ALL {
        restart(project, service.name)?;
        calm(&format!("{} restarted", service.name))?;
    }
    crash(project, "order-service")?;
    calm("order-service killed")?;
    ensure!(load.broken() == 0, "the gateway broke connections, though it was never disturbed");
    restart(project, GATEWAY)?;
    calm("the gateway restarted")?;
    caught_up(load)
}

/// Whoever came while nobody could be served is served now, beside those who still come.
fn caught_up(load: &Load) -> Result<()> {
    let begun = Instant::now();
    while !load.late().is_zero() {
        if begun.elapsed() > CATCH_UP {
            ui::note(format!("not caught up, this machine carries no more: {}", load.so_far()));
            return Ok(());
        }
        interrupt::check()?;
        std::thread::sleep(Duration::from_millis(200));
    }
    passed(&format!("caught up after {}: {}", ui::seconds(begun.elapsed()), load.so_far()));
    Ok(())
}

fn restart(project: &Project, service: &str) -> Result<()> {
    project.quietly(&["restart", service])?;
    project.wait_healthy(&[], &Task::begin(service))
}

/// The engine brings it back by itself, as it does after a crash.
fn crash(project: &Project, service: &str) -> Result<()> {
    let container = project.containers(service)?.pop().context("it runs")?;
    let pid = docker(["inspect", "--format", "{{.State.Pid}}", &container])?;
    // `docker kill` would count as a wish, and the container would stay down.
    let base = docker(["inspect", "--format", "{{.Config.Image}}", &container])?;
    let image = ["run", "--rm", "--pid=host", "--user=0", "--entrypoint=sh", &base];
    docker(image.into_iter().chain(["-c", &format!("kill -9 {pid}")]))?;
    project.wait_healthy(&[], &Task::begin(service))
}

/// Starts or stops instances.
fn scale(project: &Project, instances: &[(&str, usize)]) -> Result<()> {
    let mut arguments = vec!["up".to_owned(), "--detach".to_owned(), "--no-recreate".to_owned()];
    for (service, count) in instances {
        arguments.extend(["--scale".to_owned(), format!("{service}={count}")]);
    }
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    project.quietly(&words).map(drop)
}

/// More instances, and how soon the gateway finds them.
fn scale_up(project: &Project) -> Result<()> {
    let service = "order-service";
    let before = project.containers(service)?;
    // They are watched while Compose still waits for their health.
    let times = std::thread::scope(|scope| {
        let compose = scope.spawn(|| scale(project, &SCALED));
        let times = started(project, service, &before)
            .and_then(|new| parallel::each(new, |container| time_to_be_found(&container)));
        compose.join().map_err(|_| anyhow::anyhow!("the thread that scales panicked"))??;
        times
    })?;
    project.wait_healthy(&SCALED, &Task::begin("scaled up"))?;
    let longest = times.into_iter().max().unwrap_or_default();
    ensure!(longest < FOUND_WITHIN, "a new instance got its first order after {longest:?}");
    passed(&format!("a new instance gets orders after {}", ui::seconds(longest)));
    Ok(())
}

/// The new containers of a service that is scaled, as soon as all of them run.
fn started(project: &Project, service: &str, before: &[String]) -> Result<Vec<String>> {
    let wanted = SCALED.iter().find(|(name, _)| *name == service).map_or(0, |(_, count)| *count);
    let deadline = Instant::now() + Duration::from_secs(120);
    loop {
        let mut new = project.containers(service)?;
        new.retain(|container| !before.contains(container));
        if new.len() + before.len() >= wanted {
            return Ok(new);
        }
        ensure!(Instant::now() < deadline, "Compose doesn't start more instances of {service}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// From the first answer of an instance to the first order that the gateway sent it.
fn time_to_be_found(container: &str) -> Result<Duration> {
    let base = format!("http://{}:8003", Project::address(container)?);
    let deadline = Instant::now() + Duration::from_secs(120);
    let until = |is_so: &dyn Fn() -> bool, what: &str| {
        while !is_so() {
            interrupt::check()?;
            ensure!(Instant::now() < deadline, "an instance of order-service doesn't {what}");
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(Instant::now())
    };
    let ready = until(&|| health::get(&format!("{base}/livez")).is_ok(), "answer")?;
    // Nobody but the gateway places orders.
    let ordered = |metrics: String| {
        metrics.lines().any(|line| {
            line.starts_with("http_server_request_duration_seconds_count")
                && line.contains(r#"http_request_method="POST""#)
                && line.contains(r#"http_route="/api/orders"#)
        })
    };
    let found = until(&|| health::get(&format!("{base}/metrics")).is_ok_and(ordered), "get orders")?;
    Ok(found - ready)
}

fn no_secrets_in_the_logs(project: &Project) -> Result<()> {
    let log = project.logs()?;
    // The demo accounts are for everybody to read there.
    let log = log.lines().filter(|line| !line.starts_with("welcome")).collect::<Vec<_>>().join("\n");
    let known = [PASSWORD, "Admin123!", "password123", "PRIVATE KEY", "Bearer eyJ"].map(str::to_owned);
    for secret in project.secrets().chain(known) {
        let line = log.lines().find(|line| line.contains(&secret));
        ensure!(line.is_none(), "a secret is in the log: {line:?}");
    }
    passed(&format!("no secrets in {} lines of logs", log.lines().count()));
    Ok(())
}

/// Settings of a shop that is tested: secrets of its own, the demo data that the collection wants, and no limits, since
/// all requests come from one address.
fn settings() -> Result<Vec<(String, String)>> {
    let made = new_env()?;
    let limits = ["PER_SECOND", "BURST", "LOGIN_PER_SECOND", "LOGIN_BURST"];
    let limits = limits.map(|limit| (format!("RATE_LIMIT_{limit}"), "10000".to_owned()));
    let own = [
        ("ENVIRONMENT", "development"),
        ("DEMO_DATA", "true"),
        ("CONNECTIONS_PER_CLIENT", "10000"),
        ("MAX_OPEN_ORDERS", "0"),
    ];
    let own = own.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let mut settings: Vec<_> =
        variables(&made).filter(|(name, _)| own.iter().all(|it| it.0 != *name)).collect();
    settings.extend(own.into_iter().chain(limits).chain([soon_released()]));
    Ok(settings)
}

/// An instance that dies may leave stock reserved, which the books are wrong by until it is given back.
fn soon_released() -> (String, String) {
    ("RESERVATION_SECONDS".to_owned(), "120".to_owned())
}

/// A `.env` for production, with secrets that nobody knows.
fn new_env() -> Result<String> {
    run::quietly(Command::new("sh").arg(root().join("deploy/new-env.sh")))
}

fn variables(text: &str) -> impl Iterator<Item = (String, String)> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| line.split_once('=')).map(|(name, value)| (name.to_owned(), value.to_owned()))
}

fn passed(what: &str) {
    ui::say(format!("  ✓ {what}"));
}
