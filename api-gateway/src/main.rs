//! `gateway-agent`: 0 when it was asked to stop, 2 when the settings are wrong, 1 when something failed.
//! `gateway-agent --health` asks the one that runs here how it is; the exit code tells.

use std::process::ExitCode;

use api_gateway::{GatewaySettings, agent};
use config::problem::chain;
use config::service::probe;
use config::settings::{Env, Settings};

fn main() -> ExitCode {
    let mut env = Env::from_process();
    let Ok(settings) = GatewaySettings::read(&mut env) else {
        complain("the gateway can't start with these settings:");
        env.problems().iter().for_each(|problem| complain(&format!("  {problem}")));
        return ExitCode::from(2);
    };
    let outcome = if std::env::args_os().nth(1).is_some_and(|argument| argument == "--health") {
        probe::ask(settings.host, settings.port)
    } else {
        tokio::runtime::Runtime::new()
            .map_err(config::BoxError::from)
            .and_then(|runtime| runtime.block_on(agent::run(settings)))
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&format!("api-gateway: {}", chain(error.as_ref())));
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::print_stderr, reason = "before logging works, or when it no longer matters")]
fn complain(text: &str) {
    eprintln!("{text}");
}
