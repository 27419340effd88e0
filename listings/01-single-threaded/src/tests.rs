use std::env;
use std::io::ErrorKind;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use clients::{Client, ask, serve_in_background};

use super::*;

/// How long a test watches a client that should not be answered. A window that is too short could overlook an
/// answer; it cannot make one up.
const WINDOW: Duration = Duration::from_millis(200);

#[test]
fn the_root_is_answered_with_the_page() {
    let server = serve_in_background(serve);

    let reply = ask(server.addr(), "/").unwrap();

    assert_eq!(reply.head, "HTTP/1.1 200 OK");
    assert_eq!(reply.body, include_str!("../hello.html"));
}

#[test]
fn any_other_path_is_answered_with_the_404_page() {
    let server = serve_in_background(serve);

    for path in ["/something-else", "/hello.html", "/sleeping", "/?", "//"] {
        let reply = ask(server.addr(), path).unwrap();

        assert_eq!(reply.head, "HTTP/1.1 404 NOT FOUND");
        assert_eq!(reply.body, include_str!("../404.html"));
    }
}

#[test]
fn sleep_is_answered_after_five_seconds_and_delays_the_next() {
    let server = serve_in_background(serve);
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
    let server = serve_in_background(serve);
    let silent = Client::connect(server.addr());
    let mut next = Client::connect(server.addr());
    next.request("/").unwrap();

    assert!(next.is_unanswered_for(WINDOW));

    silent.hang_up();
    assert_eq!(next.read_reply().unwrap().status, 200);
}

#[test]
fn a_silent_client_delays_everyone_until_it_speaks() {
    let server = serve_in_background(serve);
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
fn a_client_that_leaves_without_a_word_is_sent_the_404_page() {
    let server = serve_in_background(serve);
    let mut leaving = Client::connect(server.addr());

    leaving.finish_sending();

    assert_eq!(leaving.read_reply().unwrap().status, 404);
    assert_eq!(ask(server.addr(), "/").unwrap().status, 200);
}

#[test]
fn a_client_that_resets_its_connection_ends_the_server() {
    let server = serve_in_background(serve);

    Client::connect(server.addr()).reset();

    assert!(server.wait_until_ended().is_err());
}

#[test]
fn read_takes_what_has_arrived_and_does_not_wait_for_1024_bytes() {
    let server = serve_in_background(serve);
    let mut client = Client::connect(server.addr());

    // The client has more to say, and the server answers without it.
    client.send(b"GET / HTTP/1.1\r\n").unwrap();

    assert_eq!(client.read_reply().unwrap().status, 200);
}

#[test]
fn a_request_that_comes_in_pieces_is_judged_by_its_first_piece() {
    let server = serve_in_background(serve);
    let mut client = Client::connect(server.addr());

    client.send(b"GET / HT").unwrap();

    assert_eq!(client.read_reply().unwrap().status, 404);
}

#[test]
fn a_port_that_is_taken_cannot_be_bound_again() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();

    let error = TcpListener::bind(listener.local_addr().unwrap()).unwrap_err();

    assert_eq!(error.kind(), ErrorKind::AddrInUse);
}

#[test]
fn started_in_another_folder_the_pages_are_not_found() {
    // The folder a program is started in belongs to the whole process, so this takes another process: the test
    // that asks for the page, run where there is none.
    let output = Command::new(env::current_exe().unwrap())
        .args([
            "--exact",
            "--nocapture",
            "tests::the_root_is_answered_with_the_page",
        ])
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("src"))
        .output()
        .unwrap();

    assert!(!output.status.success());
    let printed = String::from_utf8_lossy(&output.stderr);
    assert!(printed.contains("NotFound"), "{printed}");
}
