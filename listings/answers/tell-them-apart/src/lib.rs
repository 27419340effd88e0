//! Answer: a server passes only if it serves two at once.

use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use futures_lite::{AsyncReadExt, AsyncWriteExt, future};
use smol::{Async, Timer};

// ANCHOR: serves_two_at_once
/// Whether the server at `addr` answers one client while it has to wait for another.
///
/// It has to wait for a client that says nothing, and for a page that takes long to prepare: `/sleep`. The verdict
/// should come within five seconds.
pub async fn serves_two_at_once(addr: SocketAddr) -> bool {
    answers_beside(addr, b"").await && answers_beside(addr, b"GET /sleep HTTP/1.1\r\n\r\n").await
}

/// Whether a client is answered while another one is connected, which has sent `request`.
async fn answers_beside(addr: SocketAddr, request: &[u8]) -> bool {
    let mut other = Async::<TcpStream>::connect(addr).await.unwrap();
    other.write_all(request).await.unwrap();

    let answered = async {
        let mut client = Async::<TcpStream>::connect(addr).await.unwrap();
        client.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();

        let mut response = String::new();
        client.read_to_string(&mut response).await.unwrap();
        response.starts_with("HTTP/1.1 200 OK\r\n")
    };
    let too_late = async {
        Timer::after(Duration::from_secs(2)).await;
        false
    };
    future::or(answered, too_late).await
}
// ANCHOR_END: serves_two_at_once

#[cfg(test)]
#[path = "../../../exercises/tell-them-apart/src/tests.rs"]
mod tests;
