//! Exercise: let `/count` say how many clients have been answered before. Edit this file until `cargo test` passes.

use std::fs;
use std::io::prelude::*;
use std::net::{TcpListener, TcpStream};

fn main() {
    let listener = TcpListener::bind("127.0.0.1:7878").unwrap();
    println!("Listening on http://{}", listener.local_addr().unwrap());

    serve(listener);
}

fn serve(listener: TcpListener) {
    // Each turn of the loop waits for the next connection.
    for stream in listener.incoming() {
        let stream = stream.unwrap();

        handle_connection(stream);
    }
}

fn handle_connection(mut stream: TcpStream) {
    // Wait until the client has sent something, and take up to 1024 bytes of it.
    let mut buffer = [0; 1024];
    let length = stream.read(&mut buffer).unwrap();
    let request = &buffer[..length];

    // `/count` is missing here. Its page is a number and nothing else.
    let (status_line, contents) = if request.starts_with(b"GET / HTTP/1.1\r\n") {
        ("HTTP/1.1 200 OK", fs::read_to_string("hello.html").unwrap())
    } else {
        let contents = fs::read_to_string("404.html").unwrap();
        ("HTTP/1.1 404 NOT FOUND", contents)
    };

    // A blank line ends the head of the response; the page is its body.
    let response = format!("{status_line}\r\n\r\n{contents}");
    stream.write_all(response.as_bytes()).unwrap();
}

#[cfg(test)]
mod tests;
