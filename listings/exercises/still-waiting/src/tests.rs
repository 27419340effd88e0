use std::cell::{Cell, RefCell};
use std::io::{Read, Write};

use super::*;

/// A client that has sent half a request, and the server's side of its connection.
fn half_a_request() -> (RefCell<TcpStream>, Async<TcpStream>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    client.write_all(b"GET / HT").unwrap();
    let (stream, _) = listener.accept().unwrap();
    (RefCell::new(client), Async::new(stream).unwrap())
}

/// What `read_head_aloud` gives, or nothing if it takes far too long.
fn outcome(reading: impl Future<Output = io::Result<Vec<u8>>>) -> String {
    let head = smol::block_on(within(Duration::from_secs(10), reading));
    String::from_utf8(head.expect("no head in ten seconds")).unwrap()
}

#[test]
fn it_says_each_second_that_it_waits() {
    let (client, stream) = half_a_request();
    let said = Cell::new(0);
    let still_waiting = || {
        said.set(said.get() + 1);
        if said.get() == 2 {
            client.borrow_mut().write_all(b"TP/1.1\r\n\r\n").unwrap();
        }
    };

    outcome(read_head_aloud(stream, still_waiting));

    assert_eq!(said.get(), 2);
}

#[test]
fn it_says_nothing_of_a_request_that_is_there() {
    let (client, stream) = half_a_request();
    client.borrow_mut().write_all(b"TP/1.1\r\n\r\n").unwrap();

    let head = outcome(read_head_aloud(stream, || panic!("it did not wait")));

    assert_eq!(head, "GET / HTTP/1.1\r\n\r\n");
}

#[test]
fn it_loses_nothing_of_what_came_before_it_spoke() {
    let (client, stream) = half_a_request();
    let pieces = RefCell::new(vec!["\r\n\r\n", "TP/1.1"]);
    let still_waiting = || {
        let piece = pieces.borrow_mut().pop();
        let piece = piece.expect("the whole request has been sent, and it still waits");
        client.borrow_mut().write_all(piece.as_bytes()).unwrap();
    };

    let head = outcome(read_head_aloud(stream, still_waiting));

    assert_eq!(head, "GET / HTTP/1.1\r\n\r\n");
}

#[test]
fn the_server_answers_as_before() {
    let (client, stream) = half_a_request();
    client.borrow_mut().write_all(b"TP/1.1\r\n\r\n").unwrap();
    smol::block_on(handle_connection(stream, LIMITS)).unwrap();

    let mut response = String::new();
    client.borrow_mut().read_to_string(&mut response).unwrap();
    assert!(response.starts_with("HTTP/1.1 200 OK\r\n"), "{response:?}");
}
