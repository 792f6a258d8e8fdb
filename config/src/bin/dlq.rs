//! Lists dead letters and sends them again. `cargo xtask dlq` runs it with the system's settings.

use clap::{Parser, Subcommand};
use config::BoxError;
use config::kafka::{DeadLetter, DeadLetters, KafkaSettings, Producer};
use config::settings::{Env, Invalid, Settings};

/// Messages that a consumer gave up on.
#[derive(Parser)]
#[command(name = "dlq", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Show what is in a topic's dead letters, with the reason
    List {
        /// Such as `order-events`
        topic: String,
        /// Show the messages as well
        #[arg(long)]
        payload: bool,
    },
    /// Send a message to a topic by hand
    Send {
        /// Such as `order-events`
        topic: String,
        #[arg(long)]
        key: String,
        /// The whole CloudEvents document
        #[arg(long)]
        payload: String,
    },
    /// Send dead letters to their topic again, after what ailed them has been mended
    Resend {
        /// Such as `order-events`
        topic: String,
        /// Only this one, by its offset as `list` shows it
        #[arg(long)]
        offset: Option<i64>,
    },
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    let arguments = Arguments::parse();
    let mut env = Env::from_process();
    let settings = KafkaSettings::read(&mut env).map_err(|Invalid| env.problems().join("; "))?;
    let letters = DeadLetters::new(&settings, Producer::new(&settings, "dlq")?);
    match arguments.command {
        Command::List { topic, payload } => {
            let all = letters.list(&topic)?;
            all.iter().for_each(|letter| show(letter, payload));
            say(&format!("{} dead letters in {topic}", all.len()));
        }
        Command::Send { topic, key, payload } => {
            letters.send(&topic, &key, &payload).await?;
            say(&format!("sent to {topic}"));
        }
        Command::Resend { topic, offset } => {
            let meant = |letter: &DeadLetter| offset.is_none_or(|offset| letter.offset == offset);
            let mut sent = 0;
            for letter in letters.list(&topic)?.into_iter().filter(meant) {
                letters.resend(&letter).await?;
                show(&letter, false);
                sent += 1;
            }
            say(&format!("{sent} sent to {topic} again"));
        }
    }
    Ok(())
}

fn show(letter: &DeadLetter, payload: bool) {
    say(&format!(
        "offset {}  key {}  group {}  was {}",
        letter.offset, letter.key, letter.group, letter.origin
    ));
    say(&format!("  {}", letter.reason));
    if payload {
        say(&format!("  {}", letter.payload));
    }
}

#[expect(clippy::print_stdout, reason = "what was asked for on the command line")]
fn say(line: &str) {
    println!("{line}");
}
