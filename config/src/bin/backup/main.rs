//! Copies the shop's databases, and what of Kafka isn't in them yet, to a folder and back. `cargo xtask backup` and
//! `cargo xtask restore` run it with the system's settings; docs/OPERATIONS.md says how to elsewhere.

mod catalogue;
mod memory;
mod schemas;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use clap::{Parser, Subcommand};
use config::BoxError;
use config::clock::{Clock as _, SystemClock};
use config::database::RedisSettings;
use config::kafka::{Archive, KafkaSettings, Kept, Producer};
use config::settings::{Env, Invalid, Settings};
use serde::{Deserialize, Serialize};

use catalogue::Catalogue;
use schemas::{Schemas, SchemasSettings};

const MANIFEST: &str = "backup.json";
const SCHEMAS: &str = "schemas.sql";
const CATALOGUE: &str = "catalogue";
const EVENTS: &str = "events.jsonl";

/// Backups of the shop
#[derive(Parser)]
#[command(name = "backup", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Copy everything to a new folder, while the shop runs
    Save {
        #[arg(long, value_name = "FOLDER")]
        to: PathBuf,
    },
    /// Replace everything by what is in the folder, while no service runs
    Restore {
        #[arg(long, value_name = "FOLDER")]
        from: PathBuf,
    },
}

/// What the folder holds; written last, so that a folder with it is whole.
#[derive(Serialize, Deserialize)]
struct Manifest {
    made_at: String,
    schemas: Vec<String>,
    topics: BTreeMap<String, i32>,
    events: usize,
}

struct Shop {
    schemas: Schemas,
    catalogue: Catalogue,
    kafka: KafkaSettings,
}

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let arguments = Arguments::parse();
    let mut env = Env::from_process();
    match arguments.command {
        Command::Save { to } => Shop::connect(&mut env).await?.save(&to).await,
        Command::Restore { from } => {
            let redis = RedisSettings::read(&mut env);
            let shop = Shop::connect(&mut env).await?;
            let redis = redis.map_err(|Invalid| env.problems().join("; "))?;
            shop.restore(&from, &redis).await
        }
    }
}

impl Shop {
    async fn connect(env: &mut Env) -> Result<Self, BoxError> {
        let read = (SchemasSettings::read(env), catalogue::settings(env), KafkaSettings::read(env));
        let (Ok(schemas), Ok(catalogue), Ok(kafka)) = read else {
            return Err(env.problems().join("; ").into());
        };
        Ok(Self { schemas: Schemas::new(schemas)?, catalogue: Catalogue::connect(&catalogue).await?, kafka })
    }

    /// The catalogue first: stock without a product does no harm, a product without stock can't be sold.
    async fn save(&self, folder: &Path) -> Result<(), BoxError> {
        std::fs::create_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        let archive = Archive::open(&self.kafka)?;
        let topics = archive.topics()?;
        let unhandled = archive.unhandled(&topics)?;
        let products = self.catalogue.save(&folder.join(CATALOGUE)).await?;
        say(&format!("{products} documents of the catalogue"));
        // While nobody can commit: whatever is in Kafka by then was committed before, and so is in the copy.
        let (schemas, ends) = self.schemas.save(&folder.join(SCHEMAS), || archive.ends(&topics))?;
        say(&format!("{} schemas", schemas.len()));
        let mut file = BufWriter::new(File::create(folder.join(EVENTS))?);
        let events = archive.read(&unhandled, &ends, |kept| {
            serde_json::to_writer(&mut file, &kept)?;
            Ok(file.write_all(b"\n")?)
        })?;
        file.into_inner()?.sync_all()?;
        say(&format!("{events} events that somebody hadn't handled"));
        let manifest = Manifest { made_at: SystemClock.now().to_rfc3339(), schemas, topics, events };
        std::fs::write(folder.join(MANIFEST), serde_json::to_vec_pretty(&manifest)?)?;
        Ok(())
    }

    async fn restore(&self, folder: &Path, redis: &RedisSettings) -> Result<(), BoxError> {
        let manifest = std::fs::read(folder.join(MANIFEST))
            .map_err(|error| format!("{} holds no whole backup: {error}", folder.display()))?;
        let manifest: Manifest = serde_json::from_slice(&manifest)?;
        let archive = Archive::open(&self.kafka)?;
        if let Some((group, _)) = archive.groups()?.into_iter().find(|(_, has_members)| *has_members) {
            return Err(
                format!("{group} still runs, or ran half a minute ago: stop all services first").into()
            );
        }
        let forgotten = memory::forget(redis).await?;
        say(&format!("{forgotten} keys in Redis that named somebody or an order are forgotten"));
        archive.renew(&manifest.topics).await?;
        self.schemas.restore(&folder.join(SCHEMAS))?;
        say(&format!("{} schemas as of {}", manifest.schemas.len(), manifest.made_at));
        let products = self.catalogue.restore(&folder.join(CATALOGUE)).await?;
        say(&format!("{products} documents of the catalogue"));
        let producer = Producer::new(&self.kafka, "backup")?;
        for line in BufReader::new(File::open(folder.join(EVENTS))?).lines() {
            let kept: Kept = serde_json::from_str(&line?)?;
            archive.send(&producer, &kept).await?;
        }
        say(&format!("{} events", manifest.events));
        Ok(())
    }
}

#[expect(clippy::print_stdout, reason = "what was asked for on the command line")]
fn say(line: &str) {
    println!("{line}");
}

/// A group of settings, or what is wrong with it.
type Read<T> = Result<T, Invalid>;
