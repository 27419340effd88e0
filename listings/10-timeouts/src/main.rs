//! Step 10: a client has a deadline for its whole head, and one for taking the response.

// ANCHOR: use
use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use futures_lite::io::BufReader;
use futures_lite::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, future};
use smol::Async;
// ANCHOR_END: use

/// How many bytes the head of a request may have.
const MAX_HEAD: u64 = 8 * 1024;

// ANCHOR: limits
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
// ANCHOR_END: limits

// ANCHOR: main
fn main() {
    let listener = Async::<TcpListener>::bind(([127, 0, 0, 1], 7878)).unwrap();
    let addr = listener.get_ref().local_addr().unwrap();
    println!("Listening on http://{addr}");

    smol::block_on(serve(listener, LIMITS));
}
// ANCHOR_END: main

// ANCHOR: serve
async fn serve(listener: Async<TcpListener>, limits: Limits) {
    // ANCHOR_END: serve
    // Each turn of the loop waits for the next client to connect.
    loop {
        match listener.accept().await {
            // ANCHOR: serve
            // Give this connection a task of its own, and go straight on.
            Ok((stream, addr)) => smol::spawn(handle_and_log(stream, addr, limits)).detach(),
            // ANCHOR_END: serve
            Err(error) => {
                // We're probably out of descriptors. Only a client that leaves can
                // change that, so wait a little.
                println!("accept: {error}");
                smol::Timer::after(Duration::from_millis(100)).await;
            }
        }
    }
}

// ANCHOR: handle_and_log
/// Handles a connection, and logs in one line how it ended.
async fn handle_and_log(stream: Async<TcpStream>, addr: SocketAddr, limits: Limits) {
    match handle_connection(stream, limits).await {
        Ok(status_line) => println!("{addr}: {status_line}"),
        Err(error) => println!("{addr}: {error}"),
    }
}
// ANCHOR_END: handle_and_log

/// Answers one request, and returns the status line of the response.
// ANCHOR: handle_connection
async fn handle_connection(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    limits: Limits,
) -> io::Result<&'static str> {
    let head = within(limits.head, read_head(&mut stream)).await?;
    // ANCHOR_END: handle_connection

    if head.starts_with(b"GET /sleep HTTP/1.1\r\n") {
        // Pretend that this page takes a while to prepare.
        smol::Timer::after(Duration::from_secs(5)).await;
    }
    let (status_line, filename) = page_for(&head);
    let contents = smol::fs::read_to_string(filename).await?;

    // Say how long the page is, and that the connection ends after it.
    let length = contents.len();
    // ANCHOR: handle_connection
    let head = format!("{status_line}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
    let respond = async {
        stream.write_all(head.as_bytes()).await?;
        stream.write_all(contents.as_bytes()).await
    };
    within(limits.response, respond).await?;
    // ANCHOR_END: handle_connection
    Ok(status_line)
}

// ANCHOR: within
/// Awaits `work`, but no longer than `time`. If it isn't done by then, it's dropped.
async fn within<T>(time: Duration, work: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    let out_of_time = async {
        smol::Timer::after(time).await;
        Err(io::ErrorKind::TimedOut.into())
    };
    future::or(work, out_of_time).await
}
// ANCHOR_END: within

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
mod tests {
    use std::fs;
    use std::io;
    use std::net::{SocketAddr, TcpStream};
    use std::pin::Pin;
    use std::task::{Context, Poll, ready};

    use futures_lite::future;

    use super::*;

    #[test]
    fn test_page_for() {
        let hello = ("HTTP/1.1 200 OK", "hello.html");
        assert_eq!(page_for(b"GET / HTTP/1.1\r\n\r\n"), hello);
        assert_eq!(page_for(b"GET /sleep HTTP/1.1\r\n\r\n"), hello);

        let not_found = ("HTTP/1.1 404 NOT FOUND", "404.html");
        assert_eq!(page_for(b"GET /other HTTP/1.1\r\n\r\n"), not_found);
        assert_eq!(page_for(b""), not_found);
    }

    // ANCHOR: start
    /// Starts our server, and returns the address it listens on.
    fn start() -> SocketAddr {
        // Port 0 asks the system for any port that's free.
        let listener = Async::<TcpListener>::bind(([127, 0, 0, 1], 0)).unwrap();
        let addr = listener.get_ref().local_addr().unwrap();
        smol::spawn(serve(listener, LIMITS)).detach();
        addr
    }
    // ANCHOR_END: start

    /// Connects and sends a request, but doesn't read the response yet.
    async fn send(addr: SocketAddr, path: &str) -> Async<TcpStream> {
        let mut stream = Async::<TcpStream>::connect(addr).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        stream
    }

    /// Sends a request, and returns the response.
    async fn get(addr: SocketAddr, path: &str) -> String {
        let mut stream = send(addr, path).await;
        let mut response = String::new();
        stream.read_to_string(&mut response).await.unwrap();
        response
    }

    /// Waits for an answer, but not for as long as `/sleep` takes.
    async fn in_time<T>(answer: impl Future<Output = T>) -> Option<T> {
        let answer = async { Some(answer.await) };
        let time_is_up = async {
            smol::Timer::after(Duration::from_secs(4)).await;
            None
        };
        future::or(answer, time_is_up).await
    }

    fn expected(status_line: &str, filename: &str) -> String {
        let page = fs::read_to_string(filename).unwrap();
        let length = page.len();
        format!("{status_line}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{page}")
    }

    #[test]
    fn test_real_socket() {
        let response = smol::block_on(in_time(get(start(), "/")));

        let page = expected("HTTP/1.1 200 OK", "hello.html");
        assert_eq!(response, Some(page));
    }

    #[test]
    fn test_silent_client() {
        smol::block_on(async {
            let addr = start();
            let silent = Async::<TcpStream>::connect(addr).await.unwrap();

            let response = in_time(get(addr, "/")).await;

            let page = expected("HTTP/1.1 200 OK", "hello.html");
            assert_eq!(response, Some(page), "the second client waits");
            // The silent client has been here all the time.
            drop(silent);
        });
    }

    #[test]
    fn test_slow_client() {
        smol::block_on(async {
            let addr = start();
            let slow = send(addr, "/sleep").await;

            let response = in_time(get(addr, "/")).await;

            let page = expected("HTTP/1.1 200 OK", "hello.html");
            assert_eq!(response, Some(page), "the second client waits");
            // The slow client hasn't been answered yet, and leaves.
            drop(slow);
        });
    }

    /// A connection that exists only in memory.
    struct MockTcpStream {
        /// What the client has sent and the server hasn't read yet.
        unread: &'static [u8],
        /// What the client does once all of that has been read.
        end: End,
        /// What the server has written.
        written: Vec<u8>,
        /// How many bytes a single read or write moves at most.
        piece: usize,
        /// Whether the last read or write had to wait.
        waiting: bool,
    }

    enum End {
        /// The client closes the connection.
        Close,
        /// It keeps the connection open and waits for the response, as curl does.
        Wait,
        /// It's gone, and the connection with it.
        Reset,
    }

    impl MockTcpStream {
        fn new(request: &'static [u8], end: End, piece: usize) -> MockTcpStream {
            MockTcpStream {
                unread: request,
                end,
                written: Vec::new(),
                piece,
                waiting: false,
            }
        }

        /// Is pending every other time, and wakes the task at once, so that it's polled again.
        fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<()> {
            self.waiting = !self.waiting;
            if self.waiting {
                context.waker().wake_by_ref();
                Poll::Pending
            } else {
                Poll::Ready(())
            }
        }
    }

    impl AsyncRead for MockTcpStream {
        fn poll_read(
            mut self: Pin<&mut Self>,
            context: &mut Context<'_>,
            buffer: &mut [u8],
        ) -> Poll<io::Result<usize>> {
            ready!(self.poll_ready(context));

            if self.unread.is_empty() {
                return match self.end {
                    End::Close => Poll::Ready(Ok(0)),
                    // Nothing more will come, and nothing will ever wake the task.
                    End::Wait => Poll::Pending,
                    End::Reset => Poll::Ready(Err(io::ErrorKind::ConnectionReset.into())),
                };
            }
            let length = self.piece.min(buffer.len()).min(self.unread.len());
            let (piece, rest) = self.unread.split_at(length);
            buffer[..length].copy_from_slice(piece);
            self.unread = rest;
            Poll::Ready(Ok(length))
        }
    }

    impl AsyncWrite for MockTcpStream {
        fn poll_write(
            mut self: Pin<&mut Self>,
            context: &mut Context<'_>,
            buffer: &[u8],
        ) -> Poll<io::Result<usize>> {
            ready!(self.poll_ready(context));

            let length = self.piece.min(buffer.len());
            self.written.extend_from_slice(&buffer[..length]);
            Poll::Ready(Ok(length))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    #[test]
    fn test_mock() {
        let mut buffer = [0; 1024];
        smol::block_on(async {
            let mut stream = MockTcpStream::new(b"GET /", End::Close, 3);
            // The first poll is pending. An `.await` polls again, and doesn't notice.
            let first_poll = future::poll_once(stream.read(&mut buffer)).await;
            assert!(first_poll.is_none());
            assert_eq!(stream.read(&mut buffer).await.unwrap(), 3);
            assert_eq!(stream.read(&mut buffer[3..]).await.unwrap(), 2);
            assert_eq!(&buffer[..5], b"GET /");
            assert_eq!(stream.read(&mut buffer).await.unwrap(), 0);

            assert_eq!(stream.write(b"HTTP").await.unwrap(), 3);
            stream.write_all(b"P/1.1").await.unwrap();
            assert_eq!(stream.written, b"HTTP/1.1");

            let mut stream = MockTcpStream::new(b"", End::Wait, 3);
            for _ in 0..10 {
                let poll = future::poll_once(stream.read(&mut buffer)).await;
                assert!(poll.is_none());
            }

            let mut stream = MockTcpStream::new(b"", End::Reset, 3);
            let error = stream.read(&mut buffer).await.unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
        });
    }

    // ANCHOR: response_to
    /// The handler's response to a client that sends `request` and waits.
    fn response_to(request: &'static [u8], piece: usize) -> String {
        let mut stream = MockTcpStream::new(request, End::Wait, piece);
        let answer = handle_connection(&mut stream, LIMITS);
        let outcome = smol::block_on(in_time(answer)).expect("no response in time");
        outcome.unwrap();
        String::from_utf8(stream.written).unwrap()
    }
    // ANCHOR_END: response_to

    fn check_handle_connection(piece: usize) {
        let response = response_to(b"GET / HTTP/1.1\r\n\r\n", piece);
        assert_eq!(response, expected("HTTP/1.1 200 OK", "hello.html"));

        let response = response_to(b"GET /other HTTP/1.1\r\n\r\n", piece);
        assert_eq!(response, expected("HTTP/1.1 404 NOT FOUND", "404.html"));
    }

    #[test]
    fn test_handle_connection() {
        // As large as it can be, so the whole request comes in one piece.
        check_handle_connection(usize::MAX);
    }

    #[test]
    fn test_handle_connection_in_pieces() {
        check_handle_connection(5);
    }

    // ANCHOR: test_half_a_request
    #[test]
    fn test_half_a_request() {
        for end in [End::Close, End::Reset] {
            let mut stream = MockTcpStream::new(b"GET / HTTP/1.1\r\n", end, 5);
            let outcome = smol::block_on(handle_connection(&mut stream, LIMITS));
            assert!(outcome.is_err());
            assert!(stream.written.is_empty());
        }
    }
    // ANCHOR_END: test_half_a_request

    // ANCHOR: test_deadline
    #[test]
    fn test_deadline() {
        let limits = Limits {
            head: Duration::from_millis(10),
            ..LIMITS
        };
        let mut stream = MockTcpStream::new(b"GET / HTTP/1.1\r\n", End::Wait, 5);
        let answer = handle_connection(&mut stream, limits);

        let outcome = smol::block_on(in_time(answer)).expect("it waits for the client");

        assert_eq!(outcome.unwrap_err().kind(), io::ErrorKind::TimedOut);
    }
    // ANCHOR_END: test_deadline
}

#[cfg(test)]
mod book_tests;
#[cfg(test)]
mod score;
