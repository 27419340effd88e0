//! A connection, from the first request to the last.

// ANCHOR: use
use std::borrow::Cow;
use std::hint;
use std::io;
// ANCHOR_END: use
use std::net::{Shutdown, TcpStream};
use std::pin::pin;
use std::time::Duration;

use futures_lite::io::{copy, sink};
use futures_lite::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, future};
use smol::Async;
use smol::channel::Receiver;

use crate::Limits;
use crate::http::{self, Request, Status};

// ANCHOR: primes
/// Up to where `/compute` looks for prime numbers.
const PRIMES: u32 = 2_000_000;
// ANCHOR_END: primes

/// How many bytes we let a client send after our last response.
const MAX_LINGER: u64 = 1024 * 1024;

/// How a connection has come to its end.
#[derive(Debug, PartialEq, Eq)]
pub enum Ended {
    /// The client has left, or has got all that it wanted.
    Done,
    /// We've ended it, and the client may still be sending.
    Early,
}

/// Answers one request after the other. Once `stopped` is closed, it ends as
/// soon as the client isn't in the middle of a request.
pub async fn handle_connection(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    limits: Limits,
    stopped: Receiver<()>,
) -> io::Result<Ended> {
    let mut closed = pin!(stopped.recv());
    let mut buffer = Vec::new();
    loop {
        // Between two requests, a client may leave, or say nothing for a while.
        if buffer.is_empty() {
            let until_closed = async {
                let _ = closed.as_mut().await;
                Ok(0)
            };
            let begin = future::or(read_some(&mut stream, &mut buffer), until_closed);
            match within(limits.head, begin).await {
                Ok(0) => return Ok(Ended::Done),
                Err(error) if error.kind() == io::ErrorKind::TimedOut => return Ok(Ended::Done),
                result => result?,
            };
        }

        let request = match within(limits.head, read_request(&mut stream, &mut buffer)).await {
            Err(error) if error.kind() == io::ErrorKind::TimedOut => Err("408 Request Timeout"),
            result => result?,
        };
        let (status, page, is_head, keep_alive) = match &request {
            Ok(request) => {
                let (status, page) = page_for(&request.path).await;
                let keep_alive = request.keep_alive && !request.has_body;
                (status, page, request.is_head, keep_alive)
            }
            Err(status) => {
                let is_head = buffer.trim_ascii_start().starts_with(b"HEAD ");
                (*status, http::error_page(status).into(), is_head, false)
            }
        };
        // Nothing more after this, if we're ending.
        let keep_alive = keep_alive && !stopped.is_closed();
        let response = http::response(status, &page, is_head, keep_alive);
        within(limits.response, stream.write_all(&response)).await?;

        match request {
            Ok(request) if keep_alive => buffer.drain(..request.length),
            Ok(request) if !request.keep_alive && !request.has_body => return Ok(Ended::Done),
            _ => return Ok(Ended::Early),
        };
        // A long head takes memory. It shouldn't when it's gone.
        buffer.shrink_to(1024);
        // A client that sends request after request never makes us wait. Let others have their turn.
        future::yield_now().await;
    }
}

/// Prepares the page that's asked for.
async fn page_for(path: &str) -> (Status, Cow<'static, str>) {
    if path == "/sleep" {
        // Pretend that this page takes a while to prepare.
        // ANCHOR: page_for
        smol::Timer::after(Duration::from_secs(5)).await;
    }
    if path == "/compute" {
        // Pretend that this page takes some computing.
        hint::black_box(primes_below(PRIMES));
    }
    match path {
        "/" | "/sleep" | "/compute" => ("200 OK", include_str!("../hello.html").into()),
        // ANCHOR_END: page_for
        _ => ("404 Not Found", include_str!("../404.html").into()),
    }
}

// ANCHOR: primes_below
/// Counts the prime numbers below `end`, the slow way.
fn primes_below(end: u32) -> usize {
    let is_prime = |&n: &u32| (2..n).take_while(|d| d * d <= n).all(|d| n % d != 0);
    (2..end).filter(is_prime).count()
}
// ANCHOR_END: primes_below

/// Waits for a whole head. A request that's wrong is a `Status`.
async fn read_request(
    stream: &mut (impl AsyncRead + Unpin),
    buffer: &mut Vec<u8>,
) -> io::Result<Result<Request, Status>> {
    loop {
        if let Some(request) = Request::parse(buffer).transpose() {
            return Ok(request);
        }
        if read_some(stream, buffer).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}

/// Waits for some bytes, and appends them. Returns how many there were, 0 at the end of the stream.
async fn read_some(
    stream: &mut (impl AsyncRead + Unpin),
    buffer: &mut Vec<u8>,
) -> io::Result<usize> {
    let old_length = buffer.len();
    buffer.resize((old_length + 1).next_multiple_of(1024), 0);
    let result = stream.read(&mut buffer[old_length..]).await;
    buffer.truncate(old_length + *result.as_ref().unwrap_or(&0));
    result
}

/// Ends a connection whose client may still be sending.
pub async fn linger(mut stream: Async<TcpStream>, limits: Limits) -> io::Result<()> {
    // The client sees that nothing more will come. But if we closed the stream with something
    // unread in it, the client would get a reset, and perhaps no response.
    stream.get_ref().shutdown(Shutdown::Write)?;
    let rest = (&mut stream).take(MAX_LINGER);
    within(limits.head, copy(rest, sink())).await?;
    Ok(())
}

/// Awaits `work`, but no longer than `time`. If it isn't done by then, it's dropped.
async fn within<T>(time: Duration, work: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    let out_of_time = async {
        smol::Timer::after(time).await;
        Err(io::ErrorKind::TimedOut.into())
    };
    future::or(work, out_of_time).await
}
