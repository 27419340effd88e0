use std::cell::RefCell;
use std::io::Write;
use std::net::TcpStream;

use super::*;

/// A connection: our side, and the client's, which has sent half a request.
fn half_a_request() -> (Async<TcpStream>, RefCell<TcpStream>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (stream, _) = listener.accept().unwrap();
    client.write_all(b"GET / HT").unwrap();
    (Async::new(stream).unwrap(), RefCell::new(client))
}

/// The client sends the other half. Who says that it still waits has read the first.
fn send_the_rest(client: &RefCell<TcpStream>) {
    let rest = b"TP/1.1\r\n\r\n";
    client.borrow_mut().write_all(rest).unwrap();
}

#[test]
fn who_reads_anew_loses_the_first_half() {
    let (stream, client) = half_a_request();
    let head = smol::block_on(reads_anew(stream, || send_the_rest(&client)));
    assert_eq!(head.unwrap(), b"TP/1.1\r\n\r\n");
}

#[test]
fn who_keeps_the_bytes_has_both_halves() {
    let (stream, client) = half_a_request();
    let head = smol::block_on(keeps_the_bytes(stream, || send_the_rest(&client)));
    assert_eq!(head.unwrap(), b"GET / HTTP/1.1\r\n\r\n");
}

#[test]
fn who_keeps_the_future_has_both_halves() {
    let (stream, client) = half_a_request();
    let head = smol::block_on(keeps_the_future(stream, || send_the_rest(&client)));
    assert_eq!(head.unwrap(), b"GET / HTTP/1.1\r\n\r\n");
}

#[test]
fn the_slow_client_pauses_and_sends_its_request_whole() {
    let head = smol::block_on(async { read_head(slow_client().await?).await });
    assert_eq!(head.unwrap(), b"GET / HTTP/1.1\r\n\r\n");
}
