use std::io::{Read, Write};
use std::thread;

use futures_lite::future::or;

use super::*;

const AN_HOUR: Duration = Duration::from_secs(60 * 60);

/// A client and the server's side of its connection.
fn connect() -> (TcpStream, Async<TcpStream>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let deadline = Duration::from_secs(10);
    client.set_read_timeout(Some(deadline)).unwrap();
    let (stream, _) = listener.accept().unwrap();
    (client, Async::new(stream).unwrap())
}

/// Whether `future` completes, in far more time than it should need.
fn completes(future: impl Future<Output = ()>) -> bool {
    let completed = async {
        future.await;
        true
    };
    let too_late = async {
        smol::Timer::after(Duration::from_secs(3)).await;
        false
    };
    smol::block_on(or(completed, too_late))
}

/// What the client receives until the server closes the connection.
fn response(mut client: TcpStream) -> String {
    let mut response = String::new();
    match client.read_to_string(&mut response) {
        Ok(_) => response,
        Err(error) => panic!("the client waits for the server, and gets: {error}"),
    }
}

fn hello() -> String {
    let page = include_str!("../hello.html");
    format!("HTTP/1.1 200 OK\r\n\r\n{page}")
}

#[test]
fn a_silent_client_is_hung_up_on() {
    let (client, stream) = connect();

    // No time at all.
    let in_time = completes(handle_in_time(stream, Duration::ZERO));

    assert!(
        in_time,
        "the time is over, and the handler still waits for a silent client"
    );
    assert_eq!(response(client), "", "the silent client gets an answer");
}

#[test]
fn a_client_that_asks_in_time_is_answered() {
    let (mut client, stream) = connect();
    client.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();

    let in_time = completes(handle_in_time(stream, AN_HOUR));

    assert_eq!(response(client), hello(), "not answered with the page");
    assert!(
        in_time,
        "the client has its page, and the task waits for an hour to be over"
    );
}

#[test]
fn the_server_answers_as_before() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let deadline = Duration::from_secs(10);
    client.set_read_timeout(Some(deadline)).unwrap();
    thread::spawn(|| smol::block_on(serve(Async::new(listener).unwrap())));

    client.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();

    assert_eq!(response(client), hello(), "not answered with the page");
}
