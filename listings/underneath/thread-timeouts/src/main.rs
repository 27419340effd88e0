//! What deadlines take with a thread for each client. `cargo run -- each-read` sets one for each read instead.

use std::env;
use std::io::{self, prelude::*};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

/// How long a client may take to send the whole head of its request.
const PATIENCE: Duration = Duration::from_secs(10);

fn main() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:7878")?;
    println!("Listening on http://{}", listener.local_addr()?);

    if env::args().any(|argument| argument == "each-read") {
        serve(listener, |stream| read_head(stream, PATIENCE))
    } else {
        serve(listener, |stream| read_head_by(stream, PATIENCE))
    }
}

/// How a handler reads a head.
type ReadHead = fn(&mut TcpStream) -> io::Result<Vec<u8>>;

fn serve(listener: TcpListener, read_head: ReadHead) -> io::Result<()> {
    for stream in listener.incoming() {
        let stream = stream?;
        thread::spawn(move || handle_connection(stream, read_head));
    }
    Ok(())
}

fn handle_connection(mut stream: TcpStream, read_head: ReadHead) -> io::Result<()> {
    read_head(&mut stream)?;
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
}

// ANCHOR: each_read
/// Reads a head. No read waits for longer than `patience`, but there may be as many as the head has bytes.
fn read_head(stream: &mut TcpStream, patience: Duration) -> io::Result<Vec<u8>> {
    stream.set_read_timeout(Some(patience))?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        read_some(stream, &mut head)?;
    }
    Ok(head)
}
// ANCHOR_END: each_read

// ANCHOR: whole
/// Reads a head within `patience`: each read may wait for as long as is left of it.
fn read_head_by(stream: &mut TcpStream, patience: Duration) -> io::Result<Vec<u8>> {
    let deadline = Instant::now() + patience;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        stream.set_read_timeout(Some(left))?;
        read_some(stream, &mut head)?;
    }
    Ok(head)
}
// ANCHOR_END: whole

fn read_some(stream: &mut TcpStream, head: &mut Vec<u8>) -> io::Result<()> {
    let mut buffer = [0; 1024];
    match stream.read(&mut buffer)? {
        0 => Err(io::Error::other("the request has no end")),
        length => {
            head.extend_from_slice(&buffer[..length]);
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests;
