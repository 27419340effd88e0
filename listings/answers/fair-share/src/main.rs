//! Answer: no address has more than its fair share.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_lite::io::BufReader;
use futures_lite::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, future};
use smol::Async;
use smol::lock::{Semaphore, SemaphoreGuardArc};
use socket2::SockRef;

/// How many bytes the head of a request may have.
const MAX_HEAD: u64 = 8 * 1024;

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

// ANCHOR: shares
/// How many connections one address may have at once.
const FAIR_SHARE: usize = 100;
// ANCHOR_END: shares

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

// ANCHOR: shares
/// How many connections each address has just now.
#[derive(Default)]
struct Shares {
    connections: Mutex<HashMap<IpAddr, usize>>,
}

/// A part of what one address may have. It is given back when this is dropped.
struct Share {
    shares: Arc<Shares>,
    address: IpAddr,
}
// ANCHOR_END: shares

impl Shares {
    /// Takes a share for `address`, or nothing if it has `FAIR_SHARE` already.
    // ANCHOR: shares
    fn take(self: &Arc<Self>, address: IpAddr) -> Option<Share> {
        let mut connections = self.connections.lock().unwrap();
        let count = connections.entry(address).or_default();
        if *count == FAIR_SHARE {
            return None;
        }
        *count += 1;
        let shares = Arc::clone(self);
        // ANCHOR_END: shares
        Some(Share { shares, address })
    }
}

// ANCHOR: shares
impl Drop for Share {
    fn drop(&mut self) {
        let mut connections = self.shares.connections.lock().unwrap();
        if let Some(count) = connections.get_mut(&self.address) {
            *count -= 1;
            // An address without connections takes no memory.
            if *count == 0 {
                connections.remove(&self.address);
            }
        }
    }
}
// ANCHOR_END: shares

async fn serve(listener: Async<TcpListener>, limits: Limits) {
    // Clients that we have no place for wait in the system's queue, which is
    // short unless we ask for more.
    SockRef::from(&listener).listen(QUEUE).unwrap();
    let shares = Arc::new(Shares::default());
    let places = Arc::new(Semaphore::new(limits.connections));

    // Each turn of the loop waits for a free place, and then for the next client to connect.
    loop {
        let place = places.acquire_arc().await;
        match listener.accept().await {
            // Give this connection a task of its own, and go straight on.
            Ok((stream, addr)) => match shares.take(addr.ip()) {
                Some(share) => {
                    let handle = handle_and_log(stream, addr, limits, (place, share));
                    smol::spawn(handle).detach();
                }
                None => println!("{addr}: has its share already"),
            },
            Err(error) => {
                // We're probably out of descriptors. Only a client that leaves can
                // change that, so wait a little.
                println!("accept: {error}");
                smol::Timer::after(Duration::from_millis(100)).await;
            }
        }
    }
}

/// Handles a connection, and logs in one line how it ended. Its place is
/// free again afterwards.
async fn handle_and_log(
    stream: Async<TcpStream>,
    addr: SocketAddr,
    limits: Limits,
    _place: (SemaphoreGuardArc, Share),
) {
    match handle_connection(stream, limits).await {
        Ok(status_line) => println!("{addr}: {status_line}"),
        Err(error) => println!("{addr}: {error}"),
    }
}

/// Answers one request, and returns the status line of the response.
async fn handle_connection(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    limits: Limits,
) -> io::Result<&'static str> {
    let head = within(limits.head, read_head(&mut stream)).await?;

    if head.starts_with(b"GET /sleep HTTP/1.1\r\n") {
        // Pretend that this page takes a while to prepare.
        smol::Timer::after(Duration::from_secs(5)).await;
    }
    let (status_line, filename) = page_for(&head);
    let contents = smol::fs::read_to_string(filename).await?;

    // Say how long the page is, and that the connection ends after it.
    let length = contents.len();
    let head = format!("{status_line}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
    let respond = async {
        stream.write_all(head.as_bytes()).await?;
        stream.write_all(contents.as_bytes()).await
    };
    within(limits.response, respond).await?;
    Ok(status_line)
}

/// Awaits `work`, but no longer than `time`. If it isn't done by then, it's dropped.
async fn within<T>(time: Duration, work: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    let out_of_time = async {
        smol::Timer::after(time).await;
        Err(io::ErrorKind::TimedOut.into())
    };
    future::or(work, out_of_time).await
}

/// Reads a request up to the blank line that ends its head. Fails if the
/// client leaves before that, or if the head exceeds `MAX_HEAD`.
async fn read_head(stream: impl AsyncRead + Unpin) -> io::Result<Vec<u8>> {
    let mut reader = BufReader::with_capacity(1024, stream.take(MAX_HEAD));
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        // Wait for the rest of a line. At the end of the stream, there is none.
        let length = reader.read_until(b'\n', &mut head).await?;
        if length == 0 {
            return Err(io::Error::other("the request has no end"));
        }
    }
    Ok(head)
}

fn page_for(request: &[u8]) -> (&'static str, &'static str) {
    let root = request.starts_with(b"GET / HTTP/1.1\r\n");
    let sleep = request.starts_with(b"GET /sleep HTTP/1.1\r\n");

    if root || sleep {
        ("HTTP/1.1 200 OK", "hello.html")
    } else {
        ("HTTP/1.1 404 NOT FOUND", "404.html")
    }
}

#[cfg(test)]
#[path = "../../../exercises/fair-share/src/tests.rs"]
mod tests;
