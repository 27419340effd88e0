//! Exercise: hang up on a client that takes too long, here or in your own `web-server`.

use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use futures_lite::{AsyncReadExt, AsyncWriteExt};
use smol::Async;

/// How long a connection may take.
const PATIENCE: Duration = Duration::from_secs(10);

fn main() {
    let listener = Async::<TcpListener>::bind(([127, 0, 0, 1], 7878)).unwrap();
    let addr = listener.get_ref().local_addr().unwrap();
    println!("Listening on http://{addr}");

    smol::block_on(serve(listener));
}

// ANCHOR: serve
async fn serve(listener: Async<TcpListener>) {
    // Each turn of the loop waits for the next client to connect.
    loop {
        let (stream, _) = listener.accept().await.unwrap();

        // Give this connection a task of its own, and go straight on.
        smol::spawn(handle_in_time(stream, PATIENCE)).detach();
    }
}
// ANCHOR_END: serve

/// Handles a connection, but for no longer than `patience`.
async fn handle_in_time(stream: Async<TcpStream>, patience: Duration) {
    // Here they run one after the other, and a silent client stays for as long as it likes.
    handle_connection(stream).await;
    smol::Timer::after(patience).await;
}

async fn handle_connection(mut stream: Async<TcpStream>) {
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

#[cfg(test)]
mod tests;
