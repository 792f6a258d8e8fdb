//! What Nginx tells of every request: counted here, and told to the collector of traces.

use std::net::UdpSocket;
use std::time::{Duration, UNIX_EPOCH};

use config::telemetry::{Witness, Witnessed, known_method};
use serde::Deserialize;

/// Longer than any line: a path has 8 KiB at most.
const LONGEST: usize = 64 * 1024;
/// Bytes of lines that wait to be read, if the kernel allows so many: several times what comes within [`PAUSE`].
const ROOM: usize = 1 << 20;
const PAUSE: Duration = Duration::from_millis(2);

/// A request that was answered, as `log_format seen` in nginx.conf writes it.
#[derive(Debug, Deserialize)]
struct Seen {
    /// Seconds since 1970.
    ended: f64,
    /// Seconds.
    took: f64,
    method: String,
    status: u16,
    service: String,
    is_up: String,
    path: String,
    trace: String,
    span: String,
    parent: String,
    kept: String,
}

/// Where Nginx tells it. A datagram that finds no room is lost: no request ever waits for us.
pub(crate) struct Requests(UdpSocket);

impl Requests {
    pub fn listen() -> std::io::Result<(Self, u16)> {
        let socket = UdpSocket::bind(("127.0.0.1", 0))?;
        rustix::net::sockopt::set_socket_recv_buffer_size(&socket, ROOM)?;
        let port = socket.local_addr()?.port();
        Ok((Self(socket), port))
    }

    /// Reads in a thread of its own, until the process ends. It looks only so often: were it to wait for each line,
    /// every request would wake it.
    pub fn watch(self, witness: Witness) -> std::io::Result<()> {
        let read = move || {
            let mut line = vec![0; LONGEST];
            loop {
                match self.next(&mut line) {
                    Ok(Some(seen)) => {
                        seen.count();
                        seen.tell(&witness);
                    }
                    Ok(None) => {}
                    Err(error) => tracing::debug!(%error, "a line of nginx was lost"),
                }
            }
        };
        std::thread::Builder::new().name("requests".to_owned()).spawn(read).map(drop)
    }

    /// The next request, whenever it comes; `None` of a line that can't be read.
    fn next(&self, line: &mut [u8]) -> std::io::Result<Option<Seen>> {
        use rustix::net::{RecvFlags, recv};
        let (length, _) = match recv(&self.0, &mut *line, RecvFlags::DONTWAIT) {
            Err(rustix::io::Errno::AGAIN) => {
                std::thread::sleep(PAUSE);
                recv(&self.0, &mut *line, RecvFlags::empty())?
            }
            received => received?,
        };
        Ok(read(&line[..length]))
    }
}

/// The JSON after syslog's own words.
fn read(line: &[u8]) -> Option<Seen> {
    let start = line.iter().position(|byte| *byte == b'{')?;
    serde_json::from_slice(&line[start..])
        .inspect_err(|error| tracing::debug!(%error, "a line of nginx can't be read"))
        .ok()
}

impl Seen {
    /// Who was to answer; of names that clients make up there is no end.
    fn route(&self) -> String {
        if self.is_up == "1" { self.service.clone() } else { "none".to_owned() }
    }

    fn method(&self) -> &'static str {
        known_method(&self.method)
    }

    fn count(&self) {
        metrics::histogram!(
            "http_server_request_duration_seconds",
            "http_request_method" => self.method(), "http_route" => self.route(),
            "http_response_status_code" => self.status.to_string(),
        )
        .record(self.took);
    }

    fn tell(self, witness: &Witness) {
        if !witness.is_heard() || self.kept != "01" {
            return;
        }
        let seconds = |seconds: f64| Duration::try_from_secs_f64(seconds).unwrap_or_default();
        let (name, route) = (format!("{} {}", self.method(), self.route()), self.route());
        witness.tell(Witnessed {
            name,
            ended: UNIX_EPOCH + seconds(self.ended),
            took: seconds(self.took),
            status: self.status,
            attributes: vec![
                ("http.request.method", self.method().to_owned()),
                ("url.path", self.path),
                ("peer.service", route),
            ],
            trace_id: self.trace,
            span_id: self.span,
            parent: Some(self.parent).filter(|parent| !parent.is_empty()),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_behind_what_syslog_says_first() {
        let line = br#"<190>Nov 21 20:00:00 gateway: {"ended":1700000000.123,"took":0.005,"method":"BREW","status":404,
            "service":"made-up","is_up":"0","path":"/docs/made-up","trace":"","span":"","parent":"","kept":"01"}"#;
        let seen = read(line).unwrap();
        assert_eq!((seen.route().as_str(), seen.method()), ("none", "_OTHER"));
        assert!(read(b"<190>nothing").is_none());
    }
}
