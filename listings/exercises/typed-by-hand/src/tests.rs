use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;

use super::*;

/// Starts the server, and returns the address it listens on.
fn start() -> SocketAddr {
    let listener = Async::<TcpListener>::bind(([127, 0, 0, 1], 0)).unwrap();
    let addr = listener.get_ref().local_addr().unwrap();
    smol::spawn(serve(listener)).detach();
    addr
}

/// A client, and what it receives until the server closes the connection.
fn response_to(addr: SocketAddr, pieces: &[&str]) -> String {
    let mut client = TcpStream::connect(addr).unwrap();
    let deadline = Duration::from_secs(10);
    client.set_read_timeout(Some(deadline)).unwrap();
    for piece in pieces {
        client.write_all(piece.as_bytes()).unwrap();
        thread::sleep(Duration::from_millis(10));
    }
    let mut response = String::new();
    match client.read_to_string(&mut response) {
        Ok(_) => response,
        Err(error) => panic!("{pieces:?} is not answered: {error}"),
    }
}

fn assert_gets(pieces: &[&str], status_line: &str) {
    let response = response_to(start(), pieces);
    assert!(
        response.starts_with(status_line),
        "{pieces:?} is answered with {response:?}"
    );
}

const OK: &str = "HTTP/1.1 200 OK\r\n";
const NOT_FOUND: &str = "HTTP/1.1 404 NOT FOUND\r\n";

#[test]
fn lines_may_end_as_http_wants_it() {
    assert_gets(&["GET / HTTP/1.1\r\nHost: a\r\n\r\n"], OK);
    assert_gets(&["GET /other HTTP/1.1\r\n\r\n"], NOT_FOUND);
}

#[test]
fn lines_may_end_as_a_keyboard_has_it() {
    assert_gets(&["GET / HTTP/1.1\n\n"], OK);
    assert_gets(&["GET / HTTP/1.1\n", "Host: a\n", "\n"], OK);
    assert_gets(&["GET /other HTTP/1.1\n\n"], NOT_FOUND);
}

#[test]
fn what_is_no_end_of_a_head_is_none_now() {
    assert_gets(&["GET / HTTP/1.1\n", "Host: ", "\r", "a\n", "\n"], OK);
    assert_gets(&["GET / HTTP/1.1 and more\n\n"], NOT_FOUND);
    assert_gets(&["GET / HTTP/1.1\r\r\n\r\n"], NOT_FOUND);
}
