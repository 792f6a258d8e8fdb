//! Addresses that notifications are posted to. They come from users, so they must not lead into our own network.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

config::ids! {
    /// An address that notifications are posted to.
    WebhookId
}

/// Which addresses are good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressRule {
    /// `https` to the public internet only.
    Public,
    /// Also `http` and private addresses: for development.
    Any,
}

/// What is wrong with an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WebhookError {
    #[error("must be a URL of at most 500 characters")]
    NotAUrl,
    #[error("must begin with https://")]
    NotHttps,
    #[error("must not contain a user name or password")]
    Credentials,
    #[error("must be an address on the public internet")]
    Private,
}

/// An address that a notification may be posted to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookUrl(Url);

impl WebhookUrl {
    pub fn parse(text: &str, rule: AddressRule) -> Result<Self, WebhookError> {
        let url = Url::parse(text.trim()).map_err(|_| WebhookError::NotAUrl)?;
        if url.as_str().len() > 500 {
            return Err(WebhookError::NotAUrl);
        }
        if !matches!((url.scheme(), rule), ("https", _) | ("http", AddressRule::Any)) {
            return Err(WebhookError::NotHttps);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(WebhookError::Credentials);
        }
        let allowed = match url.host() {
            Some(Host::Ipv4(address)) => rule == AddressRule::Any || is_public(address.into()),
            Some(Host::Ipv6(address)) => rule == AddressRule::Any || is_public(address.into()),
            Some(Host::Domain(name)) => rule == AddressRule::Any || is_public_name(name),
            None => false,
        };
        if allowed { Ok(Self(url)) } else { Err(WebhookError::Private) }
    }

    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

/// Names without a dot, and these endings, are of local networks.
fn is_public_name(name: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    let local = [".localhost", ".local", ".internal", ".lan", ".home.arpa"];
    name.contains('.') && !local.iter().any(|ending| name.ends_with(ending))
}

/// Whether an address is one of the public internet. To be asked of what a name resolves to, at each connection:
/// a name may resolve to something else the next time.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => match embedded_v4(v6) {
            Some(v4) => is_public_v4(v4),
            None => is_public_v6(v6),
        },
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let shared = a == 100 && (64..128).contains(&b);
    let protocols = a == 192 && b == 0 && c == 0;
    let benchmarks = a == 198 && (b & 0xfe) == 18;
    !(address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || shared
        || protocols
        || benchmarks
        || a == 0
        || a >= 224)
}

/// The IPv4 address that a mapped, NAT64 or 6to4 address leads to.
fn embedded_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let s = address.segments();
    let v4 = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match s {
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low] => Some(v4(high, low)),
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => Some(v4(high, low)),
        [0x2002, high, low, ..] => Some(v4(high, low)),
        _ => None,
    }
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    // Global unicast is 2000::/3; documentation and Teredo lie in it.
    (first & 0xe000) == 0x2000 && !(first == 0x2001 && (second == 0xdb8 || second < 0x200))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_public_internet_is_reached() {
        for address in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "::1",
            "::",
            "fe80::1",
            "fd00::1",
            "::ffff:10.0.0.1",
            "64:ff9b::127.0.0.1",
            "2002:7f00:1::",
            "2001:db8::1",
            "ff02::1",
        ] {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
        for address in ["1.1.1.1", "93.184.216.34", "2606:4700::1111", "::ffff:8.8.8.8"] {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn urls_are_checked_before_they_are_kept() {
        let parse = |text| WebhookUrl::parse(text, AddressRule::Public).map(|url| url.as_str().to_owned());
        assert_eq!(parse("https://example.com/hook").unwrap(), "https://example.com/hook");
        assert_eq!(parse("http://example.com/"), Err(WebhookError::NotHttps));
        assert_eq!(parse("file:///etc/passwd"), Err(WebhookError::NotHttps));
        assert_eq!(parse("https://u:p@example.com/"), Err(WebhookError::Credentials));
        for private in [
            "https://localhost/",
            "https://2130706433/",
            "https://[::1]/",
            "https://mysql/",
            "https://a.internal./",
        ] {
            assert_eq!(parse(private), Err(WebhookError::Private), "{private}");
        }
        assert!(WebhookUrl::parse("http://127.0.0.1:9/", AddressRule::Any).is_ok());
    }

    proptest::proptest! {
        #[test]
        fn a_mapped_address_is_judged_as_what_it_maps_to(bits: u32) {
            let v4 = Ipv4Addr::from(bits);
            proptest::prop_assert_eq!(is_public(v4.into()), is_public(v4.to_ipv6_mapped().into()));
        }
    }
}
