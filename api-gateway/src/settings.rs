//! The gateway's settings.

use std::net::IpAddr;
use std::path::PathBuf;

use config::jwt_auth::AuthSettings;
use config::settings::{Env, Invalid, Settings, Value};
use config::telemetry::TelemetrySettings;
use serde::Serialize;
use url::Url;

/// What the gateway is told at its start.
pub struct GatewaySettings {
    pub telemetry: TelemetrySettings,
    pub auth: AuthSettings,
    pub discovery: Url,
    pub host: IpAddr,
    pub port: u16,
    /// Nginx's prefix: configuration, logs, what is remembered from one run to the next.
    pub folder: PathBuf,
    /// Where the agent itself listens; port 0 is any free one.
    pub agent_host: IpAddr,
    pub agent_port: u16,
    pub tls: Option<Tls>,
    pub logs: LogLimits,
    pub workers: Workers,
    pub access_log: PathBuf,
    pub error_log: PathBuf,
    pub rate: Rate,
    pub login_rate: Rate,
    /// Requests of one client that are being answered at a time.
    pub connections: Connections,
    /// Streams and long polls of one client at a time.
    pub waiting: Connections,
    pub cors_origins: Vec<Origin>,
    pub trusted_proxies: Vec<Network>,
}

/// What the door shows to be trusted.
#[derive(Debug, Clone)]
pub struct Tls {
    /// With the chain, in PEM.
    pub certificate: PathBuf,
    pub key: PathBuf,
    pub port: u16,
}

/// How much log is kept.
#[derive(Debug, Clone, Copy)]
pub struct LogLimits {
    /// A larger file is put aside.
    pub bytes: u64,
    /// So many that were put aside stay.
    pub files: u32,
}

/// How many requests a client may make.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Rate {
    pub per_second: u32,
    /// How many more may come at once.
    pub burst: u32,
}

impl Settings for GatewaySettings {
    fn read(env: &mut Env) -> Result<Self, Invalid> {
        let telemetry = TelemetrySettings::read(env);
        let auth = AuthSettings::read(env);
        let discovery = env.var("DISCOVERY_URL", "the registry").required();
        let host = env.var("GATEWAY_HOST", "address to listen on").default("0.0.0.0");
        let port = env.var("GATEWAY_PORT", "port to listen on").default("80");
        let folder = env.var("GATEWAY_DIR", "folder for configuration, logs and state").required();
        let agent_host =
            env.var("AGENT_HOST", "address that the agent itself listens on").default("127.0.0.1");
        let agent_port = env.var("AGENT_PORT", "the agent's port, 0 for any free one").default("0");
        let tls = tls(env);
        let log_bytes =
            env.var("LOG_MAX_BYTES", "size at which a log file is put aside").default("100000000");
        let log_files = env.var("LOG_FILES", "how many of them are kept").default("5");
        let workers = env.var("NGINX_WORKERS", "worker processes, auto for one a processor").default("auto");
        let access_log =
            env.var("ACCESS_LOG", "file, in GATEWAY_DIR unless absolute").default("logs/access.log");
        let error_log =
            env.var("ERROR_LOG", "file, in GATEWAY_DIR unless absolute").default("logs/error.log");
        let rate = env.var("RATE_LIMIT_PER_SECOND", "requests a second and client").default("200");
        let burst = env.var("RATE_LIMIT_BURST", "requests beyond that at once").default("400");
        let login = env.var("RATE_LIMIT_LOGIN_PER_SECOND", "the same for login and register").default("10");
        let login_burst = env.var("RATE_LIMIT_LOGIN_BURST", "the same for login and register").default("40");
        let connections = env.var("CONNECTIONS_PER_CLIENT", "requests of a client at a time").default("100");
        let waiting =
            env.var("WAITING_PER_CLIENT", "streams and long polls of a client at a time").default("40");
        let cors = env.var("CORS_ORIGINS", "origins whose pages may call, * for all").default("");
        let proxies =
            env.var("TRUSTED_PROXIES", "networks whose X-Forwarded-For is true, as 10.0.0.0/8").default("");
        let positive = |rate: Positive| rate.0;
        Ok(Self {
            telemetry: telemetry?,
            auth: auth?,
            discovery: discovery?,
            host: host?,
            port: port?,
            folder: folder?,
            agent_host: agent_host?,
            agent_port: agent_port?,
            tls: tls?,
            logs: LogLimits { bytes: log_bytes.map(|bytes: Positive| bytes.0.into())?, files: log_files? },
            workers: workers?,
            access_log: access_log?,
            error_log: error_log?,
            rate: Rate { per_second: rate.map(positive)?, burst: burst? },
            login_rate: Rate { per_second: login.map(positive)?, burst: login_burst? },
            connections: connections?,
            waiting: waiting?,
            cors_origins: cors?,
            trusted_proxies: proxies?,
        })
    }
}

/// Both files, or neither.
fn tls(env: &mut Env) -> Result<Option<Tls>, Invalid> {
    let files: [Result<Option<PathBuf>, _>; 2] = [
        env.var("TLS_CERTIFICATE", "certificate with its chain, PEM; with TLS_KEY the door speaks HTTPS")
            .optional(),
        env.var("TLS_KEY", "the certificate's private key, PEM").optional(),
    ];
    let port = env.var("TLS_PORT", "port to listen on with TLS").default("443");
    let [certificate, key] = files;
    match (certificate?, key?, port?) {
        (Some(certificate), Some(key), port) => Ok(Some(Tls { certificate, key, port })),
        (None, None, _) => Ok(None),
        (Some(_), None, _) => Err(env.refuse("TLS_KEY is missing: TLS_CERTIFICATE needs it")),
        (None, Some(_), _) => Err(env.refuse("TLS_CERTIFICATE is missing: TLS_KEY needs it")),
    }
}

/// A number above 0.
struct Positive(u32);

impl Value for Positive {
    fn parse(raw: &str) -> Result<Self, String> {
        let number = raw.parse().ok().filter(|number| *number > 0);
        number.map(Self).ok_or_else(|| "must be a whole number above 0".to_owned())
    }
}

/// So many connections as Nginx can count of one client.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Connections(u16);

impl Connections {
    /// So many of them may have a large body, which Nginx keeps in memory until it is complete.
    #[must_use]
    pub fn with_large_bodies(self) -> Self {
        Self((self.0 / 10).max(1))
    }
}

impl Value for Connections {
    fn parse(raw: &str) -> Result<Self, String> {
        let number = raw.parse().ok().filter(|number| *number > 0);
        number.map(Self).ok_or_else(|| "must be a whole number from 1 to 65535".to_owned())
    }
}

/// `auto` or a number.
#[derive(Debug, Clone, Serialize)]
pub struct Workers(String);

impl Value for Workers {
    fn parse(raw: &str) -> Result<Self, String> {
        match raw == "auto" || raw.parse::<u16>().is_ok_and(|number| number > 0) {
            true => Ok(Self(raw.to_owned())),
            false => Err("must be auto or a whole number above 0".to_owned()),
        }
    }
}

/// The origin of a web page, or `*`.
#[derive(Debug, Clone, Serialize)]
pub struct Origin(String);

impl Value for Origin {
    fn parse(raw: &str) -> Result<Self, String> {
        let origin = Url::parse(raw).ok().map(|url| url.origin().ascii_serialization());
        match raw == "*" || origin.as_deref() == Some(raw) {
            true => Ok(Self(raw.to_owned())),
            false => Err("must be origins such as https://shop.example, or *".to_owned()),
        }
    }
}

/// An address, or a network as `address/bits`.
#[derive(Debug, Clone, Serialize)]
pub struct Network(String);

impl Value for Network {
    fn parse(raw: &str) -> Result<Self, String> {
        let (address, bits) = raw.split_once('/').unwrap_or((raw, "0"));
        let most = match address.parse() {
            Ok(IpAddr::V4(_)) => Some(32),
            Ok(IpAddr::V6(_)) => Some(128),
            Err(_) => None,
        };
        match bits.parse::<u8>().ok().zip(most) {
            Some((bits, most)) if bits <= most => Ok(Self(raw.to_owned())),
            _ => Err("must be networks such as 10.0.0.0/8".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_an_origin_or_a_network_gets_into_the_configuration() {
        assert!(
            ["*", "https://shop.example", "http://localhost:3000"].iter().all(|it| Origin::parse(it).is_ok())
        );
        for bad in ["shop.example", "https://shop.example/", "https://a\";return 200;", "null"] {
            assert!(Origin::parse(bad).is_err(), "{bad}");
        }
        assert!(["10.0.0.0/8", "::1", "fd00::/8"].iter().all(|it| Network::parse(it).is_ok()));
        assert!(["10.0.0.0/33", "shop", "10.0.0.0/8;"].iter().all(|it| Network::parse(it).is_err()));
    }
}
