use std::cell::Cell;
use std::marker::PhantomData;
use std::panic;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Barrier};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use clients::{
    Client, DEADLINE, Server, ask, expect_one_smol_thread, in_own_process, room_for_clients,
    serve_in_background,
};
use futures_lite::future;

use super::*;

/// How long a test watches a client that should not be answered. A window that is too short could overlook an
/// answer; it cannot make one up.
const WINDOW: Duration = Duration::from_millis(100);

/// How long a test looks whether there is an answer already.
const MOMENT: Duration = Duration::from_millis(1);

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

/// Four clients that are asleep at once.
fn four_sleeping(server: &Server) -> [Client; 4] {
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
    sleeping
}

#[test]
fn four_sleeps_overlap() {
    four_sleeping(&start());
}

#[test]
#[ignore = "takes a whole nap, as in step 01: `cargo test -- --ignored`"]
fn four_sleeps_end_with_the_page() {
    let server = start();

    let start = Instant::now();
    for client in four_sleeping(&server) {
        let reply = client.read_reply().unwrap();
        assert_eq!(reply.head, "HTTP/1.1 200 OK");
        assert_eq!(reply.body, include_str!("../hello.html"));
    }
    // One after the other, they would have taken twenty seconds.
    assert!(start.elapsed() >= Duration::from_secs(5));
    assert!(start.elapsed() < 4 * Duration::from_secs(5));
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
fn a_silent_client_delays_nobody() {
    let server = start();
    let mut silent = Client::connect(server.addr());

    for _ in 0..3 {
        assert_eq!(ask(server.addr(), "/").unwrap().status, 200);
    }

    assert!(silent.is_unanswered_for(MOMENT));
    silent.request("/").unwrap();
    assert_eq!(silent.read_reply().unwrap().status, 200);
}

#[test]
fn a_thousand_silent_clients_do_not_delay_the_next() {
    let server = start();
    let room = room_for_clients(1000);
    assert!(room >= 400, "a limit of open files leaves room for {room}");

    let mut silent = Vec::new();
    while silent.len() < room {
        silent.push(Client::connect(server.addr()));
        // Who connects last is accepted last. An answer says that all before it are in.
        if silent.len() % 50 == 0 || silent.len() == room {
            assert_eq!(ask(server.addr(), "/").unwrap().status, 200);
        }
    }

    // They have all been waiting for this.
    for mut client in silent {
        assert!(client.request("/").is_ok());
        assert_eq!(client.read_reply().unwrap().status, 200);
    }
}

#[test]
fn a_hundred_clients_that_send_a_byte_at_a_time_do_not_delay_the_next() {
    let server = start();
    let mut slow = [(); 100].map(|()| Client::connect(server.addr()));

    // While some have begun and the others have not, there is always room for one more.
    for client in &mut slow {
        client.send(b"G").unwrap();
        assert_eq!(ask(server.addr(), "/").unwrap().status, 200);
    }
    for byte in b"ET / HTTP/1.1\r\n\r\n" {
        for client in &mut slow {
            // The server does not wait for the second byte, and may have gone by now.
            let _ = client.send(&[*byte]);
        }
        assert_eq!(ask(server.addr(), "/").unwrap().status, 200);
    }
}

#[test]
fn a_request_that_comes_in_pieces_is_judged_by_its_first_piece() {
    let server = start();
    let mut client = Client::connect(server.addr());

    client.send(b"GET / HT").unwrap();

    assert_eq!(client.read_reply().unwrap().status, 404);
}

#[test]
fn a_task_awaited_in_the_loop_delays_the_next() {
    async fn serve_awaiting(listener: Async<TcpListener>) {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            smol::spawn(handle_connection(stream)).await;
        }
    }

    let server = serve_in_background(|listener| {
        smol::block_on(serve_awaiting(Async::new(listener).unwrap()));
    });
    let silent = Client::connect(server.addr());
    let mut next = Client::connect(server.addr());
    next.request("/").unwrap();

    assert!(next.is_unanswered_for(WINDOW));

    silent.hang_up();
    assert_eq!(next.read_reply().unwrap().status, 200);
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

#[test]
fn a_client_that_resets_its_connection_ends_only_its_own_task() {
    let server = start();

    Client::connect(server.addr()).reset();

    assert_eq!(ask(server.addr(), "/").unwrap().status, 200);
    assert!(server.is_running());
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

#[test]
fn the_ticker_ticks_while_a_client_is_silent_and_another_is_answered() {
    let (server, ticked) = start_with_ticker();
    let silent = Client::connect(server.addr());
    assert_eq!(ask(server.addr(), "/").unwrap().status, 200);

    // Those of the past do not count.
    while ticked.try_recv().is_ok() {}
    for _ in 0..3 {
        assert_eq!(ticked.recv_timeout(DEADLINE), Ok(()));
    }

    assert!(silent.is_unanswered_for(MOMENT));
}

#[test]
fn a_task_that_keeps_its_thread_delays_every_client() {
    expect_one_smol_thread();
    let server = start();
    let (let_go, held) = channel();
    let (begin, begun) = channel();

    // Like `thread::sleep`, but until we let go.
    smol::spawn(async move {
        begin.send(()).unwrap();
        held.recv().unwrap();
    })
    .detach();
    begun.recv_timeout(DEADLINE).unwrap();

    let mut next = Client::connect(server.addr());
    next.request("/").unwrap();
    assert!(next.is_unanswered_for(WINDOW));

    let_go.send(()).unwrap();
    assert_eq!(next.read_reply().unwrap().status, 200);
}

#[test]
fn thread_sleep_in_a_task_makes_the_tasks_serial_again() {
    expect_one_smol_thread();
    let (tell, told) = channel();
    let tasks: Vec<_> = (0..4)
        .map(|number| {
            let tell = tell.clone();
            smol::spawn(async move {
                tell.send((number, "begins")).unwrap();
                thread::sleep(Duration::from_millis(20));
                tell.send((number, "ends")).unwrap();
            })
        })
        .collect();
    tasks.into_iter().for_each(smol::block_on);

    // None begins before the one before it has ended.
    let events: Vec<_> = told.try_iter().collect();
    assert_eq!(events.len(), 8);
    for pair in events.chunks(2) {
        let (number, _) = pair[0];
        assert_eq!(pair, [(number, "begins"), (number, "ends")]);
    }
}

#[test]
fn smol_threads_sets_the_number_of_threads() {
    let test = "tests::smol_threads_sets_the_number_of_threads";
    in_own_process(test, "SMOL_THREADS", "4", || {
        // Four tasks that keep their threads until all four have come.
        let (tell, told) = channel();
        let meeting = Arc::new(Barrier::new(4));
        for _ in 0..4 {
            let (tell, meeting) = (tell.clone(), meeting.clone());
            smol::spawn(async move {
                meeting.wait();
                let name = thread::current().name().map(str::to_string);
                tell.send(name.unwrap_or_default()).unwrap();
            })
            .detach();
        }

        let mut names = [(); 4].map(|()| told.recv_timeout(DEADLINE).unwrap());
        names.sort();
        assert_eq!(names, ["smol-1", "smol-2", "smol-3", "smol-4"]);
    });
}

#[test]
fn a_task_may_continue_on_another_thread() {
    let test = "tests::a_task_may_continue_on_another_thread";
    in_own_process(test, "SMOL_THREADS", "2", || {
        let (wake, woken) = smol::channel::bounded(1);
        let (tell, told) = channel();
        smol::spawn(async move {
            tell.send(thread::current().id()).unwrap();
            woken.recv().await.unwrap();
            tell.send(thread::current().id()).unwrap();
        })
        .detach();
        let before = told.recv_timeout(DEADLINE).unwrap();

        // While the task waits, keep the thread busy that it ran on. There are two: if the first task that keeps
        // its thread is not on that one, the second is.
        let (first_thread, let_first_go) = keep_a_thread();
        let _second = (first_thread != before).then(|| {
            let second = keep_a_thread();
            assert_eq!(second.0, before);
            let_first_go.send(()).unwrap();
            second
        });
        wake.try_send(()).unwrap();

        assert_ne!(told.recv_timeout(DEADLINE).unwrap(), before);
    });
}

/// Spawns a task that keeps its thread, and gives that thread and the way to let it go.
fn keep_a_thread() -> (ThreadId, Sender<()>) {
    let (let_go, held) = channel();
    let (tell, told) = channel();
    smol::spawn(async move {
        tell.send(thread::current().id()).unwrap();
        // It goes on when the other end is dropped, too.
        let _ = held.recv();
    })
    .detach();
    (told.recv_timeout(DEADLINE).unwrap(), let_go)
}

/// What the compiler knows of a type: `is_send` of `IsNotSend` is only taken where the other one is not there.
struct Known<T>(PhantomData<T>);

trait IsNotSend {
    fn is_send(&self) -> bool {
        false
    }
}

impl<T> IsNotSend for Known<T> {}

impl<T: Send> Known<T> {
    fn is_send(&self) -> bool {
        true
    }
}

fn known<T>(_: &T) -> Known<T> {
    Known(PhantomData)
}

#[test]
fn a_future_holds_its_arguments_before_the_first_poll() {
    async fn drops_at_once<T>(argument: T) {
        drop(argument);
        future::yield_now().await;
    }

    assert!(known(&drops_at_once(Arc::new(1))).is_send());
    assert!(!known(&drops_at_once(Rc::new(1))).is_send());
}

#[test]
fn a_task_may_use_an_rc_between_two_awaits() {
    let task = smol::spawn(async {
        future::yield_now().await;
        let count = {
            let counter = Rc::new(Cell::new(0));
            counter.set(counter.get() + 1);
            counter.get()
        };
        future::yield_now().await;
        count
    });

    assert_eq!(smol::block_on(task), 1);
}

#[test]
fn tasks_share_a_counter_in_an_arc() {
    async fn count(served: Arc<AtomicU64>) {
        future::yield_now().await;
        served.fetch_add(1, Ordering::Relaxed);
    }

    let served = Arc::new(AtomicU64::new(0));
    let tasks = [(); 10].map(|()| smol::spawn(count(served.clone())));
    tasks.into_iter().for_each(smol::block_on);

    assert_eq!(served.load(Ordering::Relaxed), 10);
}

#[test]
fn a_task_outlives_the_function_that_spawned_it() {
    fn spawn_and_return() -> (smol::channel::Sender<()>, Receiver<()>) {
        let (wake, woken) = smol::channel::bounded(1);
        let (tell, told) = channel();
        smol::spawn(async move {
            woken.recv().await.unwrap();
            tell.send(()).unwrap();
        })
        .detach();
        (wake, told)
    }

    let (wake, told) = spawn_and_return();
    wake.try_send(()).unwrap();

    assert_eq!(told.recv_timeout(DEADLINE), Ok(()));
}

#[test]
fn block_on_takes_a_future_that_borrows_and_is_not_send() {
    async fn count(served: &Rc<Cell<u64>>) -> ThreadId {
        future::yield_now().await;
        served.set(served.get() + 1);
        thread::current().id()
    }

    let served = Rc::new(Cell::new(0));
    let thread = smol::block_on(count(&served));

    assert_eq!(served.get(), 1);
    assert_eq!(thread, thread::current().id());
}
