//! The settings that every service has.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use secrecy::SecretString;
use url::Url;

use crate::money::Currency;
use crate::settings::{Env, Invalid};

/// Somewhere else, by an address that belongs to nobody (RFC 5737). Nothing is ever sent there.
const ELSEWHERE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), 9);

/// Where a service runs and whom it knows.
#[derive(Debug)]
pub struct ServiceSettings {
    pub environment: Environment,
    pub host: IpAddr,
    /// 0: any free one.
    pub port: u16,
    /// The address that others reach it at; its own, when not set.
    pub advertise_host: Option<String>,
    pub discovery: Url,
    /// Pause between leaving the registry and refusing connections, so that callers have heard of it.
    pub drain: Duration,
    /// The shop's currency.
    pub currency: Currency,
    pub demo_data: bool,
}

impl ServiceSettings {
    pub(crate) fn read(env: &mut Env, port: u16) -> Result<Self, Invalid> {
        let environment = env.var("ENVIRONMENT", "development or production").default("production");
        let host = env.var("HOST", "address to listen on").default("0.0.0.0");
        let port = env.var("PORT", "port to listen on, 0 for any free one").default(&port.to_string());
        let advertise = env.var("ADVERTISE_HOST", "address that others reach this instance at").optional();
        let discovery = env.var("DISCOVERY_URL", "the registry").required();
        let drain = env.var("DRAIN_SECONDS", "pause between leaving the registry and closing").default("2");
        let currency = env.var("SHOP_CURRENCY", "the shop's currency, ISO 4217").default("USD");
        let demo = env.var("DEMO_DATA", "whether to load the demonstration data").default("false");
        Ok(Self {
            environment: environment?,
            host: host?,
            port: port?,
            advertise_host: advertise?,
            discovery: discovery?,
            drain: drain?,
            currency: currency?,
            demo_data: demo?,
        })
    }
}

impl ServiceSettings {
    /// The address that others reach this instance at: as set, else the one that faces discovery, or the world.
    pub async fn advertised_host(&self, bound: IpAddr) -> String {
        if let Some(host) = &self.advertise_host {
            return host.clone();
        }
        if !bound.is_unspecified() {
            return bound.to_string();
        }
        let discovery = self.discovery.socket_addrs(|| None).ok().and_then(|all| all.into_iter().next());
        // Where a whole shop starts at once, discovery may not have its name yet.
        let other = discovery.unwrap_or(ELSEWHERE);
        let facing = async {
            let any: IpAddr = if other.is_ipv4() { [0, 0, 0, 0].into() } else { [0u16; 8].into() };
            let socket = tokio::net::UdpSocket::bind((any, 0)).await.ok()?;
            socket.connect(other).await.ok()?;
            Some(socket.local_addr().ok()?.ip().to_string())
        };
        facing.await.unwrap_or_else(|| "127.0.0.1".to_owned())
    }
}

/// What is at stake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Environment {
    Development,
    Production,
}

impl crate::settings::Value for Environment {
    fn parse(raw: &str) -> Result<Self, String> {
        match raw {
            "development" => Ok(Self::Development),
            "production" => Ok(Self::Production),
            _ => Err("must be development or production".to_owned()),
        }
    }
}

/// Words that example files use for secrets: they must not protect anything real.
const EXAMPLES: [&str; 4] = ["change-me", "changeme", "example", "secret"];

/// Refuses the example files' secrets in production, the one that is shown and all that are accepted.
pub(crate) fn refuse_example(environment: Environment, tokens: &[SecretString]) -> Result<(), String> {
    use secrecy::ExposeSecret as _;
    let is_weak = |token: &SecretString| {
        let token = token.expose_secret();
        token.len() < 16 || EXAMPLES.iter().any(|word| token.contains(word))
    };
    match environment == Environment::Production && (tokens.is_empty() || tokens.iter().any(is_weak)) {
        true => Err("INTERNAL_TOKEN must be a secret of your own, 16 characters or more, in production, \
                     and so must each of several"
            .to_owned()),
        false => Ok(()),
    }
}

/// Refuses the demonstration in production: everybody can read its administrators' passwords.
pub(crate) fn refuse_demo(service: &ServiceSettings) -> Result<(), String> {
    match service.environment == Environment::Production && service.demo_data {
        true => Err("DEMO_DATA must be false in production: its passwords are known to everybody".to_owned()),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::{AllSettings, Context, Dependency, Parts, Service};

    struct Shop;

    impl Service for Shop {
        const NAME: &'static str = "shop-service";
        const PORT: u16 = 0;
        const NEEDS: &'static [Dependency] = &[];
        type Settings = ();
        type Api = ();

        async fn wire(_: &Context<()>) -> Result<Parts<()>, crate::BoxError> {
            Ok(Parts::new(()))
        }
    }

    /// What is wrong with these settings, by the variables' names.
    fn refused(environment: &str, tokens: &str, demo: &str) -> Vec<String> {
        let settings = [
            ("ENVIRONMENT", environment),
            ("INTERNAL_TOKEN", tokens),
            ("DEMO_DATA", demo),
            ("DISCOVERY_URL", "http://discovery:8000"),
            ("REDIS_URL", "redis://redis"),
        ];
        let mut env: Env =
            settings.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        assert_eq!(AllSettings::<Shop>::read(&mut env).is_err(), !env.problems().is_empty());
        let names = env.problems().iter().filter_map(|problem| problem.split_whitespace().next());
        names.map(ToOwned::to_owned).collect()
    }

    #[test]
    fn production_has_secrets_of_its_own_and_no_demonstration() {
        let good = "a-token-that-nobody-guesses";
        assert_eq!(refused("production", good, "false"), Vec::<String>::new());
        assert_eq!(refused("production", &format!("{good},{good}-either"), "false"), Vec::<String>::new());
        for weak in [
            "short".to_owned(),
            format!("{good},short"),
            format!("{good},change-me-change-me"),
            format!("secret-secret-secret,{good}"),
            ",".to_owned(),
        ] {
            assert_eq!(refused("production", &weak, "false"), ["INTERNAL_TOKEN"], "{weak}");
            assert_eq!(refused("development", &weak, "true"), Vec::<String>::new(), "{weak}");
        }
        assert_eq!(refused("production", good, "true"), ["DEMO_DATA"]);
        assert_eq!(refused("production", "short", "true"), ["INTERNAL_TOKEN", "DEMO_DATA"]);
    }
}
