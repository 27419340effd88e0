use clients::{ask, serve_in_background};

use super::*;

#[test]
fn the_page_is_still_there() {
    let server = serve_in_background(serve);

    let reply = ask(server.addr(), "/").unwrap();

    assert_eq!(reply.head, "HTTP/1.1 200 OK");
    assert_eq!(reply.body, include_str!("../hello.html"));
}

#[test]
fn count_says_how_many_clients_have_been_answered_before() {
    let server = serve_in_background(serve);
    let addr = server.addr();
    let count = || {
        let reply = ask(addr, "/count").unwrap();
        assert_eq!(reply.status, 200, "the server has no page `/count` yet");
        reply.body.trim().to_string()
    };

    assert_eq!(count(), "0", "the first client asked for `/count`");
    assert_eq!(count(), "1", "one was answered before, with `/count`");

    // Whatever they ask for, they are answered.
    for path in ["/", "/other", "/"] {
        ask(addr, path).unwrap();
    }
    assert_eq!(count(), "5", "three more came in between");
}
