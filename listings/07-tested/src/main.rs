//! Step 07: the handler takes any stream, so that a test can hand it one of its own.

// ANCHOR: use
use std::net::TcpListener;
use std::time::Duration;

use smol::Async;
use smol::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
// ANCHOR_END: use

fn main() {
    let listener = Async::<TcpListener>::bind(([127, 0, 0, 1], 7878)).unwrap();
    let addr = listener.get_ref().local_addr().unwrap();
    println!("Listening on http://{addr}");

    smol::block_on(serve(listener));
}

async fn serve(listener: Async<TcpListener>) {
    // Each turn of the loop waits for the next connection.
    loop {
        let (stream, _) = listener.accept().await.unwrap();

        // A task for this connection; we go straight on to the next client.
        smol::spawn(handle_connection(stream)).detach();
    }
}

// ANCHOR: handle_connection
async fn handle_connection(mut stream: impl AsyncRead + AsyncWrite + Unpin) {
    // Wait until the client has sent something, and take up to 1024 bytes of it.
    let mut buffer = [0; 1024];
    let length = stream.read(&mut buffer).await.unwrap();
    let request = &buffer[..length];

    if request.starts_with(b"GET /sleep HTTP/1.1\r\n") {
        // Stand in for a page that takes long to prepare.
        smol::Timer::after(Duration::from_secs(5)).await;
    }
    let (status_line, filename) = page_for(request);
    let contents = smol::fs::read_to_string(filename).await.unwrap();

    // A blank line ends the head of the response; the page is its body.
    let response = format!("{status_line}\r\n\r\n{contents}");
    stream.write_all(response.as_bytes()).await.unwrap();
}
// ANCHOR_END: handle_connection

// ANCHOR: page_for
fn page_for(request: &[u8]) -> (&'static str, &'static str) {
    let root = request.starts_with(b"GET / HTTP/1.1\r\n");
    let sleep = request.starts_with(b"GET /sleep HTTP/1.1\r\n");

    if root || sleep {
        ("HTTP/1.1 200 OK", "hello.html")
    } else {
        ("HTTP/1.1 404 NOT FOUND", "404.html")
    }
}
// ANCHOR_END: page_for

// ANCHOR: tests
#[cfg(test)]
mod tests {
    use std::fs;
    use std::io;
    use std::net::TcpStream;
    use std::pin::Pin;
    use std::task::{Context, Poll, ready};

    use smol::future;

    use super::*;
    // ANCHOR_END: tests

    // ANCHOR: test_page_for
    #[test]
    fn test_page_for() {
        let hello = ("HTTP/1.1 200 OK", "hello.html");
        assert_eq!(page_for(b"GET / HTTP/1.1\r\n\r\n"), hello);
        assert_eq!(page_for(b"GET /sleep HTTP/1.1\r\n\r\n"), hello);

        let not_found = ("HTTP/1.1 404 NOT FOUND", "404.html");
        assert_eq!(page_for(b"GET /other HTTP/1.1\r\n\r\n"), not_found);
        assert_eq!(page_for(b""), not_found);
    }
    // ANCHOR_END: test_page_for

    // ANCHOR: real_socket
    #[test]
    fn test_real_socket() {
        // Port 0 asks the system for any port that is free.
        let listener = Async::<TcpListener>::bind(([127, 0, 0, 1], 0)).unwrap();
        let addr = listener.get_ref().local_addr().unwrap();
        smol::spawn(serve(listener)).detach();

        let mut response = String::new();
        smol::block_on(async {
            let mut stream = Async::<TcpStream>::connect(addr).await.unwrap();
            stream.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
            stream.read_to_string(&mut response).await.unwrap();
        });

        let page = fs::read_to_string("hello.html").unwrap();
        assert_eq!(response, format!("HTTP/1.1 200 OK\r\n\r\n{page}"));
    }
    // ANCHOR_END: real_socket

    // ANCHOR: mock
    /// A connection that exists only in memory.
    struct MockTcpStream {
        /// What the client has sent and the server has not read yet.
        unread: &'static [u8],
        /// What the server has written.
        written: Vec<u8>,
        /// How many bytes one read or one write takes at most.
        piece: usize,
        /// Whether the last answer was "not yet".
        waiting: bool,
    }

    impl MockTcpStream {
        fn new(request: &'static [u8], piece: usize) -> MockTcpStream {
            MockTcpStream {
                unread: request,
                written: Vec::new(),
                piece,
                waiting: false,
            }
        }

        /// Says "not yet" every other time, and wakes the task at once, so that it asks again.
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
    // ANCHOR_END: mock

    // ANCHOR: mock_read
    impl AsyncRead for MockTcpStream {
        fn poll_read(
            mut self: Pin<&mut Self>,
            context: &mut Context<'_>,
            buffer: &mut [u8],
        ) -> Poll<io::Result<usize>> {
            ready!(self.poll_ready(context));

            // Zero bytes, when all is read, are the end of the stream.
            let length = self.piece.min(buffer.len()).min(self.unread.len());
            let (piece, rest) = self.unread.split_at(length);
            buffer[..length].copy_from_slice(piece);
            self.unread = rest;
            Poll::Ready(Ok(length))
        }
    }
    // ANCHOR_END: mock_read

    // ANCHOR: mock_write
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
    // ANCHOR_END: mock_write

    // ANCHOR: test_mock
    #[test]
    fn test_mock() {
        let mut stream = MockTcpStream::new(b"GET /", 3);
        let mut buffer = [0; 1024];

        // The first answer is "not yet". Who awaits is woken, asks again, and does not notice.
        let first_answer = smol::block_on(future::poll_once(stream.read(&mut buffer)));
        assert!(first_answer.is_none());

        smol::block_on(async {
            assert_eq!(stream.read(&mut buffer).await.unwrap(), 3);
            assert_eq!(stream.read(&mut buffer[3..]).await.unwrap(), 2);
            assert_eq!(stream.read(&mut buffer[5..]).await.unwrap(), 0);
            assert_eq!(stream.write(b"HTTP").await.unwrap(), 3);
            stream.write_all(b"P/1.1").await.unwrap();
        });

        assert_eq!(&buffer[..5], b"GET /");
        assert_eq!(stream.written, b"HTTP/1.1");
    }
    // ANCHOR_END: test_mock

    // ANCHOR: test_handle_connection
    /// Gives the handler's response to a request, both moved in pieces of at most `piece` bytes.
    fn response_to(request: &'static [u8], piece: usize) -> String {
        let mut stream = MockTcpStream::new(request, piece);
        smol::block_on(handle_connection(&mut stream));
        String::from_utf8(stream.written).unwrap()
    }

    fn check_handle_connection(piece: usize) {
        let response = response_to(b"GET / HTTP/1.1\r\n\r\n", piece);
        let page = fs::read_to_string("hello.html").unwrap();
        assert_eq!(response, format!("HTTP/1.1 200 OK\r\n\r\n{page}"));

        let response = response_to(b"GET /other HTTP/1.1\r\n\r\n", piece);
        let page = fs::read_to_string("404.html").unwrap();
        assert_eq!(response, format!("HTTP/1.1 404 NOT FOUND\r\n\r\n{page}"));
    }

    #[test]
    fn test_handle_connection() {
        // As large as can be: the request comes whole.
        check_handle_connection(usize::MAX);
    }
    // ANCHOR_END: test_handle_connection
    // ANCHOR: tests
}
// ANCHOR_END: tests

#[cfg(test)]
mod score;
