//! What `--health` does: asks the process that runs here how it is. Images have no other client, and need none.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

/// A container engine gives up after five seconds.
const PATIENCE: Duration = Duration::from_secs(4);

/// Whether what listens on this machine answers `/health` well. Sending on to another address (HTTPS) is well too.
pub fn ask(host: IpAddr, port: u16) -> Result<(), crate::BoxError> {
    let host = match host {
        IpAddr::V4(any) if any.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(any) if any.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        set => set,
    };
    let url = format!("http://{}/health", SocketAddr::new(host, port));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let client = reqwest::Client::builder()
            .no_proxy()
            .timeout(PATIENCE)
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        let answer = client.get(url).send().await?;
        let status = answer.status();
        if status.is_success() || status.is_redirection() {
            return Ok(());
        }
        Err(format!("{status}: {}", answer.text().await?).into())
    })
}

#[cfg(test)]
mod tests {
    use wiremock::matchers::path;
    use wiremock::{Mock, MockServer, ResponseTemplate};

    use super::*;

    /// What a process that answers so is taken for.
    fn taken_for(status: u16) -> Result<(), String> {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let server = runtime.block_on(async {
            let server = MockServer::start().await;
            let answer = ResponseTemplate::new(status).set_body_string("why");
            Mock::given(path("/health")).respond_with(answer).mount(&server).await;
            server
        });
        ask("0.0.0.0".parse().unwrap(), server.address().port()).map_err(|error| error.to_string())
    }

    #[test]
    fn an_instance_is_as_well_as_it_says() {
        assert_eq!(taken_for(200), Ok(()));
        assert_eq!(taken_for(301), Ok(()));
        assert!(taken_for(503).unwrap_err().contains("why"));
    }

    #[test]
    fn nobody_is_not_well() {
        let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        assert!(ask(nobody.ip(), nobody.port()).is_err());
    }
}
