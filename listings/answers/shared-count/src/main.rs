//! Answer: `/count` says how many clients have been answered before, and the tasks share the counter.

use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_lite::{AsyncReadExt, AsyncWriteExt};
use smol::Async;

fn main() {
    let listener = Async::<TcpListener>::bind(([127, 0, 0, 1], 7878)).unwrap();
    let addr = listener.get_ref().local_addr().unwrap();
    println!("Listening on http://{addr}");

    smol::block_on(serve(listener));
}

// ANCHOR: serve
async fn serve(listener: Async<TcpListener>) {
    let answered = Arc::new(AtomicU64::new(0));

    // Each turn of the loop waits for the next client to connect.
    loop {
        let (stream, _) = listener.accept().await.unwrap();

        // Give this connection a task of its own, and go straight on.
        smol::spawn(handle_connection(stream, answered.clone())).detach();
    }
}
// ANCHOR_END: serve

// ANCHOR: handle_connection
async fn handle_connection(mut stream: Async<TcpStream>, answered: Arc<AtomicU64>) {
    // ANCHOR_END: handle_connection
    // Wait for the client to send something, and take what fits into the buffer.
    let mut buffer = [0; 1024];
    let length = stream.read(&mut buffer).await.unwrap();
    let request = &buffer[..length];

    let (status_line, filename) = if request.starts_with(b"GET / HTTP/1.1\r\n") {
        ("HTTP/1.1 200 OK", "hello.html")
    // ANCHOR: handle_connection
    } else if request.starts_with(b"GET /count HTTP/1.1\r\n") {
        ("HTTP/1.1 200 OK", "count")
        // ANCHOR_END: handle_connection
    } else if request.starts_with(b"GET /sleep HTTP/1.1\r\n") {
        // Pretend that this page takes a while to prepare.
        smol::Timer::after(Duration::from_secs(5)).await;
        ("HTTP/1.1 200 OK", "hello.html")
    } else {
        ("HTTP/1.1 404 NOT FOUND", "404.html")
    };
    // ANCHOR: handle_connection
    let contents = match filename {
        // Not a file, but a number.
        "count" => answered.load(Ordering::Relaxed).to_string(),
        _ => smol::fs::read_to_string(filename).await.unwrap(),
    };
    // ANCHOR_END: handle_connection

    // A blank line ends the head of the response, and the page is the body.
    let response = format!("{status_line}\r\n\r\n{contents}");
    // ANCHOR: handle_connection
    stream.write_all(response.as_bytes()).await.unwrap();
    answered.fetch_add(1, Ordering::Relaxed);
}
// ANCHOR_END: handle_connection

#[cfg(test)]
#[path = "../../../exercises/shared-count/src/tests.rs"]
mod tests;
