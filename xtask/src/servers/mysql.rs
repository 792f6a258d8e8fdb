//! MySQL where it is installed, else MariaDB.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::{Server, preferred};
use crate::install::apt_install;
use crate::paths::find_program;
use crate::run;
use crate::services;
use crate::system::{Spec, System, write_private};
use crate::ui::Task;

/// The user of tests: may make and drop schemas named `t_…`, and sees nothing else.
pub const TEST_USER: &str = "tests";

/// Relative to the data folder, in which server and client run: an absolute one may exceed a socket's 107 characters.
const SOCKET: &str = "--socket=mysql.sock";

pub struct Mysql;

impl Server for Mysql {
    fn name(&self) -> &'static str {
        "mysql"
    }

    fn install(&self, task: &Task) -> Result<()> {
        if program().is_err() || client().is_err() {
            apt_install(&["mariadb-server-core", "mariadb-client-core"], task)?;
        }
        Ok(())
    }

    fn prepare(&self, system: &System, task: &Task) -> Result<Spec> {
        let folder = system.data("mysql");
        let temporary = system.data("mysql-tmp");
        fs::create_dir_all(&temporary)?;
        let program = program()?;
        if !folder.join("mysql").is_dir() {
            task.say("making the data folder");
            initialise(&program, &folder)?;
        }
        let port = system.free_port(self.name(), &preferred(system, 3306))?;
        let mut args = base_args(&folder);
        args.extend([
            format!("--port={port}"),
            SOCKET.to_owned(),
            "--pid-file=mysql.pid".to_owned(),
            format!("--tmpdir={}", temporary.display()),
            "--bind-address=127.0.0.1".to_owned(),
            "--skip-name-resolve".to_owned(),
            "--innodb-flush-log-at-trx-commit=1".to_owned(),
            "--innodb-buffer-pool-size=256M".to_owned(),
            "--max-connections=500".to_owned(),
            "--max-prepared-stmt-count=131072".to_owned(),
            "--character-set-server=utf8mb4".to_owned(),
            "--default-time-zone=+00:00".to_owned(),
        ]);
        args.extend(if is_mariadb(&program) {
            // A thread for each of a few hundred connections switches too much: orders come a third slower.
            vec!["--thread-handling=pool-of-threads".to_owned()]
        } else {
            // The port of the X protocol is fixed, so that a second server could not start; nobody reads or writes files.
            vec!["--skip-mysqlx".to_owned(), "--secure-file-priv=NULL".to_owned()]
        });
        Ok(Spec { name: self.name().to_owned(), program, args, env: Default::default(), cwd: folder })
    }

    fn probe(&self, system: &System) -> Result<()> {
        sql(system, "SELECT 1")
    }

    fn provision(&self, system: &System) -> Result<()> {
        sql(system, &provisioning(system)?)
    }

    fn url(&self, system: &System) -> Result<String> {
        Ok(format!("mysql://127.0.0.1:{}", system.port(self.name(), &[])?))
    }
}

/// What makes backups, which a server alone doesn't bring.
pub fn install_dump(task: &Task) -> Result<()> {
    let is_there = ["mariadb-dump", "mysqldump"].into_iter().any(|program| find_program(program).is_some());
    if is_there { Ok(()) } else { apt_install(&["mariadb-client"], task) }
}

/// Lets a program that reads `MYSQL_OPTION_FILE` in as root, through the socket.
pub fn as_administrator(system: &System, command: &mut Command) -> Result<()> {
    let file = system.folder().join("administrator.cnf");
    write_private(&file, b"[client]\nsocket=mysql.sock\nuser=root\n")?;
    command.current_dir(system.data("mysql")).env("MYSQL_OPTION_FILE", std::path::absolute(file)?);
    Ok(())
}

/// The address with a user's credentials.
pub fn user_url(system: &System, user: &str, schema: &str) -> Result<String> {
    let secrets = system.secrets()?;
    let password = secrets.database_password(user)?;
    Ok(format!("mysql://{user}:{password}@127.0.0.1:{}/{schema}", system.port("mysql", &[])?))
}

/// One schema and one user a service, each with rights on its own schema only; a service that peeks into another's
/// tables fails here, not in production.
fn provisioning(system: &System) -> Result<String> {
    let secrets = system.secrets()?;
    let mut script = String::new();
    for (user, password) in secrets.database_users() {
        script += &format!("CREATE USER IF NOT EXISTS '{user}'@'127.0.0.1';\n");
        script += &format!("ALTER USER '{user}'@'127.0.0.1' IDENTIFIED BY '{password}';\n");
    }
    for schema in services::schemas() {
        script += &format!("CREATE DATABASE IF NOT EXISTS `{schema}` CHARACTER SET utf8mb4;\n");
        script += &format!("GRANT ALL ON `{schema}`.* TO '{schema}'@'127.0.0.1';\n");
    }
    script += &format!("GRANT ALL ON `t\\_%`.* TO '{TEST_USER}'@'127.0.0.1';\n");
    // Root stays reachable through the socket, whose folder is the owner's.
    script += "DROP USER IF EXISTS 'root'@'127.0.0.1', 'root'@'::1';\n";
    Ok(script)
}

fn sql(system: &System, script: &str) -> Result<()> {
    let folder = system.data("mysql");
    let mut command = Command::new(client()?);
    command.args(["--no-defaults", SOCKET, "--user=root"]).current_dir(folder);
    // Not as an argument: the script has passwords, and everybody sees those.
    run::quietly_with_input(&mut command, script).map(drop)
}

fn initialise(program: &Path, folder: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    // A half-made one is made anew: it holds nothing yet.
    let _ = fs::remove_dir_all(folder);
    fs::create_dir_all(folder)?;
    let made = if is_mariadb(program) {
        let script = find_program("mariadb-install-db").context("`mariadb-install-db` is missing")?;
        let options = ["--auth-root-authentication-method=normal", "--skip-test-db"];
        run::quietly(Command::new(script).args(base_args(folder)).args(options))
    } else {
        run::quietly(Command::new(program).args(base_args(folder)).arg("--initialize-insecure"))
    };
    made.context("making MySQL's data folder")?;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).context("closing the data folder")
}

fn base_args(folder: &Path) -> Vec<String> {
    let mut args = vec!["--no-defaults".to_owned(), format!("--datadir={}", folder.display())];
    if rustix::process::geteuid().is_root() {
        args.push("--user=root".to_owned());
    }
    args
}

fn program() -> Result<PathBuf> {
    let mysql8 = find_program("mysqld").filter(|found| !is_mariadb(found));
    mysql8.or_else(|| find_program("mariadbd")).context("neither `mysqld` nor `mariadbd` is installed")
}

fn client() -> Result<PathBuf> {
    find_program("mysql")
        .or_else(|| find_program("mariadb"))
        .context("neither `mysql` nor `mariadb` is installed")
}

fn is_mariadb(program: &Path) -> bool {
    run::quietly(Command::new(program).arg("--version")).is_ok_and(|version| version.contains("MariaDB"))
}
