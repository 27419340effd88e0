use std::io::{BufRead, BufReader, Read, Write};
use std::thread;

use super::*;

const REQUEST: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const LAST_REQUEST: &str = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

/// What a response says of its connection.
const GOES_ON: &str = "keep-alive";
const ENDS: &str = "close";

/// Starts the server, and connects to it.
fn connect() -> TcpStream {
    connect_to(start())
}

fn start() -> SocketAddr {
    let listener = Async::<TcpListener>::bind(([127, 0, 0, 1], 0)).unwrap();
    let addr = listener.get_ref().local_addr().unwrap();
    thread::spawn(|| smol::block_on(serve(listener, LIMITS)));
    addr
}

fn connect_to(addr: SocketAddr) -> TcpStream {
    let client = TcpStream::connect(addr).unwrap();
    // Less than an idle client may stay.
    let deadline = Duration::from_secs(5);
    client.set_read_timeout(Some(deadline)).unwrap();
    client
}

/// Reads one response, and returns what it says of its connection, or nothing if there is no response any more.
fn read_response(client: &mut impl BufRead) -> Option<String> {
    let mut connection = String::new();
    let mut length = 0;
    loop {
        let mut line = String::new();
        if let Err(error) = client.read_line(&mut line) {
            panic!("the client reads a response, and gets: {error}");
        }
        match line.trim_end().split_once(": ") {
            Some(("Connection", value)) => connection = value.to_string(),
            Some(("Content-Length", value)) => length = value.parse().unwrap(),
            _ if line.is_empty() => return None,
            // The blank line ends the head.
            _ if line == "\r\n" => break,
            _ => {}
        }
    }
    let page = client.read_exact(&mut vec![0; length]);
    assert!(page.is_ok(), "the response is cut off");
    Some(connection)
}

#[test]
fn the_hundredth_answer_says_that_it_is_the_last_and_is() {
    let mut client = BufReader::new(connect());
    for number in 1..=100 {
        client.get_mut().write_all(REQUEST.as_bytes()).unwrap();
        let connection = read_response(&mut client);
        let expected = if number < 100 { GOES_ON } else { ENDS };
        let connection = connection.as_deref();
        assert_eq!(connection, Some(expected), "what answer {number} says");
    }

    let length = client.read(&mut [0]);
    assert!(length.is_ok(), "the connection goes on");
    assert_eq!(length.unwrap(), 0, "there is another answer");
}

#[test]
fn a_client_that_has_sent_more_has_a_hundred_answers_and_no_reset() {
    let mut client = BufReader::new(connect());
    let requests = REQUEST.repeat(149) + LAST_REQUEST;
    client.get_mut().write_all(requests.as_bytes()).unwrap();

    let responses = std::iter::from_fn(|| read_response(&mut client));
    assert_eq!(responses.count(), 100, "so many answers");
}

#[test]
fn a_client_may_end_its_connection_before_that() {
    let mut client = BufReader::new(connect());
    let requests = [REQUEST, REQUEST, LAST_REQUEST, REQUEST].concat();
    client.get_mut().write_all(requests.as_bytes()).unwrap();

    for expected in [GOES_ON, GOES_ON, ENDS] {
        assert_eq!(read_response(&mut client).as_deref(), Some(expected));
    }
}

#[test]
fn each_connection_has_a_hundred_of_its_own() {
    let addr = start();
    for client in 1..=3 {
        let mut stream = BufReader::new(connect_to(addr));
        let requests = REQUEST.repeat(60);
        stream.get_mut().write_all(requests.as_bytes()).unwrap();
        for number in 1..=60 {
            let connection = read_response(&mut stream);
            let connection = connection.as_deref();
            assert_eq!(
                connection,
                Some(GOES_ON),
                "what answer {number} of connection {client} says"
            );
        }
    }
}
