//! Where a request comes from.

use std::net::{IpAddr, Ipv6Addr};

use poem::{FromRequest, Request, RequestBody, Result};

/// The client's address: the last one in `X-Forwarded-For`, which the gateway writes (those before it are what
/// the client claims), else the peer's. Of IPv6 the network, as a client has all of its addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientAddress(pub String);

impl<'a> FromRequest<'a> for ClientAddress {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> Result<Self> {
        let forwarded = request.headers().get_all("x-forwarded-for").iter().next_back();
        let forwarded = forwarded.and_then(|value| value.to_str().ok()).and_then(last);
        let peer = || request.remote_addr().as_socket_addr().map(|address| address.ip());
        Ok(Self(forwarded.or_else(peer).map_or_else(|| "unknown".to_owned(), counted)))
    }
}

fn last(header: &str) -> Option<IpAddr> {
    header.rsplit(',').next()?.trim().parse().ok()
}

fn counted(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{}/64", Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn of(header: &str) -> String {
        let request = Request::builder().header("X-Forwarded-For", header).finish();
        let (request, mut body) = request.split();
        ClientAddress::from_request(&request, &mut body).await.unwrap().0
    }

    #[tokio::test]
    async fn what_the_client_claims_does_not_count() {
        assert_eq!(of("1.1.1.1, 203.0.113.7").await, "203.0.113.7");
        assert_eq!(of("not an address").await, "unknown");
        assert_eq!(of("2001:db8:1:2:3:4:5:6").await, of("2001:db8:1:2:ffff::1").await);
        assert_ne!(of("2001:db8:1:2::1").await, of("2001:db8:1:3::1").await);
        assert_eq!(of("::ffff:203.0.113.7").await, "203.0.113.7");
    }
}
