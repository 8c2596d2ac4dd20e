//! Free loopback ports.

use std::net::TcpListener;

use anyhow::{Context, Result};

/// A TCP port that nothing listens on at this moment.
///
/// Another process may take it before it is used; whoever starts a server on it must be ready to try again.
pub fn free_port() -> Result<u16> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).context("no free loopback port")?;
    Ok(listener.local_addr().context("a listener without an address")?.port())
}
