use std::net::SocketAddr;

use super::*;

/// Starts the server at any free port.
fn start() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    thread::spawn(|| serve(listener));
    addr
}

/// Asks for `path` as a client would, and returns the response.
fn ask(addr: SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(addr).unwrap();
    let deadline = Duration::from_secs(10);
    stream.set_read_timeout(Some(deadline)).unwrap();
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
    let response = ask(addr, "/count");
    match response.split_once("\r\n\r\n") {
        Some(("HTTP/1.1 200 OK", body)) => body.trim().to_string(),
        _ => panic!(
            "there is no page `/count` yet, and the server says: {:?}",
            response.lines().next().unwrap_or_default()
        ),
    }
}

#[test]
fn the_page_is_still_there() {
    let page = include_str!("../hello.html");

    assert_eq!(
        ask(start(), "/"),
        format!("HTTP/1.1 200 OK\r\n\r\n{page}"),
        "`/` is not answered with the page any more"
    );
}

#[test]
fn count_says_how_many_clients_have_been_answered_before() {
    let addr = start();

    assert_eq!(count(addr), "0", "the first client asked for `/count`");
    assert_eq!(count(addr), "1", "one was answered before, with `/count`");

    // Whatever they ask for, they are answered.
    for path in ["/", "/other", "/"] {
        ask(addr, path);
    }
    assert_eq!(count(addr), "5", "three more came in between");
}
