//! Odd requests without end: proper ones, in which something is wrong.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use fastrand::Rng;

use crate::connection::{Connection, End};
use crate::escape::escape;

/// What a server may answer to whatever it gets.
const STATUSES: [u16; 14] = [100, 200, 204, 400, 404, 405, 408, 411, 413, 414, 417, 431, 501, 505];

/// After so many requests, a proper one has to get the page.
const ROUND: u64 = 100;

const PATIENCE: Duration = Duration::from_secs(15);

const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

/// Proper requests.
const REQUESTS: [&str; 8] = [
    GET,
    "GET /?a=b HTTP/1.1\r\nHost: localhost:7878\r\nAccept: text/html, */*;q=0.8\r\nUser-Agent: probe/1.0\r\n\r\n",
    "HEAD http://a/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    "OPTIONS * HTTP/1.1\r\nHost: [::1]:80\r\nExpect: 100-continue\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /other HTTP/1.1\r\nHost: a\r\n\r\n",
];

/// Lines that may stand in a head, or may not.
const LINES: [&str; 14] = [
    "Host: b\r\n",
    "Host:\r\n",
    "Content-Length: 0\r\n",
    "Content-Length: 7\r\n",
    "Content-Length: +1\r\n",
    "Content-Length: 99999999999999999999\r\n",
    "Transfer-Encoding: chunked\r\n",
    "Transfer-Encoding: gzip, chunked\r\n",
    "Connection: close\r\n",
    "Connection: keep-alive, upgrade\r\n",
    "Expect: 100-continue\r\n",
    " folded\r\n",
    "A : b\r\n",
    "\r\n",
];

/// Bytes that mean something in a head, or must not be there.
const BYTES: &[u8] = b"\r\n\0 \t:;,/*?#%\"\x7f\xff0";

/// How a server did that was sent odd requests.
#[derive(Debug, PartialEq, Eq)]
pub enum Fuzzed {
    /// It answered or closed, this many times, and still serves its page.
    Well(u64),
    /// It did something else.
    Badly {
        /// What [`mutate`] makes the request of.
        seed: u64,
        /// The request, to show.
        sent: String,
        /// What came instead of a proper response or a proper end.
        came: String,
    },
}

/// A request in which something is wrong, or nothing. It is the same for the same seed, and never asks for `/sleep`.
pub fn mutate(seed: u64) -> Vec<u8> {
    let mut rng = Rng::with_seed(seed);
    let mut request = REQUESTS[rng.usize(..REQUESTS.len())].as_bytes().to_vec();
    for _ in 0..rng.usize(1..5) {
        let at = rng.usize(..request.len().max(1)).min(request.len());
        let line = at + request[at..].iter().position(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        match rng.u8(..8) {
            0 if at < request.len() => drop(request.remove(at)),
            1 if at < request.len() => request.insert(at, request[at]),
            2 if at < request.len() => request[at] = rng.u8(..),
            3 if at < request.len() => request[at] ^= 0x20,
            4 => request.insert(at, BYTES[rng.usize(..BYTES.len())]),
            5 => drop(request.splice(line..line, LINES[rng.usize(..LINES.len())].bytes())),
            6 => {
                let end = rng.usize(at..=request.len());
                request.extend_from_within(at..end);
            }
            // Cut off at the end, and seldom, since not much of the rest is looked at then.
            _ if rng.u8(..4) == 0 => request.truncate(at),
            _ => {}
        }
    }
    request
}

/// Sends odd requests, one after the other, until `time` has passed or the server does something it must not.
///
/// Each has to be answered with proper responses, or not at all, and the connection closed in good order.
pub fn fuzz(addr: SocketAddr, first_seed: u64, time: Duration) -> Fuzzed {
    let start = Instant::now();
    for (count, seed) in (first_seed..).enumerate() {
        let count = count as u64;
        if count.is_multiple_of(ROUND) {
            if let Err(came) = page(addr) {
                return Fuzzed::Badly { seed, sent: escape(GET.as_bytes()), came };
            }
            if count > 0 && start.elapsed() >= time {
                return Fuzzed::Well(count);
            }
        }
        let request = mutate(seed);
        if let Err(came) = is_taken(addr, &request) {
            return Fuzzed::Badly { seed, sent: format!("\"{}\"", request.escape_ascii()), came };
        }
    }
    Fuzzed::Well(0)
}

/// Sends a request, and reads what comes up to the end of the connection.
fn is_taken(addr: SocketAddr, request: &[u8]) -> Result<(), String> {
    let mut connection = Connection::open(addr, PATIENCE).map_err(|error| error.to_string())?;
    connection.send(request);
    connection.finish_sending();
    loop {
        match connection.end() {
            Ok(End::Closed) => return Ok(()),
            Ok(End::Reset) => return Err("a reset".to_string()),
            Err(_) => {}
        }
        let answer = connection.any_answer()?;
        if !STATUSES.contains(&answer.status) {
            return Err(answer.line);
        }
    }
}

fn page(addr: SocketAddr) -> Result<(), String> {
    let mut connection = Connection::open(addr, PATIENCE).map_err(|error| error.to_string())?;
    connection.send(GET.as_bytes());
    match connection.answer(false)? {
        answer if answer.status == 200 => Ok(()),
        answer => Err(answer.line),
    }
}
