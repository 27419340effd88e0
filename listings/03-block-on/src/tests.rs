use std::cell::Cell;
use std::panic;
use std::pin::pin;
use std::sync::mpsc::channel;
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

use clients::{Client, Server, ask, serve_in_background};

use super::*;

/// How long a test watches a client that should not be answered. A window that is too short could overlook an
/// answer; it cannot make one up.
const WINDOW: Duration = Duration::from_millis(200);

fn start() -> Server {
    serve_in_background(|listener| smol::block_on(serve(listener)))
}

#[test]
fn the_root_is_answered_with_the_page() {
    let server = start();

    let reply = ask(server.addr(), "/").unwrap();

    assert_eq!(reply.head, "HTTP/1.1 200 OK");
    assert_eq!(reply.body, include_str!("../hello.html"));
}

#[test]
fn any_other_path_is_answered_with_the_404_page() {
    let server = start();

    for path in ["/something-else", "/hello.html", "/sleeping", "/?", "//"] {
        let reply = ask(server.addr(), path).unwrap();

        assert_eq!(reply.head, "HTTP/1.1 404 NOT FOUND");
        assert_eq!(reply.body, include_str!("../404.html"));
    }
}

#[test]
#[ignore = "takes a whole nap, as in step 01: `cargo test -- --ignored`"]
fn sleep_is_answered_after_five_seconds_and_delays_the_next() {
    let server = start();
    let mut sleeping = Client::connect(server.addr());
    let mut next = Client::connect(server.addr());

    let start = Instant::now();
    sleeping.request("/sleep").unwrap();
    next.request("/").unwrap();

    // A server that did not let the sleeping client delay the next would answer this one at once.
    let reply = next.read_reply().unwrap();
    assert!(start.elapsed() >= Duration::from_secs(5));
    assert_eq!(reply.head, "HTTP/1.1 200 OK");

    let reply = sleeping.read_reply().unwrap();
    assert_eq!(reply.head, "HTTP/1.1 200 OK");
    assert_eq!(reply.body, include_str!("../hello.html"));
}

#[test]
fn a_silent_client_delays_the_next() {
    let server = start();
    let silent = Client::connect(server.addr());
    let mut next = Client::connect(server.addr());
    next.request("/").unwrap();

    assert!(next.is_unanswered_for(WINDOW));

    silent.hang_up();
    assert_eq!(next.read_reply().unwrap().status, 200);
}

#[test]
fn a_silent_client_delays_everyone_until_it_speaks() {
    let server = start();
    let mut silent = Client::connect(server.addr());
    let others = [(); 3].map(|()| {
        let mut other = Client::connect(server.addr());
        other.request("/").unwrap();
        other
    });

    for other in &others {
        assert!(other.is_unanswered_for(WINDOW / 4));
    }

    silent.request("/").unwrap();
    assert_eq!(silent.read_reply().unwrap().status, 200);
    for other in others {
        assert_eq!(other.read_reply().unwrap().status, 200);
    }
}

#[test]
fn the_handler_runs_on_the_thread_that_called_block_on() {
    // A reset makes the handler panic, and a panic tells on which thread it happened.
    let (tell, told) = channel();
    let report = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        // Other tests have handlers that panic as well, and nobody listens any more at the end.
        let _ = tell.send(thread::current().id());
        report(info);
    }));
    let server = start();
    let thread_of_block_on = server.thread_id();

    Client::connect(server.addr()).reset();

    assert!(server.wait_until_ended().is_err());
    assert!(told.try_iter().any(|thread| thread == thread_of_block_on));
}

#[test]
fn a_future_does_nothing_until_it_is_run() {
    let ran = Cell::new(false);

    let future = async { ran.set(true) };
    assert!(!ran.get());

    smol::block_on(future);
    assert!(ran.get());
}

#[test]
fn awaiting_a_future_runs_it() {
    let ran = Cell::new(false);

    smol::block_on(async {
        let future = async { ran.set(true) };
        assert!(!ran.get());

        future.await;
        assert!(ran.get());
    });
}

#[test]
fn block_on_gives_the_value_of_the_future() {
    assert_eq!(smol::block_on(async { 6 * 7 }), 42);
}

#[test]
fn block_on_runs_the_future_on_its_own_thread() {
    let inside = smol::block_on(async { thread::current().id() });

    assert_eq!(inside, thread::current().id());
}

#[test]
fn a_future_can_be_polled_by_hand() {
    let mut future = pin!(async { 6 * 7 });
    let mut context = Context::from_waker(Waker::noop());

    assert_eq!(future.as_mut().poll(&mut context), Poll::Ready(42));
}

#[test]
fn a_timer_gives_the_thread_back_while_it_waits() {
    let mut future = pin!(async {
        smol::Timer::after(Duration::from_secs(3600)).await;
    });
    let mut context = Context::from_waker(Waker::noop());

    // Were the thread held, this line would take an hour.
    assert!(future.as_mut().poll(&mut context).is_pending());
}

#[test]
fn thread_sleep_keeps_the_thread_while_it_waits() {
    let time = Duration::from_millis(50);
    let mut future = pin!(async { thread::sleep(time) });
    let mut context = Context::from_waker(Waker::noop());

    let start = Instant::now();
    assert!(future.as_mut().poll(&mut context).is_ready());
    assert!(start.elapsed() >= time);
}

/// A connection, and the client at its other end.
fn connection() -> (TcpStream, Client) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = Client::connect(listener.local_addr().unwrap());
    (listener.accept().unwrap().0, client)
}

#[test]
fn another_future_runs_while_a_client_sleeps() {
    let (stream, mut client) = connection();
    client.request("/sleep").unwrap();

    // `or` polls the handler first, and the other future only if the handler has to wait.
    let first = smol::block_on(smol::future::or(
        async {
            handle_connection(stream).await;
            "the handler"
        },
        async { "the other future" },
    ));

    assert_eq!(first, "the other future");
}

#[test]
fn a_silent_client_keeps_the_thread() {
    let (stream, mut silent) = connection();
    let (tell, told) = channel();
    let thread = thread::spawn(move || {
        // `zip` polls the handler first, then the other future.
        smol::block_on(smol::future::zip(handle_connection(stream), async move {
            tell.send(()).unwrap();
        }));
    });

    assert!(told.recv_timeout(WINDOW).is_err());

    silent.finish_sending();
    told.recv().unwrap();
    thread.join().unwrap();
}
