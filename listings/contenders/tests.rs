//! What each contender does, so that they are compared in the same work.

use clients::{Client, Reply, serve_in_background};

use super::serve;

/// The reply to these requests on one connection, the last of which closes it.
fn reply(requests: &str) -> Reply {
    let server = serve_in_background(serve);
    let mut client = Client::connect(server.addr());
    client.send(requests.as_bytes()).unwrap();
    client.read_reply().unwrap()
}

#[test]
fn a_connection_is_kept_open_until_the_client_closes_it() {
    let last = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    let two = format!("GET / HTTP/1.1\r\nHost: a\r\n\r\n{last}");

    assert!(reply(last).body.contains("Hello!"));
    assert!(reply(&two).body.contains("HTTP/1.1 200 OK\r\n"));
}

#[test]
fn primes_are_counted() {
    let reply = reply("GET /compute HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");

    assert!(reply.body.contains("Hello!"));
}
