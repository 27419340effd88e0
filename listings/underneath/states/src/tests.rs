use std::pin::pin;
use std::task::Waker;

use clients::{Client, Server, ask, serve_in_background};
use futures_lite::future;

use super::*;

/// How long a test looks whether there is an answer already.
const MOMENT: Duration = Duration::from_millis(1);

fn start() -> Server {
    serve_in_background(|listener| smol::block_on(serve(Async::new(listener).unwrap())))
}

/// The same loop with the handler of step 06.
fn start_compiled() -> Server {
    async fn serve(listener: Async<TcpListener>) {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            smol::spawn(compiled::handle_connection(stream)).detach();
        }
    }
    serve_in_background(|listener| smol::block_on(serve(Async::new(listener).unwrap())))
}

/// The lines of an item of a file, without those that mark anchors.
fn item(source: &str, start: &str) -> Vec<String> {
    let lines = source.lines().skip_while(|line| !line.contains(start));
    let mut item = Vec::new();
    for line in lines.filter(|line| !line.contains("// ANCHOR")) {
        item.push(line.trim_start_matches("pub ").to_string());
        if line == "}" {
            break;
        }
    }
    item
}

#[test]
fn the_compiled_handler_and_serve_are_those_of_step_06() {
    let step = include_str!("../../../06-concurrent/src/main.rs");
    let handler = "async fn handle_connection(";
    let compiled = item(include_str!("compiled.rs"), handler);
    assert!(compiled.len() > 20);
    assert_eq!(compiled, item(step, handler));

    let serve = item(include_str!("main.rs"), "async fn serve(");
    assert!(serve.len() > 5);
    assert_eq!(serve, item(step, "async fn serve("));
}

#[test]
fn the_states_answer_as_the_handler_does() {
    let servers = [start(), start_compiled()];

    for path in ["/", "/something-else", "/hello.html", "/sleeping", "//"] {
        let [ours, compiled] = [0, 1].map(|index: usize| ask(servers[index].addr(), path).unwrap());
        assert_eq!(ours, compiled, "{path}");
    }
    for request in [&b"GET / HT"[..], b"G", b"GET / HTTP/1.1\r\n", b"\xff\r\n"] {
        let [ours, compiled] = [0, 1].map(|index: usize| {
            let mut client = Client::connect(servers[index].addr());
            client.send(request).unwrap();
            client.read_reply().unwrap()
        });
        assert_eq!(ours, compiled, "{request:?}");
    }
}

#[test]
fn silent_clients_delay_nobody() {
    let server = start();
    let silent = [(); 50].map(|()| Client::connect(server.addr()));

    for _ in 0..3 {
        assert_eq!(ask(server.addr(), "/").unwrap().status, 200);
    }

    for mut client in silent {
        assert!(client.is_unanswered_for(MOMENT));
        client.request("/").unwrap();
        assert_eq!(client.read_reply().unwrap().status, 200);
    }
}

/// A connection, and the client at its other end.
fn connection() -> (Async<TcpStream>, Client) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = Client::connect(listener.local_addr().unwrap());
    let (stream, _) = listener.accept().unwrap();
    (Async::new(stream).unwrap(), client)
}

#[test]
fn a_waiting_handler_is_a_value_of_its_size() {
    let (stream, mut client) = connection();
    let mut handler = handle_connection(stream);
    let mut context = Context::from_waker(Waker::noop());

    // It waits for its client, and is nothing but this value: the stream, the buffer, and a few bytes more.
    for _ in 0..3 {
        assert!(Pin::new(&mut handler).poll(&mut context).is_pending());
        assert!(matches!(handler.state, State::Reading { .. }));
    }
    assert_eq!(size_of_val(&handler), size_of::<HandleConnection>());
    let parts = size_of::<Async<TcpStream>>() + 1024;
    assert!((parts..parts + 64).contains(&size_of_val(&handler)));

    // Moved to another place between two polls, as this type may be, it goes on from there.
    let handler = Box::new(handler);
    client.request("/").unwrap();
    smol::block_on(handler);
    assert_eq!(client.read_reply().unwrap().status, 200);
}

#[test]
fn sleep_is_a_state_of_its_own_and_ends_with_the_page() {
    let (stream, mut client) = connection();
    let mut handler = handle_connection(stream);

    client.request("/sleep").unwrap();
    // Polled whenever it is woken, until it sleeps.
    smol::block_on(future::poll_fn(|context| {
        assert!(Pin::new(&mut handler).poll(context).is_pending());
        match handler.state {
            State::Sleeping { .. } => Poll::Ready(()),
            _ => Poll::Pending,
        }
    }));
    assert!(client.is_unanswered_for(MOMENT));

    // A timer that has run out, in place of five seconds: the handler goes on to its end.
    handler.state = State::Sleeping {
        timer: Timer::after(Duration::ZERO),
    };
    smol::block_on(future::poll_fn(|context| {
        Pin::new(&mut handler).poll(context)
    }));
    let State::Writing { response, written } = &handler.state else {
        panic!("it ends where it writes");
    };
    assert_eq!(*written, response.len());
    drop(handler);
    let page = ask(start_compiled().addr(), "/").unwrap();
    assert_eq!(client.read_reply().unwrap(), page);
}

#[test]
fn both_futures_hold_the_buffer() {
    let compiled = size_of_future(compiled::handle_connection);

    assert!((1024..4096).contains(&size_of::<HandleConnection>()));
    assert!((1024..4096).contains(&compiled));
}

#[test]
fn the_compiled_future_is_pending_while_its_client_is_silent() {
    let (stream, client) = connection();
    let mut handler = pin!(compiled::handle_connection(stream));
    let mut context = Context::from_waker(Waker::noop());

    assert!(handler.as_mut().poll(&mut context).is_pending());
    assert!(client.is_unanswered_for(MOMENT));
}
