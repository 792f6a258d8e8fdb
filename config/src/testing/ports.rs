//! Ports for programs that a test starts.

use std::net::TcpListener;
use std::ops::Range;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Below those that the kernel gives to whoever wants any: nobody takes one between the question and the start of the
/// program.
const PORTS: Range<u16> = 10_240..20_480;

/// A port of this machine that nobody listens on, and that no other test of this process has.
pub fn free_port() -> u16 {
    // Somewhere, because other processes may ask, too.
    static NEXT: LazyLock<AtomicUsize> = LazyLock::new(|| AtomicUsize::new(rand::random::<u16>().into()));
    let mut candidates = PORTS.map(|_| {
        let offset = NEXT.fetch_add(1, Ordering::Relaxed) % PORTS.len();
        PORTS.start + u16::try_from(offset).expect("less than there are ports")
    });
    candidates.find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok()).expect("a free port")
}
