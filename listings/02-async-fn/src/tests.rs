use clients::{Client, ClosedPort, NoReply, ask, serve_in_background};

use super::*;

#[test]
fn nobody_is_answered() {
    let server = serve_in_background(serve);

    for _ in 0..100 {
        let outcome = ask(server.addr(), "/");

        // Which of the two it is depends on whether the request or the end of the connection is faster.
        assert!(
            matches!(outcome, Err(NoReply::Empty | NoReply::Reset)),
            "{outcome:?}"
        );
    }
}

#[test]
fn the_server_runs_on_and_accepts_one_client_after_the_other() {
    let server = serve_in_background(serve);

    // Each of them sees the end of a connection, which a server that is gone or stuck would not bring about.
    for _ in 0..100 {
        let client = Client::connect(server.addr());
        assert_eq!(client.read_reply(), Err(NoReply::Empty));
    }

    assert!(server.is_running());
}

#[test]
fn a_silent_client_is_hung_up_on() {
    let server = serve_in_background(serve);

    let silent = Client::connect(server.addr());

    assert_eq!(silent.read_reply(), Err(NoReply::Empty));
}

#[test]
fn a_connection_is_refused_only_where_nobody_listens() {
    let port = ClosedPort::reserve();
    assert_eq!(ask(port.addr(), "/"), Err(NoReply::Refused));

    let server = serve_in_background(serve);
    assert_ne!(ask(server.addr(), "/"), Err(NoReply::Refused));
}

/// A connection whose request has arrived, and the client that sent it.
fn request_that_has_arrived() -> (TcpStream, Client) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut client = Client::connect(listener.local_addr().unwrap());
    client.send(b"GET / HTTP/1.1\r\n\r\n").unwrap();

    let (stream, _) = listener.accept().unwrap();
    // Waits for the first byte and leaves it where it is; the others came with it.
    stream.peek(&mut [0]).unwrap();
    (stream, client)
}

#[test]
fn a_call_returns_a_future() {
    fn takes_a_future(_: impl Future<Output = ()>) {}
    let (stream, _client) = request_that_has_arrived();

    // That this compiles is the proof.
    takes_a_future(handle_connection(stream));
}

#[test]
fn the_body_of_the_handler_never_runs() {
    let (stream, _client) = request_that_has_arrived();
    let mut same_stream = stream.try_clone().unwrap();

    drop(handle_connection(stream));

    // Had the handler run, it would have taken the request.
    let mut buffer = [0; 1024];
    let length = same_stream.read(&mut buffer).unwrap();
    assert_eq!(&buffer[..length], b"GET / HTTP/1.1\r\n\r\n");
}

#[test]
fn dropping_the_future_closes_the_connection() {
    let (stream, client) = request_that_has_arrived();

    let future = handle_connection(stream);
    assert!(client.is_unanswered_for(Duration::from_millis(50)));
    drop(future);

    let outcome = client.read_reply();
    if cfg!(target_os = "linux") {
        // Closed with a request in it that nobody has read, the connection is reset.
        assert_eq!(outcome, Err(NoReply::Reset));
    } else {
        assert!(matches!(outcome, Err(NoReply::Empty | NoReply::Reset)));
    }
}
