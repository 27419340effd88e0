//! One client: polite, slow, silent or rude, as the test needs it.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use socket2::SockRef;

use crate::{DEADLINE, NoReply, PROMPT, Reply};

/// A connection to a server under test. It sends nothing until it is told to.
///
/// Dropping it closes the connection, as [`hang_up`](Client::hang_up) does.
pub struct Client {
    addr: SocketAddr,
    stream: TcpStream,
}

/// Connects to `addr`, asks for `path` and reads the reply to the end of the connection.
///
/// # Panics
///
/// If the server leaves the client waiting for [`DEADLINE`].
pub fn ask(addr: SocketAddr, path: &str) -> Result<Reply, NoReply> {
    Client::try_connect(addr)?.ask(path)
}

impl Client {
    /// Connects to `addr` and says nothing. That the connection is made does not mean that the server has
    /// accepted it: the system makes it, and lets it wait in the listener's queue.
    ///
    /// # Panics
    ///
    /// If there is no connection, refused or otherwise.
    pub fn connect(addr: SocketAddr) -> Client {
        Client::try_connect(addr).expect("somebody listens at the address")
    }

    /// Like [`connect`](Client::connect), but gives [`NoReply::Refused`] where nobody listens.
    ///
    /// # Panics
    ///
    /// If connecting fails in any other way.
    pub fn try_connect(addr: SocketAddr) -> Result<Client, NoReply> {
        let stream = match TcpStream::connect_timeout(&addr, DEADLINE) {
            Ok(stream) => stream,
            Err(error) if error.kind() == ErrorKind::ConnectionRefused => {
                return Err(NoReply::Refused);
            }
            Err(error) => panic!("connecting to {addr} failed: {error}"),
        };
        let configure = || -> io::Result<()> {
            stream.set_nodelay(true)?;
            stream.set_read_timeout(Some(DEADLINE))?;
            stream.set_write_timeout(Some(DEADLINE))
        };
        configure().expect("a new connection takes its options");
        Ok(Client { addr, stream })
    }

    /// Connects and sends `bytes` at once, for a server with a short deadline: see [`prompt`]. Whether the server took the
    /// bytes, the reply tells.
    ///
    /// # Panics
    ///
    /// As [`connect`](Client::connect) and [`prompt`].
    pub fn prompt(addr: SocketAddr, bytes: &[u8]) -> Client {
        prompt(|| {
            let mut client = Client::connect(addr);
            let _ = client.send(bytes);
            client
        })
    }

    /// Sends all of `bytes` at once. Gives the error if the server has gone; a test that expects that may
    /// ignore it, since the reply tells as well.
    ///
    /// # Panics
    ///
    /// If the server takes no bytes for [`DEADLINE`].
    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self.stream.write_all(bytes) {
            Err(error) if is_timeout(&error) => panic!("the server took no bytes for {DEADLINE:?}"),
            result => result,
        }
    }

    /// Sends as much of `bytes` as the systems on both sides take without being waited for.
    pub fn send_what_is_taken(&mut self, mut bytes: &[u8]) {
        self.stream.set_nonblocking(true).expect("a socket");
        while let Ok(length @ 1..) = self.stream.write(bytes) {
            bytes = &bytes[length..];
        }
        self.stream.set_nonblocking(false).expect("a socket");
    }

    /// Sends `bytes` one by one, each in a packet of its own. A server that is busy meanwhile may still find
    /// several of them at its next `read`.
    ///
    /// Errors and panics as [`send`](Client::send) does, at the first byte that fails.
    pub fn send_byte_by_byte(&mut self, bytes: &[u8]) -> io::Result<()> {
        for byte in bytes {
            self.send(&[*byte])?;
        }
        Ok(())
    }

    /// Sends a whole and proper request for `path`, such as `/`, which asks for the end of the connection after it, and does
    /// not wait for the reply.
    ///
    /// Errors and panics as [`send`](Client::send) does.
    pub fn request(&mut self, path: &str) -> io::Result<()> {
        let host = format!("Host: {}\r\nConnection: close", self.addr);
        self.send(format!("GET {path} HTTP/1.1\r\n{host}\r\n\r\n").as_bytes())
    }

    /// Asks for `path` and reads the reply to the end of the connection.
    ///
    /// # Panics
    ///
    /// If the server leaves the client waiting for [`DEADLINE`].
    pub fn ask(mut self, path: &str) -> Result<Reply, NoReply> {
        // If the server has gone already, the reply, or rather its absence, says so.
        let _ = self.request(path);
        self.read_reply()
    }

    /// Reads until the server closes the connection, and gives the reply that came.
    ///
    /// # Panics
    ///
    /// If nothing comes for [`DEADLINE`], or what comes is not UTF-8.
    pub fn read_reply(mut self) -> Result<Reply, NoReply> {
        let mut bytes = Vec::new();
        let end = match self.stream.read_to_end(&mut bytes) {
            Ok(_) => Ok(()),
            Err(error) if is_timeout(&error) => {
                panic!("no end of the reply after {DEADLINE:?}, only {bytes:?}")
            }
            Err(error) => Err(error),
        };
        Reply::from_end_of_stream(bytes, end)
    }

    /// Reads one response, as long as its `Content-Length` says, and keeps the connection. Gives what came if it is not
    /// a whole one, and what `read_reply` gives if there is none.
    ///
    /// # Panics
    ///
    /// If nothing comes for [`DEADLINE`].
    pub fn read_response(&mut self) -> Result<Reply, NoReply> {
        let mut bytes = Vec::new();
        loop {
            if let Some(reply) = Reply::whole(&bytes) {
                return Ok(reply);
            }
            // One at a time, so that what follows the response stays where it is.
            let mut byte = [0];
            let end = match self.stream.read(&mut byte) {
                Ok(1..) => {
                    bytes.push(byte[0]);
                    continue;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) if is_timeout(&error) => {
                    panic!("no whole response after {DEADLINE:?}, only {bytes:?}")
                }
                end => end.map(|_| ()),
            };
            if !bytes.is_empty() {
                return Err(NoReply::Incomplete(bytes));
            }
            return Reply::from_end_of_stream(bytes, end);
        }
    }

    /// Watches the connection for at most `window`, and gives `false` as soon as there is something: a byte,
    /// the end, or a reset. Takes nothing away from what [`read_reply`](Client::read_reply) will give.
    ///
    /// `true` says only that nothing had come by then. With a server that should not answer, a window that is
    /// too short can overlook that it does; it can never make a silent server look like one that answers.
    ///
    /// # Panics
    ///
    /// If `window` is zero.
    pub fn is_unanswered_for(&self, window: Duration) -> bool {
        let end = Instant::now() + window;
        self.wait_at_most(window);
        let seen = loop {
            match self.stream.peek(&mut [0]) {
                // Nothing has come. The system has woken us for a reason of its own.
                Err(error) if error.kind() == ErrorKind::Interrupted => {
                    let rest = end.saturating_duration_since(Instant::now());
                    self.wait_at_most(rest.max(Duration::from_millis(1)));
                }
                seen => break seen,
            }
        };
        self.wait_at_most(DEADLINE);
        seen.is_err_and(|error| is_timeout(&error))
    }

    /// Ends the sending half of the connection. The server reads its end, and can still answer.
    pub fn finish_sending(&mut self) {
        // An error says that the server has gone, which `read_reply` tells better.
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    /// Closes the connection in good order: the server reads the end of the stream. (A system may reset the
    /// connection instead if it holds a part of a reply that was not read.)
    pub fn hang_up(self) {
        drop(self);
    }

    /// Throws the connection away: the server's next `read` or `write` fails with a reset.
    pub fn reset(self) {
        // A connection that may not linger, not even for zero seconds, is not closed but reset.
        SockRef::from(&self.stream)
            .set_linger(Some(Duration::ZERO))
            .expect("a connection takes its options");
    }

    fn wait_at_most(&self, time: Duration) {
        self.stream
            .set_read_timeout(Some(time))
            .expect("a time to wait that is longer than zero");
    }
}

/// Whether the error says that a time to wait has passed. Systems have two words for it.
fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

/// A client that `connect` has made in less than [`PROMPT`], so that no deadline that is much longer has hit it. Where the
/// machine had something else to do meanwhile, that client leaves, and there is another.
///
/// # Panics
///
/// If the machine is that busy for [`DEADLINE`].
pub fn prompt<C>(connect: impl Fn() -> C) -> C {
    let start = Instant::now();
    loop {
        let begin = Instant::now();
        let client = connect();
        if begin.elapsed() < PROMPT {
            return client;
        }
        assert!(start.elapsed() < DEADLINE, "no client is prompt here");
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;
    use crate::{ClosedPort, serve_in_background};

    /// A listener and a client, connected: `accept` will not wait.
    fn connected() -> (TcpStream, Client) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = Client::connect(listener.local_addr().unwrap());
        let (stream, _) = listener.accept().unwrap();
        (stream, client)
    }

    #[test]
    fn ask_sends_a_proper_request_and_reads_the_whole_reply() {
        let server = serve_in_background(|listener| {
            let (mut stream, _) = listener.accept().unwrap();
            let addr = listener.local_addr().unwrap();
            let host = format!("Host: {addr}\r\nConnection: close");
            let expected = format!("GET /page HTTP/1.1\r\n{host}\r\n\r\n");
            let mut request = vec![0; expected.len()];
            stream.read_exact(&mut request).unwrap();
            assert_eq!(request, expected.as_bytes());
            stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
            stream.write_all(b"hello").unwrap();
        });

        let reply = ask(server.addr(), "/page").unwrap();

        assert_eq!((reply.status, reply.body.as_str()), (200, "hello"));
        assert!(server.wait_until_ended().is_ok());
    }

    #[test]
    fn a_prompt_client_has_sent_its_request_when_it_is_there() {
        let server = serve_in_background(|listener| {
            // Some may have been too slow.
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let _ = stream.read_exact(&mut [0; 3]);
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
            }
        });

        let client = Client::prompt(server.addr(), b"hey");

        assert_eq!(client.read_reply().unwrap().status, 200);
    }

    #[test]
    fn a_closed_port_refuses() {
        let port = ClosedPort::reserve();

        assert_eq!(ask(port.addr(), "/"), Err(NoReply::Refused));
    }

    #[test]
    fn a_server_that_closes_at_once_gives_an_empty_reply() {
        let (stream, client) = connected();

        drop(stream);

        assert_eq!(client.read_reply(), Err(NoReply::Empty));
    }

    #[test]
    fn a_server_that_resets_gives_a_reset() {
        let (stream, client) = connected();

        SockRef::from(&stream)
            .set_linger(Some(Duration::ZERO))
            .unwrap();
        drop(stream);

        assert_eq!(client.read_reply(), Err(NoReply::Reset));
    }

    #[test]
    fn a_client_that_says_nothing_sends_nothing() {
        let (mut stream, client) = connected();

        client.hang_up();

        assert_eq!(stream.read(&mut [0; 16]).unwrap(), 0);
    }

    #[test]
    fn reset_makes_the_servers_read_fail() {
        let (mut stream, client) = connected();

        client.reset();

        let error = stream.read(&mut [0; 16]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    }

    #[test]
    fn a_client_that_has_finished_sending_can_still_be_answered() {
        let (mut stream, mut client) = connected();

        client.send(b"hi").unwrap();
        client.finish_sending();

        let mut received = Vec::new();
        stream.read_to_end(&mut received).unwrap();
        assert_eq!(received, b"hi");
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
        drop(stream);
        assert_eq!(client.read_reply().unwrap().status, 200);
    }

    #[test]
    fn bytes_sent_one_by_one_arrive_one_by_one_for_a_server_that_keeps_up() {
        let (mut stream, mut client) = connected();

        for expected in b"GET" {
            client.send_byte_by_byte(&[*expected]).unwrap();
            let mut buffer = [0; 16];
            assert_eq!(stream.read(&mut buffer).unwrap(), 1);
            assert_eq!(buffer[0], *expected);
        }

        client.send_byte_by_byte(b" / ").unwrap();
        client.hang_up();
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).unwrap();
        assert_eq!(rest, b" / ");
    }

    #[test]
    fn a_response_is_read_as_far_as_it_goes() {
        let (mut stream, mut client) = connected();
        let response = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
        stream.write_all(&response.repeat(2)).unwrap();
        stream.write_all(&response[..30]).unwrap();
        drop(stream);

        for _ in 0..2 {
            assert_eq!(client.read_response().unwrap().body, "hello");
        }
        let incomplete = NoReply::Incomplete(response[..30].to_vec());
        assert_eq!(client.read_response(), Err(incomplete));
        assert_eq!(client.read_response(), Err(NoReply::Empty));
    }

    #[test]
    fn a_client_is_unanswered_until_a_byte_comes() {
        let (mut stream, client) = connected();
        assert!(client.is_unanswered_for(Duration::from_millis(10)));

        stream.write_all(b"H").unwrap();
        assert!(!client.is_unanswered_for(DEADLINE));

        // Watching has not taken the byte away.
        drop(stream);
        let incomplete = NoReply::Incomplete(b"H".to_vec());
        assert_eq!(client.read_reply(), Err(incomplete));
    }

    #[test]
    fn the_end_of_the_connection_counts_as_an_answer() {
        let (stream, client) = connected();

        drop(stream);

        assert!(!client.is_unanswered_for(DEADLINE));
    }
}
