use std::io::{ErrorKind, Read};
use std::thread;
use std::time::Instant;

use clients::{Client, DEADLINE};

use super::*;

fn listener() -> TcpListener {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    listener
}

/// Asks again until something other than `WouldBlock` comes. A system may take a moment to pass on what arrived.
fn ask_again<T>(mut ask: impl FnMut() -> std::io::Result<T>) -> std::io::Result<T> {
    let start = Instant::now();
    loop {
        match ask() {
            Err(error) if error.kind() == ErrorKind::WouldBlock && start.elapsed() < DEADLINE => {
                thread::yield_now();
            }
            result => return result,
        }
    }
}

#[test]
fn accept_returns_would_block_at_once_while_nobody_is_there() {
    let listener = listener();

    // Nobody ever comes, so a call that waits would never return.
    for _ in 0..100 {
        let error = listener.accept().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::WouldBlock);
    }
    assert_eq!(try_accept(&listener), "WouldBlock");
}

#[test]
fn accept_returns_the_connection_once_a_client_is_there() {
    let listener = listener();
    let client = Client::connect(listener.local_addr().unwrap());

    let (stream, _) = ask_again(|| listener.accept()).unwrap();

    drop(stream);
    assert!(!client.is_unanswered_for(DEADLINE));
}

#[test]
fn read_returns_would_block_until_the_client_has_sent_something() {
    let listener = listener();
    let mut client = Client::connect(listener.local_addr().unwrap());
    let (mut stream, _) = ask_again(|| listener.accept()).unwrap();
    stream.set_nonblocking(true).unwrap();
    let mut buffer = [0; 16];

    let error = stream.read(&mut buffer).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WouldBlock);

    client.send(b"GET").unwrap();
    assert_eq!(ask_again(|| stream.read(&mut buffer)).unwrap(), 3);
    // All of it is read, and the client is still there.
    let error = stream.read(&mut buffer).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WouldBlock);
}
