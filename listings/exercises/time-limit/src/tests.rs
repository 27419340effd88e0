use clients::{Client, NoReply, ask, serve_in_background};
use smol::future::{or, yield_now};

use super::*;

#[test]
fn who_says_nothing_is_hung_up_on() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = Client::connect(listener.local_addr().unwrap());
    let stream = Async::new(listener.accept().unwrap().0).unwrap();

    // No time at all: it is over at once.
    let in_time = handle_in_time(stream, Duration::ZERO);

    // A hundred turns are more than enough to notice.
    let ended = smol::block_on(or(
        async {
            in_time.await;
            true
        },
        async {
            for _ in 0..100 {
                yield_now().await;
            }
            false
        },
    ));
    assert!(ended, "the time is over, and we still wait for the client");
    assert_eq!(silent.read_reply(), Err(NoReply::Empty));
}

#[test]
fn who_asks_in_time_is_answered() {
    let server = serve_in_background(|listener| {
        let an_hour = Duration::from_secs(3600);
        smol::block_on(serve(Async::new(listener).unwrap(), an_hour));
    });

    let reply = ask(server.addr(), "/").unwrap();

    assert_eq!(reply.head, "HTTP/1.1 200 OK");
    assert_eq!(reply.body, include_str!("../hello.html"));
}
