//! The shortest question that each server answers only when it is ready, byte by byte: a client library for each
//! would make this crate slow to build.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result, ensure};

const TIMEOUT: Duration = Duration::from_secs(2);
/// Longer than any answer that is expected here.
const MAX_ANSWER: usize = 1 << 20;

/// `PING`, which is refused while the data is still being loaded.
pub fn redis_ping(port: u16) -> Result<()> {
    let mut stream = connect(port)?;
    stream.write_all(b"PING\r\n")?;
    let mut answer = [0; 7];
    stream.read_exact(&mut answer)?;
    ensure!(&answer == b"+PONG\r\n", "Redis is still loading its data");
    Ok(())
}

/// `ApiVersions`: a broker opens its port for clients only when it has joined its controller.
pub fn kafka_api_versions(port: u16) -> Result<()> {
    const API_VERSIONS: i16 = 18;
    const CORRELATION: i32 = 1;
    let mut request = Vec::new();
    request.extend(API_VERSIONS.to_be_bytes());
    request.extend(0_i16.to_be_bytes());
    request.extend(CORRELATION.to_be_bytes());
    request.extend((-1_i16).to_be_bytes());

    let mut stream = connect(port)?;
    stream.write_all(&i32::try_from(request.len())?.to_be_bytes())?;
    stream.write_all(&request)?;
    let mut length = [0; 4];
    stream.read_exact(&mut length)?;
    let answer = read_body(&mut stream, i32::from_be_bytes(length), 0)?;
    let error = answer.get(4..6).context("Kafka's answer is too short")?;
    ensure!(
        answer.starts_with(&CORRELATION.to_be_bytes()) && error == [0, 0],
        "Kafka answered with an error"
    );
    Ok(())
}

/// `{hello: 1, $db: "admin"}` as an OP_MSG.
pub fn mongodb_hello(port: u16) -> Result<()> {
    const OP_MSG: i32 = 2013;
    const DOCUMENT: &[u8] = b"\x1f\0\0\0\x10hello\0\x01\0\0\0\x02$db\0\x06\0\0\0admin\0\0";
    let mut message = Vec::new();
    message.extend(i32::try_from(16 + 4 + 1 + DOCUMENT.len())?.to_le_bytes());
    for field in [1, 0, OP_MSG, 0] {
        message.extend(field.to_le_bytes());
    }
    message.push(0);
    message.extend(DOCUMENT);

    let mut stream = connect(port)?;
    stream.write_all(&message)?;
    let mut length = [0; 4];
    stream.read_exact(&mut length)?;
    let answer = read_body(&mut stream, i32::from_le_bytes(length), 4)?;
    // The BSON element `ok: 1.0`.
    let ok = [b"\x01ok\0".as_slice(), &1_f64.to_le_bytes()].concat();
    ensure!(answer.windows(ok.len()).any(|window| window == ok), "MongoDB answered with an error");
    Ok(())
}

fn connect(port: u16) -> Result<TcpStream> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let stream = TcpStream::connect_timeout(&address, TIMEOUT)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    Ok(stream)
}

/// The rest of a message whose length includes `counted` bytes that were already read.
fn read_body(stream: &mut TcpStream, length: i32, counted: usize) -> Result<Vec<u8>> {
    let length = usize::try_from(length)?.checked_sub(counted).context("the answer is too short")?;
    ensure!(length <= MAX_ANSWER, "the answer is too long: another kind of server has this port");
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    Ok(body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    /// A server that answers anything with these bytes.
    fn answering(bytes: &'static [u8]) -> u16 {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            stream.write_all(bytes).unwrap();
            let _ = stream.read_to_end(&mut Vec::new());
        });
        port
    }

    #[test]
    fn a_server_that_still_loads_is_not_ready() {
        assert!(redis_ping(answering(b"+PONG\r\n")).is_ok());
        assert!(redis_ping(answering(b"-LOADING Redis is loading\r\n")).is_err());
        assert!(kafka_api_versions(answering(b"\0\0\0\x06\0\0\0\x01\0\0")).is_ok());
        assert!(kafka_api_versions(answering(b"\0\0\0\x06\0\0\0\x01\0\x23")).is_err());
    }

    #[test]
    fn another_protocol_on_the_port_is_not_ready() {
        for probe in [redis_ping, kafka_api_versions, mongodb_hello] {
            assert!(probe(answering(b"HTTP/1.1 400 Bad Request\r\n\r\n")).is_err());
        }
    }
}
