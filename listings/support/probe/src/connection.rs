//! One connection to a server we know nothing of: whatever it does is an outcome, and no call waits without a limit.
//!
//! The clients of the crate `clients` are for tests: they panic at a server that makes them wait, and take all that comes
//! for one reply. A probe goes on to the next case, and reads several answers from one connection.

use std::fmt;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use socket2::SockRef;

use crate::escape::escape;

/// What every response begins with.
const STATUS_LINE: &[u8] = b"HTTP/1.";

/// How much we take of a server that sends without an end.
const MOST: usize = 16 << 20;

/// How long a head can be.
const LONGEST_HEAD: usize = 1 << 16;

/// A connection, and what has come over it that nobody has looked at yet.
pub struct Connection {
    stream: TcpStream,
    received: Vec<u8>,
    end: Option<End>,
    patience: Duration,
}

/// How the server ended a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// In good order.
    Closed,
    /// By throwing it away.
    Reset,
}

/// One response.
#[derive(Debug)]
pub struct Answer {
    /// The number in the status line.
    pub status: u16,
    /// The status line.
    pub line: String,
    /// The headers, with names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body; nothing in an answer to HEAD.
    pub body: Vec<u8>,
}

impl Connection {
    /// Connects, and will wait no longer than `patience` for any move of the server.
    ///
    /// # Errors
    ///
    /// If nothing listens there, or connecting fails or times out.
    pub fn open(addr: SocketAddr, patience: Duration) -> io::Result<Connection> {
        let stream = TcpStream::connect_timeout(&addr, patience)?;
        stream.set_nodelay(true)?;
        stream.set_write_timeout(Some(patience))?;
        let (received, end) = (Vec::new(), None);
        Ok(Connection { stream, received, end, patience })
    }

    /// Sends `bytes`, as far as the server takes them. What it does instead, the next call that reads finds out.
    pub fn send(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes);
    }

    /// Ends our half of the connection: the server reads its end, and can still answer.
    pub fn finish_sending(&mut self) {
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    /// Throws the connection away: the server's next `read` or `write` fails.
    pub fn reset(self) {
        // A connection that may not linger, not even for zero seconds, is not closed but reset.
        let _ = SockRef::from(&self.stream).set_linger(Some(Duration::ZERO));
    }

    /// Waits for at most `window`, and returns whether nothing came in that time: no byte, and no end.
    pub fn is_silent_for(&mut self, window: Duration) -> bool {
        let until = Instant::now() + window;
        while self.received.is_empty() && self.end.is_none() && self.read_some(until) {}
        self.received.is_empty() && self.end.is_none()
    }

    /// Reads one response. One to a HEAD request has no body, whatever it says.
    ///
    /// # Errors
    ///
    /// If none comes, or what comes is none; gives what came instead, in words.
    pub fn answer(&mut self, to_head: bool) -> Result<Answer, String> {
        let until = Instant::now() + self.patience;
        let length = self.read_until(until, |bytes| match find(bytes, b"\r\n\r\n") {
            None => (bytes.len() >= LONGEST_HEAD).then_some(0),
            Some(end) => Some(end + 4),
        });
        let length = length.filter(|length| *length > 0).ok_or_else(|| self.what_came())?;
        let head = String::from_utf8_lossy(&self.received[..length]).into_owned();
        let mut lines = head.trim_end().split("\r\n");
        let line = lines.next().unwrap_or_default().to_string();
        let status = line.strip_prefix("HTTP/1.").and_then(|rest| rest.get(2..5)?.parse().ok());
        let headers: Option<Vec<_>> = lines.map(|line| line.split_once(':')).collect();
        let (Some(status), Some(headers)) = (status, headers) else {
            return Err(format!("no response: {}", self.what_came()));
        };
        let headers = headers.into_iter().map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_string()));
        let mut answer = Answer { status, line, headers: headers.collect(), body: Vec::new() };
        self.received.drain(..length);
        if !to_head && !matches!(status, 100..=199 | 204 | 304) {
            answer.body = self.body(until, answer.header("content-length"))?;
        }
        Ok(answer)
    }

    /// Reads one response of which nobody knows what it answers. If it has no body though it states a length, that was HEAD.
    ///
    /// # Errors
    ///
    /// As [`answer`](Connection::answer).
    pub fn any_answer(&mut self) -> Result<Answer, String> {
        let mut answer = self.answer(true)?;
        let until = Instant::now() + self.patience;
        // Either there is nothing more, or the first bytes of a next response, or the body.
        self.read_until(until, |bytes| (bytes.len() >= STATUS_LINE.len()).then_some(0));
        let length = answer.header("content-length").map(str::to_string);
        let has_body = !self.received.is_empty() && !self.received.starts_with(STATUS_LINE);
        if has_body && !matches!(answer.status, 100..=199 | 204 | 304) {
            answer.body = self.body(until, length.as_deref())?;
        }
        Ok(answer)
    }

    /// Waits for the end of the connection, and returns how it ended.
    ///
    /// # Errors
    ///
    /// If something else comes first, or nothing; gives it in words.
    pub fn end(&mut self) -> Result<End, String> {
        let until = Instant::now() + self.patience;
        while self.received.is_empty() && self.end.is_none() && self.read_some(until) {}
        match self.end {
            Some(end) if self.received.is_empty() => Ok(end),
            _ => Err(self.what_came()),
        }
    }

    /// Reads a body of the length that the server has stated, or else up to the end of the connection.
    fn body(&mut self, until: Instant, stated: Option<&str>) -> Result<Vec<u8>, String> {
        if let Some(stated) = stated {
            let length: usize = stated.parse().map_err(|_| format!("Content-Length: {}", escape(stated.as_bytes())))?;
            let is_whole = self.read_until(until, |bytes| (bytes.len() >= length).then_some(length)).is_some();
            let came = self.received.len();
            return match is_whole {
                true => Ok(self.received.drain(..length).collect()),
                false => Err(format!("{came} bytes of a body of {length}, and {}", self.how_it_stands())),
            };
        }
        while self.read_some(until) {}
        match self.end {
            Some(End::Closed) => Ok(std::mem::take(&mut self.received)),
            _ => Err(format!("a body of no stated length, and {}", self.how_it_stands())),
        }
    }

    /// Reads until `found` finds what it looks for in what has come.
    fn read_until(&mut self, until: Instant, found: impl Fn(&[u8]) -> Option<usize>) -> Option<usize> {
        loop {
            let seen = found(&self.received);
            if seen.is_some() || !self.read_some(until) {
                return seen;
            }
        }
    }

    /// Waits for something to come, and returns whether there may be more. There is not after the end, or out of time.
    fn read_some(&mut self, until: Instant) -> bool {
        let rest = until.saturating_duration_since(Instant::now());
        if self.end.is_some()
            || rest.is_zero()
            || self.received.len() > MOST
            || self.stream.set_read_timeout(Some(rest)).is_err()
        {
            return false;
        }
        let mut buffer = [0; 1 << 16];
        match self.stream.read(&mut buffer) {
            Ok(0) => self.end = Some(End::Closed),
            Ok(length) => self.received.extend_from_slice(&buffer[..length]),
            Err(error) => match error.kind() {
                ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted => {}
                _ => self.end = Some(End::Reset),
            },
        }
        true
    }

    /// What has come and was not asked for, in words.
    fn what_came(&self) -> String {
        match &self.received[..] {
            [] => self.how_it_stands(),
            bytes => escape(bytes),
        }
    }

    fn how_it_stands(&self) -> String {
        match self.end {
            Some(End::Closed) => "the end of the connection".to_string(),
            Some(End::Reset) => "a reset".to_string(),
            None => format!("nothing for {:.1} s", self.patience.as_secs_f32()),
        }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(&self.line)
    }
}

impl Answer {
    /// The value of the first header of that name, which is in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let header = self.headers.iter().find(|(other, _)| other == name);
        header.map(|(_, value)| value.as_str())
    }
}

/// Where `part` begins in `bytes`.
fn find(bytes: &[u8], part: &[u8]) -> Option<usize> {
    bytes.windows(part.len()).position(|window| window == part)
}
