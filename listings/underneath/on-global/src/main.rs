//! Underneath: the finished server's handler on the executor that smol shares with the whole program.

use std::io;
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_lite::{AsyncRead, AsyncWrite};
use smol::{Async, channel};

#[allow(dead_code)]
#[path = "../../../14-web-server/src/connection.rs"]
mod connection;
#[path = "../../../14-web-server/src/http.rs"]
mod http;

// ANCHOR: handle
/// How long a client may take to send a head, and to receive a response.
#[derive(Clone, Copy)]
struct Limits {
    head: Duration,
    response: Duration,
}

const LIMITS: Limits = Limits {
    head: Duration::from_secs(10),
    response: Duration::from_secs(30),
};
// ANCHOR_END: handle

// ANCHOR: main
fn main() -> io::Result<()> {
    let listener = Async::<TcpListener>::bind(([127, 0, 0, 1], 7878))?;
    println!("Listening on http://{}", listener.get_ref().local_addr()?);

    let served = Arc::new(AtomicU64::new(0));
    let handle = |stream| handle_and_count(stream, served.clone());
    smol::block_on(serve(listener, handle))
}

async fn handle_and_count(stream: Async<TcpStream>, served: Arc<AtomicU64>) {
    handle(stream).await;
    let before = served.fetch_add(1, Ordering::Relaxed);
    println!("{} served", before + 1);
}
// ANCHOR_END: main

// ANCHOR: serve
async fn serve<F>(
    listener: Async<TcpListener>,
    handle: impl Fn(Async<TcpStream>) -> F,
) -> io::Result<()>
where
    F: Future<Output = ()> + Send + 'static,
{
    loop {
        let (stream, _) = listener.accept().await?;
        smol::spawn(handle(stream)).detach();
    }
}
// ANCHOR_END: serve

// ANCHOR: handle
/// Handles a connection as the finished server does. `stopped` stays open, so
/// nothing but the client ends it.
async fn handle(stream: impl AsyncRead + AsyncWrite + Unpin) {
    let (_running, stopped) = channel::bounded(1);
    if let Err(error) = connection::handle_connection(stream, LIMITS, stopped).await {
        println!("{error}");
    }
}
// ANCHOR_END: handle

#[cfg(test)]
mod tests;
