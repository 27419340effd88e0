//! What the book says of this step, and its reader does not type.

#[cfg(unix)]
use std::fs;
use std::sync::mpsc;
use std::time::Instant;

use clients::{
    Client, Meeting, NoReply, PROMPT, Server, in_own_process, serve_in_background, shutdown,
};
#[cfg(unix)]
use clients::{ServerProcess, room_for_clients, serve_in_own_process};
use smol::channel::Sender;

use super::*;

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";

const WINDOW: Duration = Duration::from_millis(100);
const HOUR: Duration = Duration::from_secs(60 * 60);

/// With these, whatever ends within a test does so because of the shutdown.
const PATIENT: Limits = Limits {
    connections: 100,
    head: HOUR,
    response: HOUR,
    drain: HOUR,
};

/// The server, and what tells it to end when it's dropped.
fn start(limits: Limits) -> (Server, Sender<()>) {
    let (stop, stopped) = channel::bounded(1);
    let server = serve_in_background(move |listener| {
        let shutdown = async {
            let _ = stopped.recv().await;
        };
        smol::block_on(serve(Async::new(listener).unwrap(), limits, shutdown));
    });
    (server, stop)
}

/// The server in a process of its own, where Ctrl-C is the shutdown, as in `main`. When it has ended, it says how many
/// files are open still, and then the process ends.
#[cfg(unix)]
fn start_process(test: &str, limits: Limits) -> ServerProcess {
    let files = limits.connections + 200;
    serve_in_own_process(&format!("book_tests::{test}"), files, |listener| {
        let shutdown = async {
            signal::ctrl_c().unwrap().await;
            println!("Ending");
        };
        smol::block_on(serve(Async::new(listener).unwrap(), limits, shutdown));
        // Only Linux says it here.
        if let Ok(files) = fs::read_dir("/proc/self/fd") {
            println!("({} files are open)", files.count());
        }
    })
}

/// A connection that has been let in. Clients are let in one after the other, so all that came before it have been, too.
fn client_of(addr: SocketAddr) -> Client {
    let mut client = Client::prompt(addr, REQUEST);
    let reply = client.read_response().unwrap();
    assert_eq!(reply.status, 200);
    assert!(reply.head.contains("\r\nConnection: keep-alive"));
    client
}

/// A client in the middle of its request.
fn client_with_half_a_head(addr: SocketAddr) -> Client {
    Client::prompt(addr, &REQUEST[..10])
}

/// Sends the rest of a request that has begun. The page must come, as the last of its connection.
fn finish(mut client: Client) {
    client.send(&REQUEST[10..]).unwrap();
    let reply = client.read_reply().unwrap();
    assert_eq!(reply.status, 200);
    assert!(reply.head.contains("\r\nConnection: close"));
}

#[test]
fn without_clients_it_ends_at_once() {
    let (server, stop) = start(PATIENT);

    drop(stop);

    assert!(server.wait_until_ended().is_ok());
}

#[test]
fn nobody_is_let_in_after_the_shutdown() {
    let (server, stop) = start(PATIENT);
    let addr = server.addr();
    let busy = client_with_half_a_head(addr);
    let idle = client_of(addr);

    drop(stop);

    // It still serves the one that it has begun with, and yet refuses the next.
    assert_eq!(idle.read_reply(), Err(NoReply::Empty));
    assert!(Client::try_connect(addr).is_err());
    assert!(server.is_running());
    finish(busy);
    assert!(server.wait_until_ended().is_ok());
    assert!(Client::try_connect(addr).is_err());
}

#[test]
fn an_idle_connection_is_closed_at_once() {
    let (server, stop) = start(PATIENT);
    let silent = Client::connect(server.addr());
    let kept_open = client_of(server.addr());
    assert!(silent.is_unanswered_for(WINDOW));

    drop(stop);

    assert_eq!(silent.read_reply(), Err(NoReply::Empty));
    assert_eq!(kept_open.read_reply(), Err(NoReply::Empty));
    assert!(server.wait_until_ended().is_ok());
}

#[test]
fn a_request_that_has_begun_is_heard_to_the_end_and_answered() {
    let (server, stop) = start(PATIENT);
    let busy = client_with_half_a_head(server.addr());
    // For this one, it's not the first request.
    let mut busy_again = client_of(server.addr());
    busy_again.send(&REQUEST[..10]).unwrap();
    let idle = client_of(server.addr());

    drop(stop);

    assert_eq!(idle.read_reply(), Err(NoReply::Empty));
    assert!(busy.is_unanswered_for(WINDOW));
    assert!(busy_again.is_unanswered_for(WINDOW));
    assert!(server.is_running());
    finish(busy);
    finish(busy_again);
    assert!(server.wait_until_ended().is_ok());
}

#[test]
#[ignore = "takes a whole nap: `cargo test -- --ignored`"]
fn a_nap_that_has_begun_ends_with_the_page() {
    let (server, stop) = start(PATIENT);
    let mut sleepy = Client::connect(server.addr());
    sleepy.request("/sleep").unwrap();
    client_of(server.addr());

    drop(stop);

    let reply = sleepy.read_reply().unwrap();
    assert_eq!(reply.status, 200);
    assert!(reply.head.contains("\r\nConnection: close"));
    assert!(server.wait_until_ended().is_ok());
}

#[test]
fn of_several_requests_the_one_under_way_is_answered_and_no_more() {
    let (server, stop) = start(PATIENT);
    let mut eager = client_with_half_a_head(server.addr());
    let idle = client_of(server.addr());

    drop(stop);

    assert_eq!(idle.read_reply(), Err(NoReply::Empty));
    let rest = [&REQUEST[10..], &REQUEST.repeat(100)].concat();
    eager.send(&rest).unwrap();
    let reply = eager.read_response().unwrap();
    assert_eq!(reply.status, 200);
    assert!(reply.head.contains("\r\nConnection: close"));
    // What it has sent in vain is read all the same, so that it gets no reset.
    assert_eq!(eager.read_reply(), Err(NoReply::Empty));
    assert!(server.wait_until_ended().is_ok());
}

#[test]
fn a_client_in_the_systems_queue_gets_a_reset() {
    let limits = Limits {
        connections: 1,
        ..PATIENT
    };
    let (server, stop) = start(limits);
    let mut busy = client_with_half_a_head(server.addr());
    let mut queued = Client::connect(server.addr());
    queued.send(REQUEST).unwrap();
    assert!(queued.is_unanswered_for(WINDOW));

    drop(stop);

    assert_eq!(queued.read_reply(), Err(NoReply::Reset));
    busy.send(&REQUEST[10..]).unwrap();
    assert_eq!(busy.read_reply().unwrap().status, 200);
    assert!(server.wait_until_ended().is_ok());
}

#[test]
fn a_client_that_never_finishes_is_waited_for_until_the_drain_is_over() {
    let limits = Limits {
        drain: Duration::from_millis(300),
        ..PATIENT
    };
    let (server, stop) = start(limits);
    let busy = client_with_half_a_head(server.addr());
    client_of(server.addr());

    let begin = Instant::now();
    drop(stop);

    assert!(busy.is_unanswered_for(WINDOW));
    assert!(server.wait_until_ended().is_ok());
    assert!(begin.elapsed() >= limits.drain);
    // Its task would go on. It vanishes with the program, as all tasks do when `main` returns.
    assert!(busy.is_unanswered_for(Duration::from_millis(1)));
}

#[test]
fn a_deadline_that_passes_meanwhile_ends_the_wait() {
    let limits = Limits {
        head: 3 * PROMPT,
        ..PATIENT
    };
    let (server, stop) = start(limits);
    let busy = client_with_half_a_head(server.addr());
    client_of(server.addr());

    drop(stop);

    assert_eq!(busy.read_reply().unwrap().status, 408);
    assert!(server.wait_until_ended().is_ok());
}

#[test]
fn the_places_come_back_whatever_became_of_the_clients() {
    let limits = Limits {
        connections: 10,
        head: 3 * PROMPT,
        ..PATIENT
    };
    let (server, stop) = start(limits);
    for _ in 0..10 {
        // Leaves; is thrown away; says nothing; sends half a request; sends nonsense, and doesn't leave; sends a body.
        Client::connect(server.addr()).hang_up();
        client_with_half_a_head(server.addr()).hang_up();
        Client::connect(server.addr()).reset();
        client_with_half_a_head(server.addr()).reset();
    }
    let silent = Client::connect(server.addr());
    let half = client_with_half_a_head(server.addr());
    let mut wrong = Client::prompt(server.addr(), b"\x00\r\n\r\n");
    let body = b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 9999999\r\n\r\n...";
    let mut with_body = Client::prompt(server.addr(), body);

    assert_eq!(silent.read_reply(), Err(NoReply::Empty));
    assert_eq!(half.read_reply().unwrap().status, 408);
    assert_eq!(wrong.read_response().unwrap().status, 400);
    assert_eq!(with_body.read_response().unwrap().status, 200);
    drop(stop);

    // It has to get hold of all ten places.
    assert!(server.wait_until_ended().is_ok());
}

#[test]
fn a_task_that_panics_gives_its_place_back() {
    let places = Arc::new(Semaphore::new(1));
    let place = places.try_acquire_arc().unwrap();
    let (begin, begun) = mpsc::channel();

    smol::spawn(async move {
        let _place = place;
        begin.send(()).unwrap();
        panic!("as planned");
    })
    .detach();

    begun.recv().unwrap();
    smol::block_on(places.acquire());
}

#[cfg(unix)]
fn signal_ends_it_well(test: &str, signal: fn(&ServerProcess)) {
    let mut server = start_process(test, PATIENT);
    let busy = client_with_half_a_head(server.addr());
    let idle = client_of(server.addr());

    signal(&server);

    server.wait_until_printed("Ending", 1);
    assert_eq!(idle.read_reply(), Err(NoReply::Empty));
    assert!(busy.is_unanswered_for(WINDOW));
    assert_eq!(server.ended(), None);
    finish(busy);
    assert_eq!(server.wait_until_ended().code(), Some(0));
    assert_eq!(server.printed("Some clients took too long"), 0);
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_it_once_the_last_client_has_been_served() {
    let test = "ctrl_c_ends_it_once_the_last_client_has_been_served";
    signal_ends_it_well(test, ServerProcess::interrupt);
}

#[cfg(unix)]
#[test]
fn the_signal_of_kill_ends_it_once_the_last_client_has_been_served() {
    let test = "the_signal_of_kill_ends_it_once_the_last_client_has_been_served";
    signal_ends_it_well(test, ServerProcess::terminate);
}

#[cfg(unix)]
#[test]
fn a_second_signal_changes_nothing() {
    let mut server = start_process("a_second_signal_changes_nothing", PATIENT);
    let busy = client_with_half_a_head(server.addr());
    let idle = client_of(server.addr());
    server.interrupt();
    assert_eq!(idle.read_reply(), Err(NoReply::Empty));

    server.interrupt();
    server.terminate();

    assert!(busy.is_unanswered_for(WINDOW));
    assert_eq!(server.ended(), None);
    finish(busy);
    assert_eq!(server.wait_until_ended().code(), Some(0));
    assert_eq!(server.printed("Ending"), 1);
}

#[cfg(unix)]
#[test]
fn a_client_that_never_finishes_is_cut_off_when_the_drain_is_over() {
    let limits = Limits {
        drain: Duration::from_millis(300),
        ..PATIENT
    };
    let test = "a_client_that_never_finishes_is_cut_off_when_the_drain_is_over";
    let mut server = start_process(test, limits);
    let busy = client_with_half_a_head(server.addr());
    client_of(server.addr());

    server.interrupt();

    assert_eq!(busy.read_reply(), Err(NoReply::Empty));
    assert_eq!(server.wait_until_ended().code(), Some(0));
    assert_eq!(server.printed("Some clients took too long"), 1);
}

#[cfg(unix)]
#[test]
fn a_thousand_idle_clients_see_the_end_and_ten_busy_ones_their_page() {
    let limits = Limits {
        connections: 1_010,
        ..PATIENT
    };
    let test = "a_thousand_idle_clients_see_the_end_and_ten_busy_ones_their_page";
    let mut server = start_process(test, limits);
    drop(client_of(server.addr()));
    #[cfg(target_os = "linux")]
    let files = server.open_files();
    // Half of the idle ones have said nothing yet.
    let count = room_for_clients(1_000);
    let busy: Vec<_> = (0..10)
        .map(|_| client_with_half_a_head(server.addr()))
        .collect();
    let mut idle: Vec<_> = (0..count / 2)
        .map(|_| Client::connect(server.addr()))
        .collect();
    idle.extend((0..count / 2).map(|_| client_of(server.addr())));

    server.interrupt();

    for client in idle {
        assert_eq!(client.read_reply(), Err(NoReply::Empty));
    }
    assert!(busy.iter().all(|busy| busy.is_unanswered_for(WINDOW / 10)));
    busy.into_iter().for_each(finish);
    assert_eq!(server.wait_until_ended().code(), Some(0));
    // No more than at the beginning: the listener is gone, too.
    #[cfg(target_os = "linux")]
    assert!((0..files).any(|files| server.printed(&format!("({files} files are open)")) == 1));
}

/// smol's global executor has one thread: while a task computes, no other does.
#[test]
fn two_tasks_never_compute_at_once() {
    let test = "book_tests::two_tasks_never_compute_at_once";
    in_own_process(test, "SMOL_THREADS", "1", || {
        let meeting = Arc::new(Meeting::default());
        let task = || {
            let meeting = meeting.clone();
            smol::spawn(async move { meeting.of(2, 3 * WINDOW) })
        };
        let (one, other) = (task(), task());

        assert!(!smol::block_on(one));
        assert!(!smol::block_on(other));
    });
}

#[test]
fn a_request_in_the_moment_of_the_shutdown_is_answered_in_full_or_not_at_all() {
    shutdown::race(|| start(PATIENT), client_of);
}
