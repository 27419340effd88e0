use clients::{Client, ask, serve_in_background};

use super::*;

#[test]
fn the_answered_are_counted_and_the_silent_are_not() {
    let server = serve_in_background(|listener| {
        smol::block_on(serve(Async::new(listener).unwrap()));
    });
    let addr = server.addr();
    let count = || {
        let reply = ask(addr, "/count").unwrap();
        assert_eq!(reply.status, 200, "the server has no page `/count` yet");
        reply.body.trim().to_string()
    };

    // The first to come, and never answered. It must not delay the others either.
    let mut silent = Client::connect(addr);

    assert_eq!(count(), "0", "one client has come, and said nothing");
    assert_eq!(count(), "1", "one was answered before, with `/count`");
    for path in ["/", "/other", "/"] {
        ask(addr, path).unwrap();
    }
    assert_eq!(count(), "5", "three more were answered in between");

    // Now it speaks, and counts as well.
    silent.request("/").unwrap();
    assert_eq!(silent.read_reply().unwrap().status, 200);
    assert_eq!(count(), "7", "the silent client was answered at last");
}
