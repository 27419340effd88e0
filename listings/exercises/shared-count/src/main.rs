//! Exercise: let `/count` say how many clients have been answered before. Edit this file until `cargo test` passes.

use std::net::{TcpListener, TcpStream};

use smol::Async;
use smol::io::{AsyncReadExt, AsyncWriteExt};

fn main() {
    let listener = Async::<TcpListener>::bind(([127, 0, 0, 1], 7878)).unwrap();
    let addr = listener.get_ref().local_addr().unwrap();
    println!("Listening on http://{addr}");

    smol::block_on(serve(listener));
}

async fn serve(listener: Async<TcpListener>) {
    // Each turn of the loop waits for the next connection.
    loop {
        let (stream, _) = listener.accept().await.unwrap();

        // A task for this connection; we go straight on to the next client.
        smol::spawn(handle_connection(stream)).detach();
    }
}

async fn handle_connection(mut stream: Async<TcpStream>) {
    // Wait until the client has sent something, and take up to 1024 bytes of it.
    let mut buffer = [0; 1024];
    let length = stream.read(&mut buffer).await.unwrap();
    let request = &buffer[..length];

    // `/count` is missing here. Its page is a number and nothing else.
    let (status_line, contents) = if request.starts_with(b"GET / HTTP/1.1\r\n") {
        let contents = smol::fs::read_to_string("hello.html").await.unwrap();
        ("HTTP/1.1 200 OK", contents)
    } else {
        let contents = smol::fs::read_to_string("404.html").await.unwrap();
        ("HTTP/1.1 404 NOT FOUND", contents)
    };

    // A blank line ends the head of the response; the page is its body.
    let response = format!("{status_line}\r\n\r\n{contents}");
    stream.write_all(response.as_bytes()).await.unwrap();
}

#[cfg(test)]
mod tests;
