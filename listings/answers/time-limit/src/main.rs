//! Answer: a client that keeps us waiting too long is hung up on.

use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use smol::Async;
use smol::future;
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

// ANCHOR: handle_in_time
/// Handles a connection, but for no longer than `patience`.
async fn handle_in_time(stream: Async<TcpStream>, patience: Duration) {
    let out_of_time = async {
        smol::Timer::after(patience).await;
    };
    future::or(handle_connection(stream), out_of_time).await;
}
// ANCHOR_END: handle_in_time

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
