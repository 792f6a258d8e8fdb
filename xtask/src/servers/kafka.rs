//! Apache Kafka, one KRaft node: from `KAFKA_HOME`, else its jars from Maven. Where Maven's registry is out of reach,
//! a broker from crates.io that speaks its protocol.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use rand::Rng;

use super::{Server, preferred, wire};
use crate::install;
use crate::interrupt;
use crate::paths::{cache, find_program};
use crate::run;
use crate::system::{Spec, System};
use crate::ui::Task;

const VERSION: &str = "4.3.1";
const SUBSTITUTE: &[&str] = &[
    "nisshi",
    "--version",
    "0.8.1",
    "--locked",
    "--ignore-rust-version",
    "--no-default-features",
    "--features",
    "dynostore,libsql",
];

pub struct Kafka;

impl Server for Kafka {
    fn name(&self) -> &'static str {
        "kafka"
    }

    fn install(&self, task: &Task) -> Result<()> {
        if jars().is_some() || substitute().is_file() {
            return Ok(());
        }
        if find_program("java").is_none() {
            install::apt_install(&["openjdk-17-jre-headless"], task)?;
        }
        if find_program("mvn").is_none() {
            install::apt_install(&["maven"], task)?;
        }
        let Err(error) = download_jars(task) else { return Ok(()) };
        interrupt::check()?;
        task.say(format!("Maven can't provide Kafka ({error:#}); building a substitute, 10-15 minutes"));
        install::cargo_program(&cache().join("kafka-substitute"), SUBSTITUTE)
    }

    fn prepare(&self, system: &System, task: &Task) -> Result<Spec> {
        let folder = system.data("kafka");
        fs::create_dir_all(&folder)?;
        let port = system.free_port(self.name(), &preferred(system, 9092))?;
        match jars() {
            Some(jars) => apache(system, task, &folder, &jars, port),
            None => Ok(stand_in(folder, port)),
        }
    }

    fn probe(&self, system: &System) -> Result<()> {
        wire::kafka_api_versions(system.port(self.name(), &[])?)
    }

    fn url(&self, system: &System) -> Result<String> {
        Ok(format!("kafka://{}", address(system)?))
    }
}

/// `host:port`, as Kafka's clients want it.
pub fn address(system: &System) -> Result<String> {
    Ok(format!("127.0.0.1:{}", system.port("kafka", &[])?))
}

fn apache(system: &System, task: &Task, folder: &Path, jars: &str, port: u16) -> Result<Spec> {
    let controller = system.free_port("kafka-controller", &[])?;
    let logs = folder.join("logs");
    let properties = folder.join("server.properties");
    fs::write(&properties, server_properties(port, controller, &logs))?;
    let java = find_program("java").context("`java` (17 or later) is missing")?;
    if !logs.join("meta.properties").is_file() {
        task.say("formatting the storage");
        let id = format!("{:022x}", rand::rng().random::<u64>());
        run::quietly(
            Command::new(&java)
                .args(["-cp", jars, "kafka.tools.StorageTool", "format", "--cluster-id", &id, "--config"])
                .arg(&properties),
        )
        .context("formatting Kafka's storage")?;
    }
    let file = properties.display().to_string();
    let args = [
        "-Xms128m",
        "-Xmx1g",
        "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
        "-cp",
        jars,
        "kafka.Kafka",
        &file,
    ];
    Ok(Spec {
        name: "kafka".to_owned(),
        program: java,
        args: args.map(str::to_owned).to_vec(),
        env: Default::default(),
        cwd: folder.to_owned(),
    })
}

fn server_properties(port: u16, controller: u16, logs: &Path) -> String {
    format!(
        "process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
log.dirs={}
offsets.topic.num.partitions=4
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
auto.create.topics.enable=false
",
        logs.display()
    )
}

/// The class path of Kafka, where it is already on this machine.
fn jars() -> Option<String> {
    let home = std::env::var_os("KAFKA_HOME").map(|home| PathBuf::from(home).join("libs"));
    let folder = home.into_iter().chain([downloaded()]).find(|folder| folder.is_dir())?;
    Some(format!("{}/*", folder.display()))
}

/// The folder with the jars from Maven.
pub fn fetched() -> Result<PathBuf> {
    if !downloaded().is_dir() {
        if find_program("mvn").is_none() {
            install::apt_install(&["maven"], &Task::begin("maven"))?;
        }
        download_jars(&Task::begin("kafka"))?;
    }
    Ok(downloaded())
}

fn downloaded() -> PathBuf {
    cache().join(format!("kafka-{VERSION}"))
}

fn download_jars(task: &Task) -> Result<()> {
    task.say(format!("downloading Apache Kafka {VERSION} (50 MB) with Maven"));
    let work = cache().join("kafka-download");
    fs::create_dir_all(&work)?;
    fs::write(work.join("pom.xml"), pom())?;
    let mut maven = Command::new("mvn");
    maven.args(["--batch-mode", "--quiet", "dependency:copy-dependencies", "-DoutputDirectory=jars"]);
    run::quietly(maven.current_dir(&work))?;
    // Renamed when whole, so that a broken download is never taken for Kafka.
    fs::rename(work.join("jars"), downloaded())?;
    fs::remove_dir_all(work).context("tidying up after Maven")
}

/// Kafka logs through slf4j and brings no binding of its own.
fn pom() -> String {
    format!(
        r#"<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>local</groupId>
  <artifactId>kafka</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>org.apache.kafka</groupId>
      <artifactId>kafka_2.13</artifactId>
      <version>{VERSION}</version>
    </dependency>
    <dependency>
      <groupId>org.slf4j</groupId>
      <artifactId>slf4j-simple</artifactId>
      <version>1.7.36</version>
    </dependency>
  </dependencies>
</project>
"#
    )
}

fn stand_in(folder: PathBuf, port: u16) -> Spec {
    let here = format!("tcp://127.0.0.1:{port}");
    let args = [
        "broker",
        "--cluster-id",
        "shop",
        "--listener-url",
        &here,
        "--advertised-listener-url",
        &here,
        "--group-initial-rebalance-delay",
        "0s",
        "--storage-engine",
        "sqlite://nisshi.db",
    ];
    Spec {
        name: "kafka".to_owned(),
        program: substitute(),
        args: args.map(str::to_owned).to_vec(),
        env: Default::default(),
        cwd: folder,
    }
}

fn substitute() -> PathBuf {
    find_program("nisshi").unwrap_or_else(|| cache().join("kafka-substitute/bin/nisshi"))
}
