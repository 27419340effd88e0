use std::panic;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use clients::{
    Client, DEADLINE, Server, ask, expect_one_smol_thread, in_own_process, serve_in_background,
};
use smol::future;

use super::*;

/// How long a test watches a client that should not be answered. A window that is too short could overlook an
/// answer; it cannot make one up.
const WINDOW: Duration = Duration::from_millis(100);

/// How long a test looks whether there is an answer already.
const MOMENT: Duration = Duration::from_millis(1);

/// The tasks of all tests in this process share one thread. Tests that keep it busy take turns.
static TURN: Mutex<()> = Mutex::new(());

fn wait_for_our_turn() -> MutexGuard<'static, ()> {
    expect_one_smol_thread();
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

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
fn four_sleeps_overlap() {
    let server = start();
    let sleeping = [(); 4].map(|()| {
        let mut sleeping = Client::connect(server.addr());
        sleeping.request("/sleep").unwrap();
        sleeping
    });

    // Who connects last is accepted last. When it has its answer, the four before it are asleep, all at once.
    assert_eq!(ask(server.addr(), "/").unwrap().status, 200);
    for client in &sleeping {
        assert!(client.is_unanswered_for(MOMENT));
    }
}

#[test]
fn a_sleeping_client_delays_nobody() {
    let server = start();
    let mut sleeping = Client::connect(server.addr());
    sleeping.request("/sleep").unwrap();

    for _ in 0..3 {
        assert_eq!(ask(server.addr(), "/").unwrap().status, 200);
    }

    assert!(sleeping.is_unanswered_for(MOMENT));
}

#[test]
fn one_silent_client_stops_every_task() {
    let server = start();
    let _turn = wait_for_our_turn();
    let silent = Client::connect(server.addr());
    let others = [(); 3].map(|()| {
        let mut other = Client::connect(server.addr());
        other.request("/").unwrap();
        other
    });

    assert!(others[0].is_unanswered_for(WINDOW));
    for other in &others[1..] {
        assert!(other.is_unanswered_for(MOMENT));
    }

    silent.hang_up();
    for other in others {
        assert_eq!(other.read_reply().unwrap().status, 200);
    }
}

#[test]
fn one_silent_client_stops_tasks_that_have_nothing_to_do_with_it() {
    let server = start();
    let _turn = wait_for_our_turn();
    let (ticks, ticked) = channel();
    smol::spawn(tick(ticks)).detach();
    ticked.recv_timeout(DEADLINE).unwrap();

    let silent = Client::connect(server.addr());
    let start = Instant::now();
    while ticked.recv_timeout(WINDOW).is_ok() {
        assert!(start.elapsed() < DEADLINE, "the clock ticks on");
    }

    silent.hang_up();
    assert_eq!(ticked.recv_timeout(DEADLINE), Ok(()));
}

#[test]
fn a_silent_client_stops_every_task_until_it_speaks() {
    let server = start();
    let _turn = wait_for_our_turn();
    let mut silent = Client::connect(server.addr());
    let mut next = Client::connect(server.addr());
    next.request("/").unwrap();

    assert!(next.is_unanswered_for(WINDOW));

    silent.request("/").unwrap();
    assert_eq!(silent.read_reply().unwrap().status, 200);
    assert_eq!(next.read_reply().unwrap().status, 200);
}

#[test]
fn as_many_silent_clients_as_threads_stop_every_task() {
    let test = "tests::as_many_silent_clients_as_threads_stop_every_task";
    in_own_process(test, "SMOL_THREADS", "2", || {
        let server = start();
        let first = Client::connect(server.addr());
        assert_eq!(ask(server.addr(), "/").unwrap().status, 200);

        let _second = Client::connect(server.addr());
        let mut next = Client::connect(server.addr());
        next.request("/").unwrap();
        assert!(next.is_unanswered_for(WINDOW));

        first.hang_up();
        assert_eq!(next.read_reply().unwrap().status, 200);
    });
}

/// Has `count` handlers panic and gives the threads they ran on, by name and by id.
fn threads_of_handlers(server: &Server, count: usize) -> Vec<(String, ThreadId)> {
    // A reset makes the handler panic, and a panic tells on which thread it happened.
    let (tell, told) = channel();
    let report = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        let thread = thread::current();
        // Nobody listens any more at the end.
        let _ = tell.send((thread.name().unwrap_or_default().to_string(), thread.id()));
        report(info);
    }));
    for _ in 0..count {
        Client::connect(server.addr()).reset();
    }
    (0..count)
        .map(|_| told.recv_timeout(DEADLINE).unwrap())
        .collect()
}

#[test]
fn every_handler_runs_on_the_same_thread() {
    expect_one_smol_thread();
    let server = start();

    let threads = threads_of_handlers(&server, 4);

    let first = &threads[0];
    assert_eq!(first.0, "smol-1");
    assert!(threads.iter().all(|thread| thread == first), "{threads:?}");
    // And it is not the thread that accepts.
    assert_ne!(first.1, server.thread_id());
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
        smol::block_on(future::or(serve(listener), tick(ticks)));
    });
    (server, ticked)
}

#[test]
fn accept_starves_the_ticker() {
    let (server, ticked) = start_with_ticker();

    // Nobody comes, and `accept` waits.
    assert_eq!(ticked.recv_timeout(WINDOW), Err(RecvTimeoutError::Timeout));

    // The server is not stuck, and does not let the clock tick between two clients either.
    for _ in 0..3 {
        assert_eq!(ask(server.addr(), "/").unwrap().status, 200);
    }
    assert_eq!(ticked.recv_timeout(WINDOW), Err(RecvTimeoutError::Timeout));
}

#[test]
fn accept_starves_the_ticker_even_if_the_ticker_is_asked_first() {
    let (ticks, ticked) = channel();
    let server = serve_in_background(|listener| {
        smol::block_on(future::or(tick(ticks), serve(listener)));
    });

    assert_eq!(ask(server.addr(), "/").unwrap().status, 200);

    assert_eq!(ticked.recv_timeout(WINDOW), Err(RecvTimeoutError::Timeout));
}

#[test]
fn a_spawned_ticker_ticks_while_accept_waits() {
    let _server = start();
    let (ticks, ticked) = channel();

    smol::spawn(tick(ticks)).detach();

    for _ in 0..3 {
        assert_eq!(ticked.recv_timeout(DEADLINE), Ok(()));
    }
}

/// A future that never ends, and two ways to watch it from outside: the first hears that it has begun, the second
/// hangs up when it is dropped.
fn endless() -> (impl Future<Output = ()> + Send, Receiver<()>, Receiver<()>) {
    let (begin, begun) = channel();
    let (held, dropped) = channel();
    let future = async move {
        let _held: Sender<()> = held;
        begin.send(()).unwrap();
        future::pending().await
    };
    (future, begun, dropped)
}

#[test]
fn dropping_a_task_cancels_it() {
    let (future, begun, dropped) = endless();
    let task = smol::spawn(future);
    begun.recv_timeout(DEADLINE).unwrap();

    drop(task);

    // The future is gone, with all that it held.
    let hung_up = Err(RecvTimeoutError::Disconnected);
    assert_eq!(dropped.recv_timeout(DEADLINE), hung_up);
}

#[test]
fn let_underscore_drops_the_task_and_cancels_it() {
    let (future, _begun, dropped) = endless();

    #[expect(clippy::let_underscore_future, reason = "what the test is about")]
    let _ = smol::spawn(future);

    let hung_up = Err(RecvTimeoutError::Disconnected);
    assert_eq!(dropped.recv_timeout(DEADLINE), hung_up);
}

#[test]
fn a_detached_task_runs_on() {
    let (future, begun, dropped) = endless();

    smol::spawn(future).detach();

    begun.recv_timeout(DEADLINE).unwrap();
    assert_eq!(dropped.recv_timeout(WINDOW), Err(RecvTimeoutError::Timeout));
}

#[test]
fn a_detached_task_runs_to_its_end() {
    let (tell, told) = channel();

    smol::spawn(async move {
        smol::Timer::after(Duration::from_millis(10)).await;
        tell.send("the end").unwrap();
    })
    .detach();

    assert_eq!(told.recv_timeout(DEADLINE), Ok("the end"));
}

#[test]
fn a_task_gives_its_value_to_whoever_awaits_it() {
    assert_eq!(smol::block_on(smol::spawn(async { 6 * 7 })), 42);
}

#[test]
fn a_timer_in_a_task_delays_no_other() {
    let (begin, begun) = channel();
    let sleeping = smol::spawn(async move {
        begin.send(()).unwrap();
        smol::Timer::after(Duration::from_secs(3600)).await;
    });
    begun.recv_timeout(DEADLINE).unwrap();

    // Were the thread held, this would take an hour.
    smol::block_on(smol::spawn(async {}));

    assert!(!sleeping.is_finished());
}

#[test]
fn thread_sleep_in_a_task_delays_every_other() {
    let _turn = wait_for_our_turn();
    let (begin, begun) = channel();
    let sleeping = smol::spawn(async move {
        begin.send(()).unwrap();
        thread::sleep(Duration::from_millis(50));
    });
    begun.recv_timeout(DEADLINE).unwrap();

    let next = smol::spawn(async move { sleeping.is_finished() });

    assert!(smol::block_on(next));
}
