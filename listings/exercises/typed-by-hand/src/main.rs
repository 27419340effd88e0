//! Exercise: let a request be typed by hand, here or in your own `web-server`: a line may end with `\n` alone.

use std::net::TcpListener;
use std::time::Duration;

use futures_lite::io::BufReader;
use futures_lite::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use smol::Async;

/// How many bytes the head of a request may have.
const MAX_HEAD: u64 = 8 * 1024;

fn main() {
    let listener = Async::<TcpListener>::bind(([127, 0, 0, 1], 7878)).unwrap();
    let addr = listener.get_ref().local_addr().unwrap();
    println!("Listening on http://{addr}");

    smol::block_on(serve(listener));
}

async fn serve(listener: Async<TcpListener>) {
    // Each turn of the loop waits for the next client to connect.
    loop {
        let (stream, _) = listener.accept().await.unwrap();

        // Give this connection a task of its own, and go straight on.
        smol::spawn(handle_connection(stream)).detach();
    }
}

async fn handle_connection(mut stream: impl AsyncRead + AsyncWrite + Unpin) {
    let Some(head) = read_head(&mut stream).await else {
        // Without a request, there's nothing to answer.
        return;
    };

    if head.starts_with(b"GET /sleep HTTP/1.1\r\n") {
        // Pretend that this page takes a while to prepare.
        smol::Timer::after(Duration::from_secs(5)).await;
    }
    let (status_line, filename) = page_for(&head);
    let contents = smol::fs::read_to_string(filename).await.unwrap();

    // Say how long the page is, and that the connection ends after it.
    let length = contents.len();
    let head = format!("{status_line}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(contents.as_bytes()).await.unwrap();
}

/// Reads a request up to the blank line that ends its head. Returns `None`
/// if the client leaves before that, or if the head exceeds `MAX_HEAD`.
async fn read_head(stream: impl AsyncRead + Unpin) -> Option<Vec<u8>> {
    let mut reader = BufReader::with_capacity(1024, stream.take(MAX_HEAD));
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        // Wait for the rest of a line. At the end of the stream, there is none.
        let length = reader.read_until(b'\n', &mut head).await.unwrap();
        if length == 0 {
            return None;
        }
    }
    Some(head)
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
mod tests;
