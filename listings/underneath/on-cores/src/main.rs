//! Underneath: the finished server's handler on an executor of our own, with a thread for each core.

use std::io;
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use futures_lite::{AsyncRead, AsyncWrite};
use smol::{Async, Executor, channel};

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

    let served = AtomicU64::new(0);
    let executor = Executor::new();
    let handle = |stream| handle_and_count(stream, &served);
    let threads = thread::available_parallelism().map_or(1, usize::from);
    run(&executor, threads, serve(listener, &executor, handle))
}

async fn handle_and_count(stream: Async<TcpStream>, served: &AtomicU64) {
    handle(stream).await;
    let before = served.fetch_add(1, Ordering::Relaxed);
    println!("{} served", before + 1);
}
// ANCHOR_END: main

// ANCHOR: serve
async fn serve<'a, F>(
    listener: Async<TcpListener>,
    executor: &Executor<'a>,
    handle: impl Fn(Async<TcpStream>) -> F,
) -> io::Result<()>
where
    F: Future<Output = ()> + Send + 'a,
{
    loop {
        let (stream, _) = listener.accept().await?;
        executor.spawn(handle(stream)).detach();
    }
}
// ANCHOR_END: serve

// ANCHOR: run
/// Runs the executor's tasks on this many threads, until `server` ends.
fn run<T>(executor: &Executor, threads: usize, server: impl Future<Output = T>) -> T {
    let (running, stopped) = channel::bounded::<()>(1);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| smol::block_on(executor.run(stopped.recv())));
        }
        // It's dropped when `server` has ended, also by a panic, and then the threads end, too.
        let _running = running;
        smol::block_on(server)
    })
}
// ANCHOR_END: run

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
