//! What the book says of this step, and its reader does not type.

use clients::{
    Client, DEADLINE, PROMPT, Server, ServerProcess, ask, longest_wait, room_for_clients,
    serve_in_background, serve_in_own_process,
};

use super::*;

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\n\r\n";

const WINDOW: Duration = Duration::from_millis(100);

fn start(limits: Limits) -> Server {
    serve_in_background(move |l| smol::block_on(serve(Async::new(l).unwrap(), limits)))
}

/// The server in a process of its own, with as many files as it may need.
fn start_process(test: &str, limits: Limits) -> ServerProcess {
    let files = limits.connections + 200;
    serve_in_own_process(&format!("book_tests::{test}"), files, |listener| {
        smol::block_on(serve(Async::new(listener).unwrap(), limits));
    })
}

#[test]
fn there_are_places_for_twelve_thousand() {
    const { assert!(LIMITS.connections >= 12_000) }
}

#[test]
fn as_many_are_let_in_as_there_are_places_and_the_others_wait_in_the_queue() {
    let limits = Limits {
        connections: 10,
        ..LIMITS
    };
    let test = "as_many_are_let_in_as_there_are_places_and_the_others_wait_in_the_queue";
    let server = start_process(test, limits);
    let silent: Vec<_> = (0..10).map(|_| Client::connect(server.addr())).collect();
    let mut others: Vec<_> = (0..90).map(|_| Client::connect(server.addr())).collect();
    for other in &mut others {
        other.send(REQUEST).unwrap();
    }

    assert!(others[0].is_unanswered_for(WINDOW));
    assert!(others[89].is_unanswered_for(WINDOW));
    #[cfg(target_os = "linux")]
    assert!(server.open_files() < 10 + 20, "{}", server.open_files());

    drop(silent);
    for other in others {
        assert_eq!(other.read_reply().unwrap().status, 200);
    }
}

#[test]
fn a_place_is_free_again_whatever_became_of_the_client() {
    let server = start(Limits {
        connections: 1,
        head: 3 * PROMPT,
        ..LIMITS
    });
    let assert_is_served = || {
        let client = Client::prompt(server.addr(), REQUEST);
        assert_eq!(client.read_reply().unwrap().status, 200);
    };
    for _ in 0..3 {
        assert_is_served();
        Client::connect(server.addr()).hang_up();
        Client::connect(server.addr()).reset();
        // It says nothing until it is hung up on.
        let _ = Client::connect(server.addr()).read_reply();
    }
    assert_is_served();
}

#[test]
fn ten_thousand_sleep_at_once() {
    let server = start_process("ten_thousand_sleep_at_once", LIMITS);
    // The server has a process of its own, so a client takes one file here, and not two.
    let count = (2 * room_for_clients(5_000)).min(10_000);
    if count < 10_000 {
        println!("the limit of open files leaves room for {count} clients, not for 10,000");
    }

    // The queue is as long as it should be when the first has been served.
    assert_eq!(ask(server.addr(), "/").unwrap().status, 200);

    // One after the other, they would take fourteen hours; a thousand at a time, fifty seconds.
    let request = b"GET /sleep HTTP/1.1\r\n\r\n";
    assert!(longest_wait(server.addr(), count, request) <= DEADLINE);
    assert_eq!(server.printed("accept:"), 0);
    assert_eq!(server.printed("panicked"), 0);
}

/// Each of the clients that mean ill, a thousand at a time.
#[cfg(target_os = "linux")]
#[test]
fn a_thousand_of_each_hostile_kind_leave_the_server_as_it_was() {
    let limits = Limits {
        connections: 2_000,
        head: Duration::from_millis(500),
        response: Duration::from_millis(500),
    };
    let test = "a_thousand_of_each_hostile_kind_leave_the_server_as_it_was";
    let mut server = start_process(test, limits);
    clients::hostile::leave_no_trace(&mut server, &clients::hostile::KINDS);
}
