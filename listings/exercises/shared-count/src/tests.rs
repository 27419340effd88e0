use std::io::{Read, Write};
use std::net::SocketAddr;
use std::thread;

use super::*;

/// Starts the server at any free port.
fn start() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    thread::spawn(|| smol::block_on(serve(Async::new(listener).unwrap())));
    addr
}

fn connect(addr: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(addr).unwrap();
    let deadline = Duration::from_secs(10);
    stream.set_read_timeout(Some(deadline)).unwrap();
    stream
}

/// Asks for `path` as a client would, and returns the response.
fn ask(mut stream: TcpStream, path: &str) -> String {
    // In one piece, because the server reads only once.
    let request = format!("GET {path} HTTP/1.1\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();

    let mut response = String::new();
    match stream.read_to_string(&mut response) {
        Ok(_) => response,
        Err(error) => panic!("no answer to `GET {path}`, but: {error}"),
    }
}

/// What the server says that it has counted.
fn count(addr: SocketAddr) -> String {
    let response = ask(connect(addr), "/count");
    match response.split_once("\r\n\r\n") {
        Some(("HTTP/1.1 200 OK", body)) => body.trim().to_string(),
        _ => panic!(
            "there is no page `/count` yet, and the server says: {:?}",
            response.lines().next().unwrap_or_default()
        ),
    }
}

#[test]
fn the_answered_are_counted_and_the_silent_are_not() {
    let addr = start();

    // The first to come, and not answered. It must not delay the others either.
    let silent = connect(addr);

    assert_eq!(count(addr), "0", "one client has come, and said nothing");
    assert_eq!(count(addr), "1", "one was answered before, with `/count`");
    for path in ["/", "/other", "/"] {
        ask(connect(addr), path);
    }
    assert_eq!(count(addr), "5", "three more were answered in between");

    // Now it speaks, and counts as well.
    let page = include_str!("../hello.html");
    assert_eq!(
        ask(silent, "/"),
        format!("HTTP/1.1 200 OK\r\n\r\n{page}"),
        "`/` is not answered with the page any more"
    );
    assert_eq!(count(addr), "7", "the silent client was answered at last");
}
