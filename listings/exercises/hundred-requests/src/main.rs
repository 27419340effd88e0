//! The server of step 12. What is to change is in `connection.rs`.

mod connection;
mod http;

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use smol::Async;
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
}

const LIMITS: Limits = Limits {
    connections: 12_000,
    head: Duration::from_secs(10),
    response: Duration::from_secs(30),
};

fn main() {
    let listener = Async::<TcpListener>::bind(([127, 0, 0, 1], 7878)).unwrap();
    let addr = listener.get_ref().local_addr().unwrap();
    println!("Listening on http://{addr}");

    smol::block_on(serve(listener, LIMITS));
}

async fn serve(listener: Async<TcpListener>, limits: Limits) {
    // Clients that we have no place for wait in the system's queue, which is
    // short unless we ask for more.
    SockRef::from(&listener).listen(QUEUE).unwrap();
    let places = Arc::new(Semaphore::new(limits.connections));

    // Each turn of the loop waits for a free place, and then for the next client to connect.
    loop {
        let place = places.acquire_arc().await;
        match listener.accept().await {
            // Give this connection a task of its own, and go straight on.
            Ok((stream, addr)) => {
                smol::spawn(handle_and_log(stream, addr, limits, place)).detach();
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
    _place: SemaphoreGuardArc,
) {
    // Send what we write at once, even if the client hasn't confirmed yet what came before.
    stream.get_ref().set_nodelay(true).unwrap_or(());
    match handle_connection(&mut stream, limits).await {
        Ok(Ended::Done) => {}
        // How the rest of it ends isn't worth a line.
        Ok(Ended::Early) => linger(stream, limits).await.unwrap_or(()),
        Err(error) => println!("{addr}: {error}"),
    }
}

#[cfg(test)]
mod tests;
