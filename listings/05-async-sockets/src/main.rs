//! Step 05: the sockets no longer block, but it's one client after another again.

// ANCHOR: use
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use futures_lite::{AsyncReadExt, AsyncWriteExt};
use smol::Async;
// ANCHOR_END: use

// ANCHOR: main
fn main() {
    let listener = Async::<TcpListener>::bind(([127, 0, 0, 1], 7878)).unwrap();
    let addr = listener.get_ref().local_addr().unwrap();
    println!("Listening on http://{addr}");

    smol::block_on(serve(listener));
}
// ANCHOR_END: main

// ANCHOR: serve
async fn serve(listener: Async<TcpListener>) {
    // Each turn of the loop waits for the next client to connect.
    loop {
        let (stream, _) = listener.accept().await.unwrap();

        // Warning: this is not concurrent! The next client waits.
        handle_connection(stream).await;
    }
}
// ANCHOR_END: serve

// ANCHOR: handle_connection
async fn handle_connection(mut stream: Async<TcpStream>) {
    // ANCHOR_END: handle_connection
    // Wait for the client to send something, and take what fits into the buffer.
    let mut buffer = [0; 1024];
    // ANCHOR: handle_connection
    let length = stream.read(&mut buffer).await.unwrap();
    let request = &buffer[..length];
    // ANCHOR_END: handle_connection

    let (status_line, filename) = if request.starts_with(b"GET / HTTP/1.1\r\n") {
        ("HTTP/1.1 200 OK", "hello.html")
    } else if request.starts_with(b"GET /sleep HTTP/1.1\r\n") {
        // Pretend that this page takes a while to prepare.
        smol::Timer::after(Duration::from_secs(5)).await;
        ("HTTP/1.1 200 OK", "hello.html")
    } else {
        ("HTTP/1.1 404 NOT FOUND", "404.html")
    };
    // ANCHOR: handle_connection
    let contents = smol::fs::read_to_string(filename).await.unwrap();
    // ANCHOR_END: handle_connection

    // A blank line ends the head of the response, and the page is the body.
    // ANCHOR: handle_connection
    let response = format!("{status_line}\r\n\r\n{contents}");
    stream.write_all(response.as_bytes()).await.unwrap();
}
// ANCHOR_END: handle_connection

#[cfg(test)]
mod score;
#[cfg(test)]
mod tests;
