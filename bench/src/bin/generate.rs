//! `cargo xtask generate` runs this against a shop that runs.

use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use bench::Error;
use bench::generator::{Plan, Schedule, Shoppers, Summary, Transactions, brokers, run};
use clap::{Parser, Subcommand};
use tokio_util::sync::CancellationToken;

/// Makes load as customers do: arrivals come by the clock, however slow the answers are, and everything that the
/// shop accepts is followed to its end.
///
/// Exit codes: 0 when all is well, 1 when something accepted was lost, 2 when it couldn't be tried.
#[derive(Parser)]
#[command(name = "cargo xtask generate", bin_name = "cargo xtask generate")]
struct Arguments {
    #[command(subcommand)]
    what: What,
    /// The shop's system, as `cargo xtask up --instance` calls it
    #[arg(long, global = true, default_value = "dev", value_name = "NAME")]
    instance: String,
    /// The gateway of a shop elsewhere
    #[arg(long, global = true, value_name = "URL")]
    base_url: Option<String>,
    /// Kafka's bootstrap servers, to show how far consumers are behind; known for a local system
    #[arg(long, global = true, value_name = "HOST:PORT,…")]
    kafka: Option<String>,
    /// The same number makes the same load
    #[arg(long, global = true, default_value = "1")]
    seed: u64,
    /// Arrivals a second
    #[arg(long, global = true, default_value = "5", value_parser = rate)]
    tps: f64,
    /// Seconds until arrivals end; without it, Ctrl-C ends them
    #[arg(long, global = true, value_parser = seconds)]
    duration: Option<Duration>,
    /// Arrivals at work at once, beyond which the next are counted and let go
    #[arg(long, global = true, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    max_in_flight: Option<u32>,
    /// Seconds that what was accepted may take to its end, after the last arrival
    #[arg(long, global = true, default_value = "30", value_parser = seconds)]
    grace: Duration,
    /// Seconds for which a call is repeated while the shop says "later" or nothing
    #[arg(long, global = true, default_value = "30", value_parser = seconds)]
    patience: Duration,
    /// An administrator, as `name:password`
    #[arg(long, global = true, default_value = "admin:Admin123!", value_parser = name_and_password, hide_default_value = true)]
    admin: (String, String),
    /// File for the summary, which goes to standard output otherwise
    #[arg(long, global = true)]
    output: Option<PathBuf>,
}

#[derive(Clone, Copy, Subcommand)]
enum What {
    /// Transactions of all types; an arrival is a transaction
    Transactions,
    /// Shoppers who look around, search, wish, order, pay, rate and send back; an arrival is a visit
    Shoppers,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match generate(arguments).await {
        Ok(summary) if summary.lost == 0 => ExitCode::SUCCESS,
        Ok(_) => ExitCode::from(1),
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "error: {error}");
            ExitCode::from(2)
        }
    }
}

async fn generate(arguments: Arguments) -> Result<Summary, Error> {
    let what = arguments.what;
    let to_file = arguments.output.is_some();
    let plan = plan(arguments)?;
    let stop = CancellationToken::new();
    end_on_interrupt(stop.clone());
    let summary = match what {
        What::Transactions => run::<Transactions>(plan, stop).await?,
        What::Shoppers => run::<Shoppers>(plan, stop).await?,
    };
    if !to_file || std::io::stdout().is_terminal() {
        writeln!(std::io::stdout(), "{}", serde_json::to_string_pretty(&summary)?)?;
    }
    Ok(summary)
}

fn plan(arguments: Arguments) -> Result<Plan, Error> {
    let (gateway, kafka) = match arguments.base_url {
        Some(url) => (url, arguments.kafka),
        None => {
            let system = xtask::System::attach(&arguments.instance)?;
            (system.gateway_url()?, arguments.kafka.or(Some(brokers(&system)?)))
        }
    };
    // Each visitor has an account, which has to be made.
    let most = arguments.max_in_flight.unwrap_or(match arguments.what {
        What::Transactions => 1_000,
        What::Shoppers => 32,
    });
    Ok(Plan {
        gateway,
        kafka,
        seed: arguments.seed,
        schedule: Schedule { rate: arguments.tps, duration: arguments.duration },
        most: usize::try_from(most)?,
        grace: arguments.grace,
        patience: arguments.patience,
        admin: arguments.admin,
        output: arguments.output,
    })
}

/// Once: no more arrivals. Twice: at once.
fn end_on_interrupt(stop: CancellationToken) {
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            stop.cancel();
        }
        if tokio::signal::ctrl_c().await.is_ok() {
            std::process::exit(130);
        }
    });
}

fn rate(text: &str) -> Result<f64, String> {
    let rate: f64 = text.parse().map_err(|_| "expected a number".to_owned())?;
    if (0.001..=100_000.0).contains(&rate) { Ok(rate) } else { Err("expected 0.001 to 100000".to_owned()) }
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "expected seconds".to_owned())?;
    match Duration::try_from_secs_f64(seconds) {
        Ok(time) if time <= Duration::from_secs(30 * 86_400) => Ok(time),
        _ => Err("expected seconds, 30 days at most".to_owned()),
    }
}

fn name_and_password(text: &str) -> Result<(String, String), String> {
    let (name, password) = text.split_once(':').ok_or("expected name:password")?;
    Ok((name.to_owned(), password.to_owned()))
}
