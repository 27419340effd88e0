//! Step 14: the finished server, on every core.

mod connection;
mod http;
mod signal;

// ANCHOR: use
use std::env;
use std::fmt::Display;
use std::io::{self, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;
use std::time::Duration;
// ANCHOR_END: use

// ANCHOR: use
use futures_lite::future;
use smol::channel::{self, Receiver};
use smol::lock::{Semaphore, SemaphoreGuardArc};
use smol::{Async, Executor};
use socket2::SockRef;
// ANCHOR_END: use

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

// ANCHOR: executor
/// Has the tasks of all connections. Each of our threads runs it.
static EXECUTOR: Executor = Executor::new();
// ANCHOR_END: executor

// ANCHOR: log
/// Prints a line. If nobody reads what we print, that's no reason to end.
fn log(line: impl Display) {
    let _ = writeln!(io::stdout(), "{line}");
}
// ANCHOR_END: log

// ANCHOR: main
fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("web-server: {error}");
            ExitCode::FAILURE
        }
    }
}
// ANCHOR_END: main

// ANCHOR: run
/// Listens where the command line says, and serves until a signal asks us to end.
fn run() -> Result<(), String> {
    let addr = env::args().nth(1).unwrap_or("127.0.0.1:7878".to_string());
    let addr: SocketAddr = addr
        .parse()
        .map_err(|_| format!("`{addr}` isn't an address like 127.0.0.1:7878"))?;
    let listener = Async::<TcpListener>::bind(addr)
        .map_err(|error| format!("can't listen on {addr}: {error}"))?;
    let addr = listener.get_ref().local_addr().unwrap_or(addr);
    let ctrl_c = signal::ctrl_c().map_err(|error| error.to_string())?;
    log(format_args!("Listening on http://{addr}"));

    let shutdown = async {
        ctrl_c.await;
        log("Ending");
    };
    // Letting clients in is a task as well, for whichever thread is free.
    let server = EXECUTOR.spawn(serve(listener, LIMITS, shutdown));
    let threads = thread::available_parallelism().map_or(1, usize::from);
    for _ in 1..threads {
        thread::spawn(|| smol::block_on(EXECUTOR.run(future::pending::<()>())));
    }
    smol::block_on(EXECUTOR.run(server));
    Ok(())
}
// ANCHOR_END: run

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
    // ANCHOR: serve
    let out_of_time = async {
        smol::Timer::after(limits.drain).await;
        log("Some clients took too long");
    };
    future::or(all_places, out_of_time).await;
    // ANCHOR_END: serve
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
                // ANCHOR: accept
                let stopped = stopped.clone();
                let task = handle_and_log(stream, addr, limits, stopped, place);
                EXECUTOR.spawn(task).detach();
            }
            Err(error) => {
                // We're probably out of descriptors. Only a client that leaves can
                // change that, so wait a little.
                log(format_args!("accept: {error}"));
                // ANCHOR_END: accept
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
        // ANCHOR: handle_and_log
        Ok(Ended::Early) => linger(stream, limits).await.unwrap_or(()),
        Err(error) => log(format_args!("{addr}: {error}")),
    }
    // ANCHOR_END: handle_and_log
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io;
    use std::net::{SocketAddr, TcpStream};
    use std::pin::Pin;
    use std::task::{Context, Poll, ready};

    use futures_lite::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, future};

    use super::*;

    /// Starts our server, and returns the address it listens on.
    fn start() -> SocketAddr {
        start_with(LIMITS)
    }

    // ANCHOR: start_with
    fn start_with(limits: Limits) -> SocketAddr {
        // Port 0 asks the system for any port that's free.
        let listener = Async::<TcpListener>::bind(([127, 0, 0, 1], 0)).unwrap();
        let addr = listener.get_ref().local_addr().unwrap();
        thread::spawn(move || {
            smol::block_on(EXECUTOR.run(serve(listener, limits, future::pending())))
        });
        addr
    }
    // ANCHOR_END: start_with

    /// Connects and sends a request, but doesn't read the response yet.
    async fn send(addr: SocketAddr, path: &str) -> Async<TcpStream> {
        let mut stream = Async::<TcpStream>::connect(addr).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        stream
    }

    /// Sends a request, and returns the response.
    async fn get(addr: SocketAddr, path: &str) -> String {
        let mut stream = send(addr, path).await;
        let mut response = String::new();
        stream.read_to_string(&mut response).await.unwrap();
        without_date(&response)
    }

    /// Removes the date, which differs each time.
    fn without_date(response: &str) -> String {
        let lines = response.split_inclusive("\r\n");
        lines.filter(|line| !line.starts_with("Date:")).collect()
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
        format!(
            "{status_line}\r\nContent-Type: text/html; charset=utf-8\r\n\
             Content-Length: {length}\r\nConnection: close\r\n\r\n{page}"
        )
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

    /// Handles a connection of a server that goes on.
    async fn handle(stream: &mut MockTcpStream, limits: Limits) -> io::Result<Ended> {
        let (_stop, stopped) = channel::bounded(1);
        handle_connection(stream, limits, stopped).await
    }

    /// The handler's response to a client that sends `request` and waits.
    fn response_to(request: &'static [u8], piece: usize) -> String {
        let mut stream = MockTcpStream::new(request, End::Wait, piece);
        let answer = handle(&mut stream, LIMITS);
        let outcome = smol::block_on(in_time(answer)).expect("no response in time");
        outcome.unwrap();
        without_date(str::from_utf8(&stream.written).unwrap())
    }

    fn check_handle_connection(piece: usize) {
        let response = response_to(b"GET / HTTP/1.0\r\n\r\n", piece);
        assert_eq!(response, expected("HTTP/1.1 200 OK", "hello.html"));

        let response = response_to(b"GET /other HTTP/1.0\r\n\r\n", piece);
        assert_eq!(response, expected("HTTP/1.1 404 Not Found", "404.html"));
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

    #[test]
    fn test_two_requests() {
        let requests = b"HEAD /?query HTTP/1.1\r\nHost: a\r\n\r\nGET /other HTTP/1.0\r\n\r\n";

        let responses = response_to(requests, 5);

        let (head, rest) = responses.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n"));
        assert!(head.ends_with("\r\nConnection: keep-alive"));
        assert_eq!(rest, expected("HTTP/1.1 404 Not Found", "404.html"));
    }

    #[test]
    fn test_bad_request() {
        let response = response_to(b"GET / HTTP/1.1\r\nno host\r\n\r\n", 5);

        assert!(response.starts_with("HTTP/1.1 400 Bad Request\r\n"));
        assert!(response.contains("\r\nConnection: close\r\n"));
    }

    #[test]
    fn test_half_a_request() {
        for end in [End::Close, End::Reset] {
            let mut stream = MockTcpStream::new(b"GET / HTTP/1.1\r\n", end, 5);
            let outcome = smol::block_on(handle(&mut stream, LIMITS));
            assert!(outcome.is_err());
            assert!(stream.written.is_empty());
        }
    }

    #[test]
    fn test_deadline() {
        let limits = Limits {
            head: Duration::from_millis(10),
            ..LIMITS
        };
        let mut stream = MockTcpStream::new(b"GET / HTTP/1.1\r\n", End::Wait, 5);
        let answer = handle(&mut stream, limits);

        let outcome = smol::block_on(in_time(answer)).expect("it waits for the client");

        assert_eq!(outcome.unwrap(), Ended::Early);
        let status_line = b"HTTP/1.1 408 Request Timeout\r\n";
        assert!(stream.written.starts_with(status_line));
    }

    #[test]
    fn test_full() {
        smol::block_on(async {
            let addr = start_with(Limits {
                connections: 1,
                ..LIMITS
            });
            let first = Async::<TcpStream>::connect(addr).await.unwrap();
            let mut second = send(addr, "/").await;

            // The only place is taken, so the second isn't answered ...
            let answer = async { second.read(&mut [0]).await.unwrap() };
            let a_moment = async {
                smol::Timer::after(Duration::from_millis(100)).await;
                0
            };
            assert_eq!(future::or(answer, a_moment).await, 0);

            // ... before the first has left.
            drop(first);
            assert_eq!(in_time(second.read(&mut [0])).await.unwrap().unwrap(), 1);
        });
    }

    #[test]
    fn test_shutdown() {
        smol::block_on(async {
            let listener = Async::<TcpListener>::bind(([127, 0, 0, 1], 0)).unwrap();
            let addr = listener.get_ref().local_addr().unwrap();
            let (stop, stopped) = channel::bounded::<()>(1);
            // ANCHOR: test_shutdown
            let shutdown = async move {
                let _ = stopped.recv().await;
            };
            let server = smol::spawn(EXECUTOR.run(serve(listener, LIMITS, shutdown)));
            let mut idle = Async::<TcpStream>::connect(addr).await.unwrap();
            // ANCHOR_END: test_shutdown
            let mut busy = Async::<TcpStream>::connect(addr).await.unwrap();
            busy.write_all(b"GET / HT").await.unwrap();
            // Once the third has been served, the others have been let in.
            get(addr, "/").await;

            drop(stop);

            let length = in_time(idle.read(&mut [0])).await;
            assert_eq!(length.expect("it may stay").unwrap(), 0);
            busy.write_all(b"TP/1.0\r\n\r\n").await.unwrap();
            let mut response = String::new();
            busy.read_to_string(&mut response).await.unwrap();
            assert!(response.starts_with("HTTP/1.1 200 OK\r\n"));
            in_time(server).await.expect("the server goes on");
        });
    }
}

#[cfg(test)]
mod book_tests;
#[cfg(test)]
mod score;
