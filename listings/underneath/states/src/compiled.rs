//! The handler of step 06, just as it stands there: the compiler makes its states.

use std::net::TcpStream;
use std::time::Duration;

use futures_lite::{AsyncReadExt, AsyncWriteExt};
use smol::Async;

pub async fn handle_connection(mut stream: Async<TcpStream>) {
    // Wait for the client to send something, and take what fits into the buffer.
    let mut buffer = [0; 1024];
    let length = stream.read(&mut buffer).await.unwrap();
    let request = &buffer[..length];

    let (status_line, filename) = if request.starts_with(b"GET / HTTP/1.1\r\n") {
        ("HTTP/1.1 200 OK", "hello.html")
    } else if request.starts_with(b"GET /sleep HTTP/1.1\r\n") {
        // Pretend that this page takes a while to prepare.
        smol::Timer::after(Duration::from_secs(5)).await;
        ("HTTP/1.1 200 OK", "hello.html")
    } else {
        ("HTTP/1.1 404 NOT FOUND", "404.html")
    };
    let contents = smol::fs::read_to_string(filename).await.unwrap();

    // A blank line ends the head of the response, and the page is the body.
    let response = format!("{status_line}\r\n\r\n{contents}");
    stream.write_all(response.as_bytes()).await.unwrap();
}
