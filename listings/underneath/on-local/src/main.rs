//! Underneath: the finished server's handler on an executor that never leaves its thread.

use std::cell::Cell;
use std::io;
use std::net::{TcpListener, TcpStream};
use std::rc::Rc;
use std::time::Duration;

use futures_lite::{AsyncRead, AsyncWrite};
use smol::{Async, LocalExecutor, channel};

#[allow(dead_code)]
#[path = "../../../14-web-server/src/connection.rs"]
mod connection;
#[path = "../../../14-web-server/src/http.rs"]
mod http;

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

// ANCHOR: main
fn main() -> io::Result<()> {
    let listener = Async::<TcpListener>::bind(([127, 0, 0, 1], 7878))?;
    println!("Listening on http://{}", listener.get_ref().local_addr()?);

    let served = Rc::new(Cell::new(0));
    let executor = LocalExecutor::new();
    let handle = |stream| handle_and_count(stream, served.clone());
    smol::block_on(executor.run(serve(listener, &executor, handle)))
}

async fn handle_and_count(stream: Async<TcpStream>, served: Rc<Cell<u64>>) {
    handle(stream).await;
    served.set(served.get() + 1);
    println!("{} served", served.get());
}
// ANCHOR_END: main

// ANCHOR: serve
async fn serve<'a, F>(
    listener: Async<TcpListener>,
    executor: &LocalExecutor<'a>,
    handle: impl Fn(Async<TcpStream>) -> F,
) -> io::Result<()>
where
    F: Future<Output = ()> + 'a,
{
    loop {
        let (stream, _) = listener.accept().await?;
        executor.spawn(handle(stream)).detach();
    }
}
// ANCHOR_END: serve

/// Handles a connection as the finished server does. `stopped` stays open, so
/// nothing but the client ends it.
async fn handle(stream: impl AsyncRead + AsyncWrite + Unpin) {
    let (_running, stopped) = channel::bounded(1);
    if let Err(error) = connection::handle_connection(stream, LIMITS, stopped).await {
        println!("{error}");
    }
}

#[cfg(test)]
mod tests;
