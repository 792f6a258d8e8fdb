//! Connections that end while the client still sends.
//!
//! A kernel that is told to close a connection with unread bytes in it resets it, and what was sent last may be lost: a
//! client that is refused in the middle of a large body (401, 413) sees a broken connection, and the gateway answers 502.
//! So only our side is closed, and what still comes is dropped for a while.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use poem::http::uri::Scheme;
use poem::listener::{Acceptor, TcpAcceptor};
use poem::web::{LocalAddr, RemoteAddr};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep};

/// Longer than an answer is on its way. A client that doesn't close its side delays the end of the process as long.
const PATIENCE: Duration = Duration::from_secs(2);
/// In bytes: more than any request that is taken has.
const MOST: usize = 16 << 20;
/// In bytes.
const AT_ONCE: usize = 16 << 10;

/// Accepts connections that end so.
pub(super) struct Lingering(pub TcpAcceptor);

impl Acceptor for Lingering {
    type Io = Connection;

    fn local_addr(&self) -> Vec<LocalAddr> {
        self.0.local_addr()
    }

    async fn accept(&mut self) -> io::Result<(Connection, LocalAddr, RemoteAddr, Scheme)> {
        let (stream, here, there, scheme) = self.0.accept().await?;
        Ok((Connection { stream, ending: None }, here, there, scheme))
    }
}

pub(super) struct Connection {
    stream: TcpStream,
    /// From when our side is closed.
    ending: Option<Ending>,
}

struct Ending {
    patience: Pin<Box<Sleep>>,
    dropped: usize,
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    /// Ready when the client has closed its side, too, or has had its time.
    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Self { stream, ending } = self.get_mut();
        if ending.is_none() {
            ready!(Pin::new(&mut *stream).poll_shutdown(context))?;
        }
        let ending = ending.get_or_insert_with(|| Ending { patience: Box::pin(sleep(PATIENCE)), dropped: 0 });
        let mut bytes = [0; AT_ONCE];
        while ending.dropped < MOST {
            let mut buffer = ReadBuf::new(&mut bytes);
            match Pin::new(&mut *stream).poll_read(context, &mut buffer) {
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => ending.dropped += buffer.filled().len(),
                Poll::Ready(_) => break,
                Poll::Pending => return ending.patience.as_mut().poll(context).map(Ok),
            }
        }
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use poem::endpoint::make_sync;
    use poem::http::StatusCode;
    use poem::listener::{Listener as _, TcpListener};
    use poem::{Response, Server};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio_util::task::AbortOnDropHandle;

    use super::*;

    /// A connection to a server that refuses everything unread, on which a body of this length is announced.
    async fn refused(length: usize) -> (TcpStream, AbortOnDropHandle<io::Result<()>>) {
        let acceptor = TcpListener::bind("127.0.0.1:0").into_acceptor().await.unwrap();
        let address = *acceptor.local_addr()[0].as_socket_addr().unwrap();
        let refuse = make_sync(|_| Response::builder().status(StatusCode::UNAUTHORIZED).finish());
        let server = tokio::spawn(Server::new_with_acceptor(Lingering(acceptor)).run(refuse));
        let mut client = TcpStream::connect(address).await.unwrap();
        let head = format!("POST / HTTP/1.1\r\nHost: shop\r\nContent-Length: {length}\r\n\r\n");
        client.write_all(head.as_bytes()).await.unwrap();
        (client, AbortOnDropHandle::new(server))
    }

    #[tokio::test]
    async fn who_is_refused_while_they_send_hears_why() {
        let length = 10 << 20;
        let (mut client, _server) = refused(length).await;
        client.write_all(&vec![b'a'; length]).await.expect("all of it is taken");
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.expect("the answer, and an end in good order");
        assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
    }

    #[tokio::test]
    async fn who_never_ends_is_cut_off() {
        let (mut client, _server) = refused(10 * MOST).await;
        client.write_all(&vec![b'a'; 10 * MOST]).await.unwrap_err();
    }
}
