use std::panic;
use std::pin::pin;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::task::{Context, Waker};
use std::thread;
use std::time::Duration;

use clients::{Client, DEADLINE, Server, ask, serve_in_background};
use futures_lite::future;

use super::*;

/// How long a test watches a client that should not be answered. A window that is too short could overlook an
/// answer; it cannot make one up.
const WINDOW: Duration = Duration::from_millis(100);

fn start() -> Server {
    serve_in_background(|listener| smol::block_on(serve(Async::new(listener).unwrap())))
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

/// A clock: it ticks for ever, and does nothing else.
async fn tick(ticks: Sender<()>) {
    loop {
        smol::Timer::after(Duration::from_millis(10)).await;
        // It ticks on when nobody listens any more.
        let _ = ticks.send(());
    }
}

/// Runs the server and the clock in the same `block_on`.
fn start_with_ticker() -> (Server, Receiver<()>) {
    let (ticks, ticked) = channel();
    let server = serve_in_background(|listener| {
        smol::block_on(future::or(
            serve(Async::new(listener).unwrap()),
            tick(ticks),
        ));
    });
    (server, ticked)
}

/// Waits for three ticks from now on.
fn wait_for_ticks(ticked: &Receiver<()>) {
    // Those of the past do not count.
    while ticked.try_recv().is_ok() {}
    for _ in 0..3 {
        assert_eq!(ticked.recv_timeout(DEADLINE), Ok(()));
    }
}

#[test]
fn the_ticker_ticks_while_accept_waits() {
    let (server, ticked) = start_with_ticker();
    wait_for_ticks(&ticked);

    assert_eq!(ask(server.addr(), "/").unwrap().status, 200);

    wait_for_ticks(&ticked);
}

#[test]
fn the_ticker_ticks_while_a_handler_waits_for_a_silent_client() {
    let (server, ticked) = start_with_ticker();
    let silent = Client::connect(server.addr());
    let mut next = Client::connect(server.addr());
    next.request("/").unwrap();
    assert!(next.is_unanswered_for(WINDOW));

    // The thread is free. It is our own loop that does not accept.
    wait_for_ticks(&ticked);

    assert!(next.is_unanswered_for(WINDOW));
    silent.hang_up();
    assert_eq!(next.read_reply().unwrap().status, 200);
}

/// Polls the future once, by hand.
fn is_pending(future: impl Future) -> bool {
    let mut context = Context::from_waker(Waker::noop());
    pin!(future).poll(&mut context).is_pending()
}

/// Two ends of a connection that nobody has said anything on.
fn connection() -> (Async<TcpStream>, Client) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = Client::connect(listener.local_addr().unwrap());
    let (stream, _) = listener.accept().unwrap();
    (Async::new(stream).unwrap(), client)
}

#[test]
fn accept_gives_the_thread_back_while_it_waits() {
    let listener = Async::<TcpListener>::bind(([127, 0, 0, 1], 0)).unwrap();

    assert!(is_pending(listener.accept()));
}

#[test]
fn read_gives_the_thread_back_while_it_waits() {
    let (mut stream, mut client) = connection();
    let mut buffer = [0; 1024];

    assert!(is_pending(stream.read(&mut buffer)));

    client.send(b"GET").unwrap();
    let length = smol::block_on(stream.read(&mut buffer)).unwrap();
    assert_eq!(&buffer[..length], b"GET");
}

#[test]
fn write_all_gives_the_thread_back_while_it_waits() {
    let (mut stream, _client) = connection();

    // A client that reads nothing, and far more than the system keeps for it.
    let response = vec![b'.'; 1024 * 1024];
    let endless = async {
        loop {
            stream.write_all(&response).await.unwrap();
        }
    };

    assert!(is_pending(endless));
}

#[test]
fn reading_a_file_runs_on_a_thread_that_may_block() {
    let caller = thread::current().id();

    // What the calls in `smol::fs` are made of.
    let (name, id) = smol::block_on(smol::unblock(|| {
        let thread = thread::current();
        (thread.name().unwrap_or_default().to_string(), thread.id())
    }));

    assert!(name.starts_with("blocking-"), "{name}");
    assert_ne!(id, caller);
}

#[test]
fn reading_a_file_gives_the_thread_back_while_it_waits() {
    let (file, feed) = file_that_keeps_its_reader_waiting();

    let mut reading = pin!(file);
    assert!(is_pending(reading.as_mut()));

    feed();
    assert_eq!(smol::block_on(reading), "hello");
}

/// The reading of a file that says nothing yet, and the call that makes it say "hello".
#[cfg(unix)]
fn file_that_keeps_its_reader_waiting() -> (impl Future<Output = String>, impl FnOnce()) {
    // A named pipe: whoever opens it waits until somebody writes to it.
    let path = std::env::temp_dir().join(format!("async-sockets-{}", std::process::id()));
    // There may be one of a process of that number that was killed.
    let _ = std::fs::remove_file(&path);
    let made = std::process::Command::new("mkfifo").arg(&path).status();
    assert!(made.unwrap().success());
    let written = path.clone();
    let read = async move { smol::fs::read_to_string(path).await.unwrap() };
    let feed = move || {
        std::fs::write(&written, "hello").unwrap();
        std::fs::remove_file(&written).unwrap();
    };
    (read, feed)
}

/// Where no file keeps its reader waiting: the call that `smol::fs` is made of, with a wait of ours inside.
#[cfg(not(unix))]
fn file_that_keeps_its_reader_waiting() -> (impl Future<Output = String>, impl FnOnce()) {
    let (feed, fed) = channel();
    let read = smol::unblock(move || fed.recv().unwrap());
    (read, move || feed.send("hello".to_string()).unwrap())
}
