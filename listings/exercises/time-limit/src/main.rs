//! Exercise: hang up on a client that keeps us waiting too long. Edit `handle_in_time` until `cargo test` passes.

use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use smol::Async;
use smol::io::{AsyncReadExt, AsyncWriteExt};

fn main() {
    let listener = Async::<TcpListener>::bind(([127, 0, 0, 1], 7878)).unwrap();
    let addr = listener.get_ref().local_addr().unwrap();
    println!("Listening on http://{addr}");

    smol::block_on(serve(listener, Duration::from_secs(10)));
}

async fn serve(listener: Async<TcpListener>, patience: Duration) {
    // Each turn of the loop waits for the next connection.
    loop {
        let (stream, _) = listener.accept().await.unwrap();

        // A task for this connection; we go straight on to the next client.
        smol::spawn(handle_in_time(stream, patience)).detach();
    }
}

/// Handles a connection, but for no longer than `patience`.
async fn handle_in_time(stream: Async<TcpStream>, patience: Duration) {
    // Here they run one after the other, and a silent client keeps us waiting for ever.
    handle_connection(stream).await;
    smol::Timer::after(patience).await;
}

async fn handle_connection(mut stream: Async<TcpStream>) {
    // Wait until the client has sent something, and take up to 1024 bytes of it.
    let mut buffer = [0; 1024];
    let length = stream.read(&mut buffer).await.unwrap();
    let request = &buffer[..length];

    let (status_line, filename) = if request.starts_with(b"GET / HTTP/1.1\r\n") {
        ("HTTP/1.1 200 OK", "hello.html")
    } else {
        ("HTTP/1.1 404 NOT FOUND", "404.html")
    };
    let contents = smol::fs::read_to_string(filename).await.unwrap();

    // A blank line ends the head of the response; the page is its body.
    let response = format!("{status_line}\r\n\r\n{contents}");
    stream.write_all(response.as_bytes()).await.unwrap();
}

#[cfg(test)]
mod tests;
