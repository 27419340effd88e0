//! What each contender does, so that they are compared in the same work.

use clients::{Client, Reply, serve_in_background};

use super::serve;

const HELLO: &str = include_str!("../14-web-server/hello.html");

/// The reply to these requests on one connection, the last of which closes it.
fn reply(requests: &str) -> Reply {
    let server = serve_in_background(serve);
    let mut client = Client::connect(server.addr());
    client.send(requests.as_bytes()).unwrap();
    client.read_reply().unwrap()
}

/// The last request on a connection, for the page at `path`.
fn last(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
}

#[test]
fn each_page_is_that_of_the_finished_server() {
    for path in ["/", "/compute"] {
        let reply = reply(&last(path));
        assert_eq!((reply.status, reply.body.as_str()), (200, HELLO));
    }
    assert_eq!(reply(&last("/absent")).status, 404);
}

#[test]
fn a_connection_is_kept_open_until_the_client_closes_it() {
    let two = format!("GET / HTTP/1.1\r\nHost: a\r\n\r\n{}", last("/"));

    assert_eq!(reply(&two).body.matches(HELLO).count(), 2);
}
