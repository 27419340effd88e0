//! Answer: we say that we still wait, and lose no byte.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::pin::pin;
use std::time::Duration;

use futures_lite::io::BufReader;
use futures_lite::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, future};
use smol::Async;

/// How many bytes the head of a request may have.
const MAX_HEAD: u64 = 8 * 1024;

/// What a client may ask of us.
#[derive(Clone, Copy)]
struct Limits {
    /// How long it may take to send the whole head of its request.
    head: Duration,
    /// How long it may take to receive the whole response.
    response: Duration,
}

const LIMITS: Limits = Limits {
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
    // Each turn of the loop waits for the next client to connect.
    loop {
        match listener.accept().await {
            // Give this connection a task of its own, and go straight on.
            Ok((stream, addr)) => smol::spawn(handle_and_log(stream, addr, limits)).detach(),
            Err(error) => {
                // We're probably out of descriptors. Only a client that leaves can
                // change that, so wait a little.
                println!("accept: {error}");
                smol::Timer::after(Duration::from_millis(100)).await;
            }
        }
    }
}

/// Handles a connection, and logs in one line how it ended.
async fn handle_and_log(stream: Async<TcpStream>, addr: SocketAddr, limits: Limits) {
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
    let still_waiting = || println!("still waiting for a request");
    let head = within(limits.head, read_head_aloud(&mut stream, still_waiting)).await?;

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

/// Reads a request as `read_head` does, and calls `still_waiting` each second until it has come.
async fn read_head_aloud(
    // ANCHOR: read_head_aloud
    stream: impl AsyncRead + Unpin,
    still_waiting: impl Fn(),
    // ANCHOR_END: read_head_aloud
) -> io::Result<Vec<u8>> {
    // ANCHOR: read_head_aloud
    // This future lives as long as the function. A race only borrows it.
    let mut reading = pin!(read_head(stream));
    loop {
        let reading = async { Some(reading.as_mut().await) };
        // ANCHOR_END: read_head_aloud
        let a_second = async {
            smol::Timer::after(Duration::from_secs(1)).await;
            None
        };
        match future::or(reading, a_second).await {
            Some(head) => return head,
            None => still_waiting(),
        }
    }
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
#[path = "../../../exercises/still-waiting/src/tests.rs"]
mod tests;
