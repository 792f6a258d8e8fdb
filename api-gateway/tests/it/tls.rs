//! The door with a certificate, through openssl's own client.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use config::testing::free_port;
use rustix::process::Signal;

use crate::harness::{Discovery, Gateway, folder};
use crate::upstream::Upstream;

/// A certificate for `shop.test` that signs itself; `organisation` tells one from another.
struct Certificate {
    certificate: PathBuf,
    key: PathBuf,
}

impl Certificate {
    fn make(folder: &Path, organisation: &str) -> Self {
        let it = Self { certificate: folder.join("tls.crt"), key: folder.join("tls.key") };
        let made = Command::new("openssl")
            .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"])
            .args(["-days", "2", "-addext", "subjectAltName=DNS:shop.test"])
            .args(["-subj", &format!("/O={organisation}/CN=shop.test")])
            .arg("-out")
            .arg(&it.certificate)
            .arg("-keyout")
            .arg(&it.key)
            .stderr(Stdio::null())
            .status();
        assert!(made.expect("openssl is here").success());
        it
    }

    /// What the door says to a request on a connection that trusts this certificate alone.
    fn ask(&self, port: u16, path: &str, options: &[&str]) -> String {
        let mut client = Command::new("openssl")
            .args(["s_client", "-connect", &format!("127.0.0.1:{port}"), "-servername", "shop.test"])
            .args(["-verify_return_error", "-verify_hostname", "shop.test", "-ign_eof", "-CAfile"])
            .arg(&self.certificate)
            .args(options)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("openssl is here");
        let request = format!("GET {path} HTTP/1.1\r\nHost: shop.test\r\nConnection: close\r\n\r\n");
        // It may have been refused already.
        let _ = client.stdin.take().expect("an input").write_all(request.as_bytes());
        let output = client.wait_with_output().expect("it ends");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}

struct Door {
    gateway: Gateway,
    port: u16,
    certificate: Certificate,
    folder: tempfile::TempDir,
    _upstream: Upstream,
    _discovery: Discovery,
}

impl Door {
    async fn open() -> Self {
        let (folder, discovery) = (folder(), Discovery::start());
        let upstream = Upstream::start("order-service").await;
        discovery.announce(&[("order-service", upstream.port)]);
        let (certificate, port) = (Certificate::make(folder.path(), "first"), free_port());
        let settings = [
            ("TLS_CERTIFICATE", certificate.certificate.display().to_string()),
            ("TLS_KEY", certificate.key.display().to_string()),
            ("TLS_PORT", port.to_string()),
        ];
        let settings: Vec<_> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let gateway = Gateway::with(&discovery, folder.path(), free_port(), &settings).await;
        gateway.until_health("healthy").await;
        Self { gateway, port, certificate, folder, _upstream: upstream, _discovery: discovery }
    }

    async fn until_it_says(&self, what: &str) {
        let started = Instant::now();
        loop {
            let said = self.certificate.ask(self.port, "/api/orders/", &[]);
            if said.contains(what) {
                return;
            }
            assert!(started.elapsed() < Duration::from_secs(20), "never {what}: {said}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_settings_make_it_https_and_send_everybody_there() {
    let door = Door::open().await;
    door.until_it_says("HTTP/1.1 200").await;
    let said = door.certificate.ask(door.port, "/api/orders/7", &[]);
    assert!(said.contains("Strict-Transport-Security: max-age=31536000"), "{said}");
    assert!(said.contains(r#""x-forwarded-proto":"https""#), "{said}");
    for (protocol, is_spoken) in [("-tls1_1", false), ("-tls1_2", true), ("-tls1_3", true)] {
        let said = door.certificate.ask(door.port, "/api/orders/", &[protocol, "-cipher", "ALL:@SECLEVEL=0"]);
        assert_eq!(said.contains("HTTP/1.1 200"), is_spoken, "{protocol}: {said}");
    }
    let plain = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let url = format!("http://127.0.0.1:{}/api/orders/7?a=b", door.gateway.port);
    let answer = plain.post(url).header("Host", "shop.test").send().await.unwrap();
    assert_eq!(answer.status(), 308, "the method stays");
    let there = answer.headers()["location"].to_str().unwrap();
    assert_eq!(there, format!("https://shop.test:{}/api/orders/7?a=b", door.port));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewed_certificate_is_shown_without_a_restart_and_a_broken_one_is_not() {
    let door = Door::open().await;
    door.until_it_says("HTTP/1.1 200").await;
    let good = std::fs::read(&door.certificate.certificate).unwrap();
    let kept = Certificate { certificate: door.folder.path().join("kept.crt"), key: PathBuf::new() };
    std::fs::write(&kept.certificate, &good).unwrap();
    std::fs::write(&door.certificate.certificate, "no certificate").unwrap();
    door.gateway.signal(Signal::HUP);
    tokio::time::sleep(Duration::from_millis(500)).await;
    let said = kept.ask(door.port, "/api/orders/", &[]);
    assert!(said.contains("HTTP/1.1 200"), "it goes on with what it has: {said}");
    // In the same files: from now on the first one isn't trusted. While Nginx changes, either may be shown.
    Certificate::make(door.folder.path(), "second");
    door.until_it_says("O = second").await;
    door.until_it_says("HTTP/1.1 200").await;
}

#[test]
fn half_a_pair_is_refused() {
    let folder = folder();
    let output = Command::new(env!("CARGO_BIN_EXE_gateway-agent"))
        .env_clear()
        .env("DISCOVERY_URL", "http://127.0.0.1:9")
        .env("INTERNAL_TOKEN", "test-token")
        .env("GATEWAY_DIR", folder.path())
        .env("TLS_CERTIFICATE", "/nowhere/tls.crt")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("TLS_KEY is missing"));
}
