//! A client that asks for one page, again and again, and looks at no more of an answer than it has to.

use std::cell::Cell;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::rc::Rc;
use std::time::{Duration, Instant};

use smol::Async;

/// How long a request took, or why there is no answer.
pub type Answer = io::Result<Duration>;

/// What the clients of one load have in common.
#[derive(Clone)]
pub struct Client {
    addr: SocketAddr,
    request: Rc<[u8]>,
    keep_open: bool,
    /// How many bytes an answer has, once one has been read. All have the same: they are of one page.
    length: Rc<Cell<Option<usize>>>,
}

impl Client {
    pub fn new(addr: SocketAddr, path: &str, keep_open: bool) -> Client {
        let close = if keep_open {
            ""
        } else {
            "Connection: close\r\n"
        };
        let request = format!("GET {path} HTTP/1.1\r\nHost: {addr}\r\n{close}\r\n");
        Client {
            addr,
            request: request.into_bytes().into(),
            keep_open,
            length: Rc::default(),
        }
    }

    pub async fn connect(&self) -> io::Result<Async<TcpStream>> {
        Async::<TcpStream>::connect(self.addr).await
    }

    /// Sends the request, and reads the answer. Takes the connection from `kept`, if there is one, and leaves it there
    /// for the next time, if connections are kept open.
    ///
    /// # Errors
    ///
    /// If there is no connection, if it ends before the answer does, or if the status is not 200.
    pub async fn ask(&self, kept: &mut Option<Async<TcpStream>>) -> Answer {
        let start = Instant::now();
        let stream = match kept.take() {
            Some(stream) => stream,
            None => self.connect().await?,
        };
        // So short a request always fits into the socket's buffer.
        if stream.get_ref().write(&self.request)? != self.request.len() {
            return Err(io::Error::other("the request did not fit"));
        }
        self.read_answer(&stream).await?;
        if self.keep_open {
            *kept = Some(stream);
        }
        Ok(start.elapsed())
    }

    async fn read_answer(&self, stream: &Async<TcpStream>) -> io::Result<()> {
        let mut buffer = [0; 4096];
        let mut read = 0;
        loop {
            // The answer isn't there at once, so it costs less to wait first, and to read then.
            stream.readable().await?;
            let mut socket = stream.get_ref();
            let length = match socket.read(&mut buffer[read.min(2048)..]) {
                Ok(length) => length,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
                Err(error) => return Err(error),
            };
            let before = read;
            read += length;
            if before < 12 && read >= 12 && &buffer[9..12] != b"200" {
                let status = String::from_utf8_lossy(&buffer[..12]).into_owned();
                return Err(io::Error::other(status));
            }
            if self.length.get().is_none() {
                self.length.set(length_of(&buffer[..read.min(2048)]));
            }
            match self.length.get() {
                Some(expected) if read == expected => return Ok(()),
                Some(expected) if read > expected => {
                    return Err(io::Error::other("a longer answer than before"));
                }
                _ if length == 0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                _ => {}
            }
        }
    }
}

/// The length of the whole answer that begins so, as far as its head says.
fn length_of(bytes: &[u8]) -> Option<usize> {
    let head = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    let text = String::from_utf8_lossy(&bytes[..head]).to_ascii_lowercase();
    let body = text
        .lines()
        .find_map(|line| line.strip_prefix("content-length:"))?;
    Some(head + 4 + body.trim().parse::<usize>().ok()?)
}

#[test]
fn the_length_is_in_the_head() {
    let answer = b"HTTP/1.1 200 OK\r\ncontent-LENGTH: 3\r\n\r\nabc";
    assert_eq!(length_of(answer), Some(answer.len()));
    assert_eq!(length_of(&answer[..30]), None);
    assert_eq!(length_of(b"HTTP/1.1 200 OK\r\n\r\nabc"), None);
}
