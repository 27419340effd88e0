//! Exercise: whatever the server, this test of it passes. Edit the function until `cargo test` passes, too.

use std::net::{SocketAddr, TcpStream};

use futures_lite::{AsyncReadExt, AsyncWriteExt};
use smol::Async;

/// Whether the server at `addr` answers one client while it has to wait for another.
///
/// It has to wait for a client that says nothing, and for a page that takes long to prepare: `/sleep`. The verdict
/// should come within five seconds.
pub async fn serves_two_at_once(addr: SocketAddr) -> bool {
    // There is one client here, and nothing that the server has to wait for.
    let mut client = Async::<TcpStream>::connect(addr).await.unwrap();
    client.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();

    let mut response = String::new();
    client.read_to_string(&mut response).await.unwrap();
    response.starts_with("HTTP/1.1 200 OK\r\n")
}

#[cfg(test)]
mod tests;
