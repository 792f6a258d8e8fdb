//! Typed settings from the environment (and a `.env` file), validated as a whole at start-up.
//!
//! A group of settings implements [`Settings`]: it reads each variable through [`Env`], which remembers
//! every missing or malformed one, so that an operator sees all mistakes at once:
//!
//! ```
//! use config::settings::{Env, Invalid, Settings};
//!
//! struct Mail { host: String, port: u16 }
//!
//! impl Settings for Mail {
//!     fn read(env: &mut Env) -> Result<Self, Invalid> {
//!         let host = env.var("SMTP_HOST", "mail server").required();
//!         let port = env.var("SMTP_PORT", "its port").default("587");
//!         Ok(Self { host: host?, port: port? })
//!     }
//! }
//! ```

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::str::FromStr;
use std::time::Duration;

use secrecy::SecretString;
use url::Url;

use crate::service::Environment;

/// A group of settings that belong together.
pub trait Settings: Sized + Send + Sync + 'static {
    /// Reads the group. Every variable must be read before the first `?`, so that all mistakes are named.
    fn read(env: &mut Env) -> Result<Self, Invalid>;

    /// Whether they will do where the service runs, or what is wrong ("BCRYPT_COST must be …").
    fn fit(&self, _: Environment) -> Result<(), String> {
        Ok(())
    }
}

impl Settings for () {
    fn read(_: &mut Env) -> Result<Self, Invalid> {
        Ok(())
    }
}

/// At least one setting is missing or malformed; [`Env::problems`] says which.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Invalid;

/// The environment as read at start-up, and what was learnt while reading it.
#[derive(Debug, Default)]
pub struct Env {
    values: BTreeMap<String, String>,
    problems: Vec<String>,
    seen: Vec<Described>,
}

#[derive(Debug)]
struct Described {
    name: &'static str,
    help: &'static str,
    shown: String,
}

impl Env {
    /// The process's environment, over what a `.env` file in the working directory says.
    pub fn from_process() -> Self {
        let file = dotenvy::dotenv_iter().into_iter().flatten().filter_map(Result::ok);
        Self::from_iter(file.chain(std::env::vars()))
    }

    /// Starts reading one variable. `help` says in a few words what it is, with its unit.
    pub fn var(&mut self, name: &'static str, help: &'static str) -> Var<'_> {
        Var { env: self, name, help, secret: false }
    }

    /// Adds a problem that shows only when settings are looked at together.
    pub fn refuse(&mut self, problem: &str) -> Invalid {
        self.complain(problem.to_owned());
        Invalid
    }

    /// Once, however many parts of a program read the same setting.
    fn complain(&mut self, problem: String) {
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    /// What is wrong, a line each; empty when all is well.
    pub fn problems(&self) -> &[String] {
        &self.problems
    }

    /// Every setting read so far with its value, secrets hidden: the output of `--print-settings`.
    pub fn describe(&self) -> String {
        let width =
            self.seen.iter().map(|s| s.name.len() + s.shown.len() + 1).max().unwrap_or_default().min(60);
        self.seen.iter().fold(String::new(), |mut text, setting| {
            let pair = format!("{}={}", setting.name, setting.shown);
            let _ = writeln!(text, "{pair:width$}  # {}", setting.help);
            text
        })
    }
}

impl FromIterator<(String, String)> for Env {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(pairs: I) -> Self {
        Self { values: pairs.into_iter().collect(), ..Self::default() }
    }
}

/// One variable being read.
#[must_use]
#[derive(Debug)]
pub struct Var<'a> {
    env: &'a mut Env,
    name: &'static str,
    help: &'static str,
    secret: bool,
}

impl Var<'_> {
    /// Its value is never printed.
    pub fn secret(mut self) -> Self {
        self.secret = true;
        self
    }

    /// The value, or a problem when it is absent or malformed.
    pub fn required<T: Value>(self) -> Result<T, Invalid> {
        let missing = format!("{} is not set ({})", self.name, self.help);
        let Self { env, name, help, secret } = self;
        match (Var { env: &mut *env, name, help, secret }).optional()? {
            Some(value) => Ok(value),
            None => {
                env.complain(missing);
                Err(Invalid)
            }
        }
    }

    /// The value, or `default` when it is absent.
    pub fn default<T: Value>(self, default: &str) -> Result<T, Invalid> {
        let raw = self.raw().unwrap_or_else(|| default.to_owned());
        self.parse(&raw)
    }

    /// The value, or `None` when it is absent.
    pub fn optional<T: Value>(self) -> Result<Option<T>, Invalid> {
        match self.raw() {
            Some(raw) => self.parse(&raw).map(Some),
            None => {
                let Self { env, name, help, .. } = self;
                env.seen.push(Described { name, help, shown: String::new() });
                Ok(None)
            }
        }
    }

    fn raw(&self) -> Option<String> {
        self.env.values.get(self.name).map(|raw| raw.trim().to_owned()).filter(|raw| !raw.is_empty())
    }

    fn parse<T: Value>(self, raw: &str) -> Result<T, Invalid> {
        let Self { env, name, help, secret } = self;
        let shown = if secret || T::SECRET { "(secret)".to_owned() } else { without_password(raw) };
        env.seen.push(Described { name, help, shown: shown.clone() });
        T::parse(raw).map_err(|reason| {
            env.complain(format!("{name} {reason}, but is {shown} ({help})"));
            Invalid
        })
    }
}

/// A type that a setting can have.
pub trait Value: Sized {
    /// Whether values of this type must never be shown.
    const SECRET: bool = false;

    /// Parses the text, or says what it must be ("must be …").
    fn parse(raw: &str) -> Result<Self, String>;
}

macro_rules! parsed_values {
    ($($type:ty: $what:literal),* $(,)?) => {$(
        impl Value for $type {
            fn parse(raw: &str) -> Result<Self, String> {
                Self::from_str(raw).map_err(|_| concat!("must be ", $what).to_owned())
            }
        }
    )*};
}
parsed_values! {
    u16: "a whole number up to 65535", u32: "a whole number", u64: "a whole number", i64: "a whole number",
    usize: "a whole number", f64: "a number", bool: "true or false", Url: "a URL",
    std::net::IpAddr: "an IP address",
}

impl Value for String {
    fn parse(raw: &str) -> Result<Self, String> {
        Ok(raw.to_owned())
    }
}

impl Value for std::path::PathBuf {
    fn parse(raw: &str) -> Result<Self, String> {
        Ok(raw.into())
    }
}

impl Value for SecretString {
    const SECRET: bool = true;

    fn parse(raw: &str) -> Result<Self, String> {
        Ok(raw.to_owned().into())
    }
}

/// A number of seconds.
impl Value for Duration {
    fn parse(raw: &str) -> Result<Self, String> {
        let seconds = raw.parse::<f64>().map_err(|_| "must be a number of seconds".to_owned())?;
        Self::try_from_secs_f64(seconds).map_err(|_| "must be a number of seconds, 0 or more".to_owned())
    }
}

/// A comma-separated list.
impl<T: Value> Value for Vec<T> {
    const SECRET: bool = T::SECRET;

    fn parse(raw: &str) -> Result<Self, String> {
        raw.split(',').map(str::trim).filter(|part| !part.is_empty()).map(T::parse).collect()
    }
}

/// `mysql://user:password@host` → `mysql://user:***@host`
fn without_password(raw: &str) -> String {
    let Ok(mut url) = Url::parse(raw) else { return raw.to_owned() };
    match url.password().is_some() && url.set_password(Some("***")).is_ok() {
        true => url.into(),
        false => raw.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(pairs: &[(&str, &str)]) -> Env {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn every_bad_setting_is_named_at_once() {
        let mut env = env(&[("PORT", "eighty"), ("PAUSE", "-1")]);
        let port = env.var("PORT", "port").default::<u16>("80");
        let pause = env.var("PAUSE", "pause").default::<Duration>("1");
        let url = env.var("URL", "where").required::<Url>();
        let again = env.var("URL", "where").required::<Url>();
        assert!(again.is_err());
        assert!(port.is_err() && pause.is_err() && url.is_err());
        let problems = env.problems().join("\n");
        for name in ["PORT must be a whole number", "PAUSE must be", "URL is not set (where)"] {
            assert_eq!(problems.matches(name).count(), 1, "{problems}");
        }
    }

    #[test]
    fn secrets_are_never_shown() {
        let mut env = env(&[
            ("TOKEN", "hunter2"),
            ("DATABASE_URL", "mysql://shop:hunter2@db/shop"),
            ("PIN", "hunter2"),
        ]);
        let _ = env.var("TOKEN", "").required::<SecretString>();
        let _ = env.var("DATABASE_URL", "").required::<Url>();
        let _ = env.var("PIN", "").secret().required::<u16>();
        let shown = format!("{}{:?}", env.describe(), env.problems());
        assert!(!shown.contains("hunter2"), "{shown}");
        assert!(shown.contains("mysql://shop:***@db/shop"));
    }
}
