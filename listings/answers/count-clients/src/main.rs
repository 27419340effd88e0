//! Answer: `/count` says how many clients have been answered before.

use std::fs;
use std::io::prelude::*;
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

fn main() {
    let listener = TcpListener::bind("127.0.0.1:7878").unwrap();
    println!("Listening on http://{}", listener.local_addr().unwrap());

    serve(listener);
}

// ANCHOR: serve
fn serve(listener: TcpListener) {
    // Each turn of the loop waits for the next client to connect.
    for (answered, stream) in listener.incoming().enumerate() {
        let stream = stream.unwrap();

        handle_connection(stream, answered);
    }
}
// ANCHOR_END: serve

// ANCHOR: handle_connection
fn handle_connection(mut stream: TcpStream, answered: usize) {
    // ANCHOR_END: handle_connection
    // Wait for the client to send something, and take what fits into the buffer.
    let mut buffer = [0; 1024];
    let length = stream.read(&mut buffer).unwrap();
    let request = &buffer[..length];

    let (status_line, filename) = if request.starts_with(b"GET / HTTP/1.1\r\n") {
        ("HTTP/1.1 200 OK", "hello.html")
    // ANCHOR: handle_connection
    } else if request.starts_with(b"GET /count HTTP/1.1\r\n") {
        ("HTTP/1.1 200 OK", "count")
        // ANCHOR_END: handle_connection
    } else if request.starts_with(b"GET /sleep HTTP/1.1\r\n") {
        // Pretend that this page takes a while to prepare.
        thread::sleep(Duration::from_secs(5));
        ("HTTP/1.1 200 OK", "hello.html")
    } else {
        ("HTTP/1.1 404 NOT FOUND", "404.html")
    };
    // ANCHOR: handle_connection
    let contents = match filename {
        // Not a file, but a number.
        "count" => answered.to_string(),
        _ => fs::read_to_string(filename).unwrap(),
    };
    // ANCHOR_END: handle_connection

    // A blank line ends the head of the response, and the page is the body.
    let response = format!("{status_line}\r\n\r\n{contents}");
    stream.write_all(response.as_bytes()).unwrap();
}

#[cfg(test)]
#[path = "../../../exercises/count-clients/src/tests.rs"]
mod tests;
