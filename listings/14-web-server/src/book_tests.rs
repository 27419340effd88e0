//! What the book says of this step, and its reader does not type. Of the program as a whole, `tests/program.rs` does.

use std::sync::mpsc::{self, Sender};

use clients::{Client, DEADLINE, Meeting, Server, in_own_process, serve_in_background, shutdown};

use super::*;

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";

const WINDOW: Duration = Duration::from_millis(100);

/// Runs `body` in a process of its own, where no other test runs tasks, and the executor has this many threads.
fn with_threads(count: usize, test: &str, body: impl FnOnce()) {
    in_own_process(&format!("book_tests::{test}"), "SMOL_THREADS", "1", || {
        for _ in 0..count {
            thread::spawn(|| smol::block_on(EXECUTOR.run(future::pending::<()>())));
        }
        body();
    });
}

/// Has tasks compute, as far as the executor can tell: each of them keeps its thread, until it's let go. Returns when all
/// of them do so at once.
fn compute(tasks: usize) -> Vec<Sender<()>> {
    let (begin, begun) = mpsc::channel();
    let compute = |_| {
        let begin = begin.clone();
        let (let_go, held) = mpsc::channel();
        let task = async move {
            begin.send(()).unwrap();
            let _ = held.recv();
        };
        EXECUTOR.spawn(task).detach();
        let_go
    };
    let tasks: Vec<_> = (0..tasks).map(compute).collect();
    for _ in &tasks {
        begun.recv_timeout(DEADLINE).expect("a thread for the task");
    }
    tasks
}

/// The server, and what tells it to end when it's dropped.
fn start() -> (Server, channel::Sender<()>) {
    let (stop, stopped) = channel::bounded(1);
    let server = serve_in_background(move |listener| {
        let shutdown = async {
            let _ = stopped.recv().await;
        };
        smol::block_on(serve(Async::new(listener).unwrap(), LIMITS, shutdown));
    });
    (server, stop)
}

/// A connection that has been let in, and isn't in the middle of a request.
fn client_of(addr: SocketAddr) -> Client {
    let mut client = Client::connect(addr);
    client.send(REQUEST).unwrap();
    assert_eq!(client.read_response().unwrap().status, 200);
    client
}

#[test]
fn two_tasks_compute_at_once_on_two_threads() {
    with_threads(2, "two_tasks_compute_at_once_on_two_threads", || {
        assert_eq!(compute(2).len(), 2);
    });
}

#[test]
fn two_tasks_never_compute_at_once_on_one_thread() {
    with_threads(1, "two_tasks_never_compute_at_once_on_one_thread", || {
        let meeting = Arc::new(Meeting::default());
        let task = || {
            let meeting = meeting.clone();
            EXECUTOR.spawn(async move { meeting.of(2, 3 * WINDOW) })
        };
        let (one, other) = (task(), task());

        assert!(!smol::block_on(one));
        assert!(!smol::block_on(other));
    });
}

#[test]
fn with_two_threads_clients_are_let_in_and_served_while_one_computes() {
    let test = "with_two_threads_clients_are_let_in_and_served_while_one_computes";
    with_threads(2, test, || {
        let (server, _stop) = start();
        let addr = server.addr();
        let mut client = client_of(addr);
        // Who knows which of the threads it is.
        for _ in 0..20 {
            let computing = compute(1);
            client.send(REQUEST).unwrap();
            assert_eq!(client.read_response().unwrap().status, 200);
            client_of(addr);
            drop(computing);
        }
    });
}

#[test]
fn with_one_thread_clients_wait_while_it_computes() {
    with_threads(1, "with_one_thread_clients_wait_while_it_computes", || {
        let (server, _stop) = start();
        let addr = server.addr();
        let mut client = client_of(addr);
        let computing = compute(1);

        client.send(REQUEST).unwrap();

        assert!(client.is_unanswered_for(WINDOW));
        drop(computing);
        assert_eq!(client.read_response().unwrap().status, 200);
    });
}

#[test]
fn a_task_that_panics_leaves_its_thread_to_the_others() {
    with_threads(
        1,
        "a_task_that_panics_leaves_its_thread_to_the_others",
        || {
            let (server, _stop) = start();
            let addr = server.addr();
            let (begin, begun) = mpsc::channel();
            let task = async move {
                begin.send(()).unwrap();
                panic!("as planned");
            };

            EXECUTOR.spawn(task).detach();

            begun.recv_timeout(DEADLINE).unwrap();
            client_of(addr);
        },
    );
}

#[test]
fn a_request_in_the_moment_of_the_shutdown_is_answered_in_full_or_not_at_all() {
    let test = "a_request_in_the_moment_of_the_shutdown_is_answered_in_full_or_not_at_all";
    with_threads(2, test, || shutdown::race(start, client_of));
}

#[test]
fn the_task_of_a_connection_may_go_from_thread_to_thread() {
    fn is_send<T: Send>(task: T) -> T {
        task
    }

    smol::block_on(async {
        let listener = Async::<TcpListener>::bind(([127, 0, 0, 1], 0)).unwrap();
        let addr = listener.get_ref().local_addr().unwrap();
        let _client = Client::connect(addr);
        let (stream, _) = listener.accept().await.unwrap();
        let (stop, stopped) = channel::bounded(1);
        let place = Arc::new(Semaphore::new(1)).acquire_arc().await;
        drop(stop);
        // With the server about to end, this does so at once.
        is_send(handle_and_log(stream, addr, LIMITS, stopped, place)).await;
    });
}

/// Each of the clients that mean ill, a thousand at a time, while two threads serve them.
#[cfg(target_os = "linux")]
#[test]
fn a_thousand_of_each_hostile_kind_leave_the_server_as_it_was() {
    use clients::hostile::{KINDS, KINDS_OF_HTTP, leave_no_trace};

    let limits = Limits {
        connections: 2_000,
        head: Duration::from_millis(300),
        response: Duration::from_millis(300),
        ..LIMITS
    };
    let test = "book_tests::a_thousand_of_each_hostile_kind_leave_the_server_as_it_was";
    let mut server = clients::serve_in_own_process(test, 2_200, |listener| {
        thread::spawn(|| smol::block_on(EXECUTOR.run(future::pending::<()>())));
        let serve = serve(Async::new(listener).unwrap(), limits, future::pending());
        smol::block_on(EXECUTOR.run(EXECUTOR.spawn(serve)));
    });
    let kinds: Vec<_> = KINDS.into_iter().chain(KINDS_OF_HTTP).collect();
    leave_no_trace(&mut server, &kinds);
}
