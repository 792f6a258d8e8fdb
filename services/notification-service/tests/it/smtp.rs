//! A mail server of sixty lines.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::{CancellationToken, DropGuard};

/// Takes what it is given.
pub struct SmtpServer {
    pub port: u16,
    received: Arc<Mutex<Vec<String>>>,
    /// It keeps the next message but never says so.
    silent: Arc<AtomicBool>,
    _running: DropGuard,
}

impl SmtpServer {
    /// On this port, or any free one for 0.
    pub async fn start(port: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (received, silent, stop) = (Arc::default(), Arc::default(), CancellationToken::new());
        let server = Self { port, received, silent, _running: stop.clone().drop_guard() };
        let (received, silent) = (server.received.clone(), server.silent.clone());
        tokio::spawn(stop.run_until_cancelled_owned(async move {
            while let Ok((connection, _)) = listener.accept().await {
                tokio::spawn(converse(connection, received.clone(), silent.clone()));
            }
        }));
        server
    }

    pub fn fall_silent(&self) {
        self.silent.store(true, Ordering::SeqCst);
    }

    pub fn received(&self) -> Vec<String> {
        self.received.lock().unwrap().clone()
    }
}

async fn converse(
    connection: TcpStream,
    received: Arc<Mutex<Vec<String>>>,
    silent: Arc<AtomicBool>,
) -> std::io::Result<()> {
    let mut connection = BufReader::new(connection);
    connection.write_all(b"220 test\r\n").await?;
    let mut line = String::new();
    while connection.read_line(&mut line).await? > 0 {
        let verb = line.split_whitespace().next().unwrap_or_default().to_ascii_uppercase();
        let unknown = verb == "RCPT" && line.contains("<nobody@");
        line.clear();
        let answer: &[u8] = match verb.as_str() {
            "DATA" => {
                connection.write_all(b"354 go on\r\n").await?;
                let mut message = Vec::new();
                while !message.ends_with(b"\r\n.\r\n") {
                    message.push(connection.read_u8().await?);
                }
                received.lock().unwrap().push(String::from_utf8(message).unwrap());
                if silent.swap(false, Ordering::SeqCst) {
                    std::future::pending::<()>().await;
                }
                b"250 taken\r\n"
            }
            "QUIT" => b"221 bye\r\n",
            _ if unknown => b"550 <nobody@example.com> is not known here\r\n",
            _ => b"250 fine\r\n",
        };
        connection.write_all(answer).await?;
    }
    Ok(())
}
