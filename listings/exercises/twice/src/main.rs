//! Exercise: let a second signal end the server at once, here or in your own `web-server`. Edit `serve_until`.

mod connection;
mod http;
mod signal;

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use futures_lite::{Stream, StreamExt, future};
use smol::Async;
use smol::channel::{self, Receiver};
use smol::lock::{Semaphore, SemaphoreGuardArc};
use socket2::SockRef;

use connection::{Ended, handle_connection, linger};

/// How many clients may wait in the system's queue, if it allows that many.
const QUEUE: i32 = 4096;

/// What clients may ask of us.
#[derive(Clone, Copy)]
struct Limits {
    /// How many connections we handle at once.
    connections: usize,
    /// How long a client may take to send the whole head of its request.
    head: Duration,
    /// How long it may take to receive the whole response.
    response: Duration,
    /// How long we wait for the last clients when we end.
    drain: Duration,
}

const LIMITS: Limits = Limits {
    connections: 12_000,
    head: Duration::from_secs(10),
    response: Duration::from_secs(30),
    drain: Duration::from_secs(30),
};

fn main() {
    let listener = Async::<TcpListener>::bind(([127, 0, 0, 1], 7878)).unwrap();
    let addr = listener.get_ref().local_addr().unwrap();
    // ANCHOR: main
    let signals = signal::signals().unwrap();
    println!("Listening on http://{addr}");

    smol::block_on(serve_until(listener, LIMITS, signals));
    // ANCHOR_END: main
}

/// Serves clients until there is one of `signals`.
async fn serve_until(
    listener: Async<TcpListener>,
    limits: Limits,
    mut signals: impl Stream + Unpin,
) {
    let shutdown = async {
        signals.next().await;
        println!("Ending");
    };
    serve(listener, limits, shutdown).await;
}

/// Serves clients until `shutdown` is complete, and then only those that are in the middle of a
/// request.
async fn serve(listener: Async<TcpListener>, limits: Limits, shutdown: impl Future<Output = ()>) {
    // Clients that we have no place for wait in the system's queue, which is
    // short unless we ask for more.
    SockRef::from(&listener).listen(QUEUE).unwrap();
    let places = Arc::new(Semaphore::new(limits.connections));
    // Nothing is ever sent through this channel. That it's closed is the message.
    let (stop, stopped) = channel::bounded(1);

    future::or(shutdown, accept(&listener, limits, &places, stopped)).await;

    // From here on, nobody is let in, and each connection knows that it should end.
    drop(listener);
    drop(stop);

    // Each of them holds a place. When all places are ours, there's none left.
    let all_places = async {
        for _ in 0..limits.connections {
            places.acquire().await.forget();
        }
    };
    let out_of_time = async {
        smol::Timer::after(limits.drain).await;
        println!("Some clients took too long");
    };
    future::or(all_places, out_of_time).await;
}

/// Lets clients in for as long as it's polled.
async fn accept(
    listener: &Async<TcpListener>,
    limits: Limits,
    places: &Arc<Semaphore>,
    stopped: Receiver<()>,
) {
    // Each turn of the loop waits for a free place, and then for the next client to connect.
    loop {
        let place = places.acquire_arc().await;
        match listener.accept().await {
            // Give this connection a task of its own, and go straight on.
            Ok((stream, addr)) => {
                let stopped = stopped.clone();
                smol::spawn(handle_and_log(stream, addr, limits, stopped, place)).detach();
            }
            Err(error) => {
                // We're probably out of descriptors. Only a client that leaves can
                // change that, so wait a little.
                println!("accept: {error}");
                smol::Timer::after(Duration::from_millis(100)).await;
            }
        }
    }
}

/// Handles a connection, and logs how it ended if something went wrong. Its
/// place is free again afterwards.
async fn handle_and_log(
    mut stream: Async<TcpStream>,
    addr: SocketAddr,
    limits: Limits,
    stopped: Receiver<()>,
    _place: SemaphoreGuardArc,
) {
    // Send what we write at once, even if the client hasn't confirmed yet what came before.
    stream.get_ref().set_nodelay(true).unwrap_or(());
    match handle_connection(&mut stream, limits, stopped).await {
        Ok(Ended::Done) => {}
        // How the rest of it ends isn't worth a line.
        Ok(Ended::Early) => linger(stream, limits).await.unwrap_or(()),
        Err(error) => println!("{addr}: {error}"),
    }
}

#[cfg(test)]
mod tests;
