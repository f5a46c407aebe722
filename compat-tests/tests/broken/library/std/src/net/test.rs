use crate::net::{Ipv4Addr, SocketAddr};
use crate::sync::atomic::{AtomicU16, Ordering};

static TAKEN: AtomicU16 = AtomicU16::new(0);
const BASE_PORT: u16 = 1;

/// One of this process's own, and another each time.
pub fn an_address() -> SocketAddr {
    let port = TAKEN.fetch_add(1, Ordering::Relaxed) + BASE_PORT;
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}
