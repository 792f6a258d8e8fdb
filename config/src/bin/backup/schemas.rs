//! MySQL's schemas: one dump of all, as of one moment, by the server's own programs.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};

use config::BoxError;
use config::settings::{Env, Invalid, Settings};

/// What a dump says as soon as its snapshot is taken.
const SNAPSHOT_TAKEN: &[u8] = b"-- Current Database:";

#[derive(Debug)]
pub struct SchemasSettings {
    option_file: PathBuf,
    pattern: String,
}

impl Settings for SchemasSettings {
    fn read(env: &mut Env) -> Result<Self, Invalid> {
        let option_file = env
            .var(
                "MYSQL_OPTION_FILE",
                "a my.cnf whose [client] part says host, user and password of an administrator",
            )
            .required();
        let pattern = env.var("MYSQL_SCHEMAS", "the shop's schemas, as LIKE reads it").default(r"%\_service");
        Ok(Self { option_file: option_file?, pattern: pattern? })
    }
}

pub struct Schemas {
    settings: SchemasSettings,
    client: &'static str,
    dump: &'static str,
}

impl Schemas {
    pub fn new(settings: SchemasSettings) -> Result<Self, BoxError> {
        let (client, dump) = [("mariadb", "mariadb-dump"), ("mysql", "mysqldump")]
            .into_iter()
            .find(|(client, dump)| [client, dump].into_iter().all(|program| is_there(program)))
            .ok_or("neither mariadb-dump nor mysqldump is here: install the package mariadb-client")?;
        Ok(Self { settings, client, dump })
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        // It must stand first.
        command.arg(format!("--defaults-extra-file={}", self.settings.option_file.display()));
        command
    }

    fn names(&self) -> Result<Vec<String>, BoxError> {
        let query = format!("SHOW DATABASES LIKE '{}'", self.settings.pattern.replace('\'', "''"));
        let mut command = self.command(self.client);
        let output = command
            .args(["--batch", "--skip-column-names", "--execute", &query])
            .stderr(Stdio::inherit())
            .output()?;
        match output.status.success() {
            true => Ok(String::from_utf8(output.stdout)?.lines().map(str::to_owned).collect()),
            false => Err(format!("{} ended with {}", self.client, output.status).into()),
        }
    }

    /// `meanwhile` runs while nobody can commit, between the last transaction in the dump and the first that isn't.
    pub fn save<T>(
        &self,
        file: &Path,
        meanwhile: impl FnOnce() -> Result<T, BoxError>,
    ) -> Result<(Vec<String>, T), BoxError> {
        let names = self.names()?;
        if names.is_empty() {
            return Err(format!("there are no schemas like {}", self.settings.pattern).into());
        }
        let mut lock = Some(Lock::take(self.command(self.client))?);
        let seen = meanwhile()?;
        let mut command = self.command(self.dump);
        command.args(["--single-transaction", "--skip-lock-tables", "--no-tablespaces", "--hex-blob"]);
        command.args(["--default-character-set=utf8mb4", "--add-drop-database", "--databases"]).args(&names);
        let mut dump = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let mut text = BufReader::new(dump.stdout.take().ok_or("the dump has no output")?);
        let mut file = BufWriter::new(File::create(file)?);
        let mut line = Vec::new();
        while text.read_until(b'\n', &mut line)? > 0 {
            if lock.is_some() && line.starts_with(SNAPSHOT_TAKEN) {
                lock.take().map_or(Ok(()), Lock::release)?;
            }
            file.write_all(&line)?;
            line.clear();
        }
        file.into_inner()?.sync_all()?;
        ended_well(dump, self.dump)?;
        match lock {
            None => Ok((names, seen)),
            Some(_) => Err("the dump didn't say when it had its snapshot".into()),
        }
    }

    pub fn restore(&self, file: &Path) -> Result<(), BoxError> {
        let client = self.command(self.client).stdin(File::open(file)?).spawn()?;
        ended_well(client, self.client)
    }
}

fn ended_well(mut child: Child, what: &str) -> Result<(), BoxError> {
    let status = child.wait()?;
    if status.success() { Ok(()) } else { Err(format!("{what} ended with {status}").into()) }
}

fn is_there(program: &str) -> bool {
    let asked = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    asked.is_ok_and(|status| status.success())
}

/// While it lives, nobody commits. It ends with its connection, however this process ends.
struct Lock {
    client: Child,
    input: Option<ChildStdin>,
}

impl Lock {
    fn take(mut command: Command) -> Result<Self, BoxError> {
        command.args(["--batch", "--skip-column-names", "--unbuffered"]);
        let mut client = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let (input, output) = (client.stdin.take(), client.stdout.take());
        let mut lock = Self { client, input };
        let input = lock.input.as_mut().ok_or("the client has no input")?;
        // A transaction that takes long must not make everybody behind the lock wait for long.
        input.write_all(
            b"SET SESSION lock_wait_timeout = 10; FLUSH TABLES WITH READ LOCK; SELECT 'locked';\n",
        )?;
        input.flush()?;
        let mut answer = String::new();
        BufReader::new(output.ok_or("the client has no output")?).read_line(&mut answer)?;
        match answer.trim() {
            "locked" => Ok(lock),
            _ => Err("the schemas can't be locked; see above".into()),
        }
    }

    fn release(mut self) -> Result<(), BoxError> {
        self.input = None;
        let status = self.client.wait()?;
        if status.success() { Ok(()) } else { Err(format!("the lock's client ended with {status}").into()) }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        self.input = None;
        let _ = self.client.wait();
    }
}
