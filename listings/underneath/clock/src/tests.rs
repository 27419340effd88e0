use clients::{Client, OwnProcess};

use super::*;

/// Runs the program in a process of its own, and returns that with a client that has connected to it.
fn start(test: &str, kind: &str) -> (OwnProcess, Client) {
    let process = OwnProcess::start(test, || {
        run(kind, TcpListener::bind("127.0.0.1:0").unwrap());
    });
    let line = process.wait_for_line("Listening on http://");
    let addr = line.rsplit('/').next().unwrap().parse().unwrap();
    (process, Client::connect(addr))
}

#[test]
fn the_clock_ticks_while_an_async_accept_waits() {
    let test = "tests::the_clock_ticks_while_an_async_accept_waits";
    let (process, _client) = start(test, "async");

    process.wait_for_line("a client has connected");
    process.wait_for_line("tick 1");
}

#[test]
fn the_clock_never_ticks_while_a_blocking_accept_waits() {
    let test = "tests::the_clock_never_ticks_while_a_blocking_accept_waits";
    let (process, _client) = start(test, "blocking");

    // The program isn't stuck: its accept loop goes on.
    process.wait_for_line("a client has connected");

    // The first tick was due a second after the start.
    assert!(process.is_silent_for(Duration::from_millis(1500)));
}
