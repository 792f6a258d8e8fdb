//! What an instance says of itself, parsed.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// What a value must be; read after the field's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Rule(pub(super) &'static str);

/// A service's name in kebab-case: `order-service`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServiceName(String);

impl FromStr for ServiceName {
    type Err = Rule;

    fn from_str(text: &str) -> Result<Self, Rule> {
        let word = |word: &str| {
            !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        };
        let kebab = text.starts_with(|first: char| first.is_ascii_lowercase()) && text.split('-').all(word);
        match kebab && text.len() <= 64 {
            true => Ok(Self(text.to_owned())),
            false => {
                Err(Rule("must be in kebab-case, start with a letter, and have 64 characters at the most"))
            }
        }
    }
}

impl ServiceName {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ServiceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Where an instance is reached. Two instances of a service never share one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    host: String,
    port: u16,
}

impl Endpoint {
    /// The host ends up in addresses and in the gateway's configuration, so nothing else may be in it.
    pub fn host(text: &str) -> Result<&str, Rule> {
        let name = |text: &str| {
            text.split('.').all(|label| {
                (1..=63).contains(&label.len())
                    && !label.starts_with('-')
                    && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
            })
        };
        let v6 = text.parse::<std::net::Ipv6Addr>().is_ok();
        match text.len() <= 253 && (v6 || name(text)) {
            true => Ok(text),
            false => Err(Rule("must be a host name or an IP address")),
        }
    }

    pub fn port(number: i64) -> Result<u16, Rule> {
        u16::try_from(number).ok().filter(|port| *port > 0).ok_or(Rule("must be from 1 to 65535"))
    }

    pub fn new(host: &str, port: i64) -> Result<Self, Rule> {
        Ok(Self { host: Self::host(host)?.to_owned(), port: Self::port(port)? })
    }

    pub fn parts(&self) -> (&str, u16) {
        (&self.host, self.port)
    }
}

/// `host:port`, with brackets around an IPv6 address.
impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.contains(':') {
            true => write!(f, "[{}]:{}", self.host, self.port),
            false => write!(f, "{}:{}", self.host, self.port),
        }
    }
}

/// The version that an instance runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version(String);

impl FromStr for Version {
    type Err = Rule;

    fn from_str(text: &str) -> Result<Self, Rule> {
        match (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic()) {
            true => Ok(Self(text.to_owned())),
            false => Err(Rule("must have 1 to 64 visible ASCII characters")),
        }
    }
}

impl Version {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whatever else an instance tells of itself: zone, build, and the like.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Metadata(BTreeMap<String, String>);

impl Metadata {
    /// Every watcher gets all of it with each change, so it is kept small.
    pub fn new(entries: BTreeMap<String, String>) -> Result<Self, Rule> {
        let fits = |(name, value): (&String, &String)| (1..=64).contains(&name.len()) && value.len() <= 256;
        match entries.len() <= 16 && entries.iter().all(fits) {
            true => Ok(Self(entries)),
            false => {
                Err(Rule("must have 16 entries at the most, names of 1 to 64 and values of up to 256 bytes"))
            }
        }
    }

    pub fn entries(&self) -> &BTreeMap<String, String> {
        &self.0
    }
}

/// How long a lease lasts without a heartbeat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ttl(u16);

impl Ttl {
    pub const DEFAULT: Self = Self(15);

    pub fn from_seconds(seconds: i64) -> Result<Self, Rule> {
        match u16::try_from(seconds) {
            Ok(seconds @ 5..=300) => Ok(Self(seconds)),
            _ => Err(Rule("must be from 5 to 300")),
        }
    }

    pub fn seconds(self) -> u16 {
        self.0
    }

    pub fn duration(self) -> Duration {
        Duration::from_secs(self.0.into())
    }
}

/// What an instance says of itself when it comes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    pub endpoint: Endpoint,
    pub version: Version,
    pub metadata: Metadata,
    pub ttl: Ttl,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_kebab_case() {
        for good in ["a", "order-service", "s3-mirror-2"] {
            assert!(good.parse::<ServiceName>().is_ok(), "{good}");
        }
        let long = "a".repeat(65);
        for bad in ["", "-a", "a-", "a--b", "A", "a_b", "2a", "a b", "a/b", "é", "a\n", &long] {
            assert!(bad.parse::<ServiceName>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn hosts_can_carry_nothing_but_an_address() {
        for good in ["127.0.0.1", "order_1.shop", "::1", "fe80::2", "localhost"] {
            assert!(Endpoint::new(good, 1).is_ok(), "{good}");
        }
        let long = "a.".repeat(127) + "a";
        for bad in ["", "a b", "a;b", "a:80", "[::1]", "http://a", "a/b", "-a", "a..b", "a\n", &long] {
            assert!(Endpoint::new(bad, 1).is_err(), "{bad:?}");
        }
        for bad in [0, -1, 65536, i64::MAX] {
            assert!(Endpoint::new("a", bad).is_err(), "{bad}");
        }
        assert_eq!(Endpoint::new("::1", 80).expect("valid").to_string(), "[::1]:80");
    }

    #[test]
    fn leases_last_from_5_to_300_seconds() {
        assert!([5, 15, 300].into_iter().all(|seconds| Ttl::from_seconds(seconds).is_ok()));
        assert!([-1, 0, 4, 301, i64::MAX].into_iter().all(|seconds| Ttl::from_seconds(seconds).is_err()));
    }

    proptest::proptest! {
        #[test]
        fn an_accepted_host_is_the_host_of_a_url(host in "[-a-zA-Z0-9._:/@#?\\[\\] ]{1,20}") {
            if let Ok(endpoint) = Endpoint::new(&host, 81) {
                let url = format!("http://{endpoint}/services");
                // A name of digits and dots may be no address; nothing else may differ.
                if let Ok(url) = url.parse::<url::Url>() {
                    proptest::prop_assert_eq!((url.port(), url.path()), (Some(81), "/services"));
                }
            }
        }
    }
}
