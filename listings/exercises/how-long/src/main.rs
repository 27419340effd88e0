//! Exercise: let the log say how long each connection took, here or in your own `web-server`.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
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
        match listener.accept().await {
            // Give this connection a task of its own, and go straight on.
            Ok((stream, addr)) => smol::spawn(handle_and_log(stream, addr)).detach(),
            Err(error) => {
                // We're probably out of descriptors. Only a client that leaves can
                // change that, so wait a little.
                println!("accept: {error}");
                smol::Timer::after(Duration::from_millis(100)).await;
            }
        }
    }
}

/// Handles a connection, and logs in one line how it ended.
async fn handle_and_log(stream: Async<TcpStream>, addr: SocketAddr) {
    // ANCHOR: handle_and_log
    // Here it took no time, whatever the client did.
    let outcome = handle_connection(stream).await;
    println!("{}", log_line(addr, outcome, Duration::ZERO));
    // ANCHOR_END: handle_and_log
}

/// The line in the log for a connection that ended like this, and took so long:
/// `127.0.0.1:40000: HTTP/1.1 200 OK (0.25 s)`.
fn log_line(addr: SocketAddr, outcome: io::Result<&str>, took: Duration) -> String {
    // Something is missing.
    let _ = took;
    match outcome {
        Ok(status_line) => format!("{addr}: {status_line}"),
        Err(error) => format!("{addr}: {error}"),
    }
}

/// Answers one request, and returns the status line of the response.
async fn handle_connection(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
) -> io::Result<&'static str> {
    let head = read_head(&mut stream).await?;

    if head.starts_with(b"GET /sleep HTTP/1.1\r\n") {
        // Pretend that this page takes a while to prepare.
        smol::Timer::after(Duration::from_secs(5)).await;
    }
    let (status_line, filename) = page_for(&head);
    let contents = smol::fs::read_to_string(filename).await?;

    // Say how long the page is, and that the connection ends after it.
    let length = contents.len();
    let head = format!("{status_line}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(contents.as_bytes()).await?;
    Ok(status_line)
}

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
mod tests;
