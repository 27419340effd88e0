use std::future::{pending, poll_fn};
use std::panic;
use std::sync::atomic::AtomicUsize;
use std::sync::mpsc::RecvTimeoutError;

use clients::{Client, DEADLINE, NoReply, Server, ask, serve_in_background};
use futures_lite::future;
use smol::Timer;

use super::*;

/// How long a test looks whether there is an answer already.
const MOMENT: Duration = Duration::from_millis(1);

/// Runs `body` on a thread of its own and returns its value. A body that never ends fails the test.
fn in_time<T: Send + 'static>(body: impl FnOnce() -> T + Send + 'static) -> T {
    let (send, received) = channel();
    thread::spawn(move || send.send(body()).unwrap());
    received.recv_timeout(DEADLINE).unwrap()
}

/// A future that counts its polls, sends its waker at each, and is ready at the poll of number `last`.
fn counted(
    polls: Arc<AtomicUsize>,
    last: usize,
    wakers: Sender<Waker>,
) -> impl Future<Output = ()> + Send {
    poll_fn(move |context| {
        if polls.fetch_add(1, Ordering::SeqCst) + 1 == last {
            return Poll::Ready(());
        }
        wakers.send(context.waker().clone()).unwrap();
        Poll::Pending
    })
}

#[test]
fn the_executor_has_at_most_forty_lines() {
    let source = include_str!("main.rs");
    let lines: usize = ["task", "wake", "spawn", "run"]
        .map(|name| {
            let (_, rest) = source.split_once(&format!("// ANCHOR: {name}\n")).unwrap();
            let (part, _) = rest
                .split_once(&format!("// ANCHOR_END: {name}\n"))
                .unwrap();
            part.lines().count()
        })
        .iter()
        .sum();

    assert!((36..=40).contains(&lines), "{lines}");
}

#[test]
fn tasks_take_turns() {
    let (send, received) = channel();

    in_time(move || {
        let (queue, ready) = channel();
        for name in ["a", "b", "c"] {
            let send = send.clone();
            spawn(&queue, async move {
                for turn in 1..=3 {
                    send.send((name, turn)).unwrap();
                    future::yield_now().await;
                }
            });
        }
        drop(queue);
        run(ready);
    });

    let turns: Vec<_> = received.try_iter().collect();
    let expected = [1, 2, 3].map(|turn| ["a", "b", "c"].map(|name| (name, turn)));
    assert_eq!(turns, expected.concat());
}

#[test]
fn a_task_is_polled_only_when_it_is_woken() {
    let (send, received) = channel();
    let tasks: Vec<_> = (0..2)
        .map(|_| {
            let polls = Arc::new(AtomicUsize::new(0));
            let (send_waker, wakers) = channel();
            (polls, send_waker, wakers)
        })
        .collect();
    let (queue, ready) = channel();
    for (polls, send_waker, _) in &tasks {
        spawn(&queue, counted(polls.clone(), 101, send_waker.clone()));
    }
    drop(queue);
    thread::spawn(move || {
        run(ready);
        send.send(()).unwrap();
    });

    // All the wakes of the second task are over before the first has its first.
    for number in [1, 0] {
        let (polls, _, wakers) = &tasks[number];
        for wakes in 0..100 {
            let waker = wakers.recv_timeout(DEADLINE).unwrap();
            assert_eq!(polls.load(Ordering::SeqCst), wakes + 1);
            if number == 1 {
                assert!(tasks[0].0.load(Ordering::SeqCst) <= 1);
            }
            waker.wake();
        }
    }

    received.recv_timeout(DEADLINE).unwrap();
    for (polls, _, _) in &tasks {
        assert_eq!(polls.load(Ordering::SeqCst), 101);
    }
}

#[test]
fn a_task_that_is_done_is_not_polled_again() {
    let polls = in_time(|| {
        let (queue, ready) = channel();
        let polls = Arc::new(AtomicUsize::new(0));
        let count = polls.clone();
        // It is done at once, and wakes itself all the same.
        spawn(
            &queue,
            poll_fn(move |context| {
                count.fetch_add(1, Ordering::SeqCst);
                context.waker().wake_by_ref();
                Poll::Ready(())
            }),
        );
        drop(queue);
        run(ready);
        polls.load(Ordering::SeqCst)
    });

    assert_eq!(polls, 1);
}

#[test]
fn a_task_that_is_woken_twice_is_polled_twice() {
    let polls = in_time(|| {
        let (queue, ready) = channel();
        let polls = Arc::new(AtomicUsize::new(0));
        let count = polls.clone();
        spawn(
            &queue,
            poll_fn(move |context| {
                if count.fetch_add(1, Ordering::SeqCst) == 0 {
                    context.waker().wake_by_ref();
                    context.waker().wake_by_ref();
                }
                Poll::Pending
            }),
        );
        drop(queue);
        run(ready);
        polls.load(Ordering::SeqCst)
    });

    // The first poll is that of `spawn`.
    assert_eq!(polls, 1 + 2);
}

#[test]
fn a_task_that_nobody_can_wake_is_dropped() {
    let (held, dropped) = channel::<()>();

    let seen = in_time(move || {
        let (queue, ready) = channel();
        // It keeps no waker.
        spawn(&queue, async move {
            let _held = held;
            pending().await
        });
        let (send, received) = channel();
        spawn(&queue, async move {
            // The first has been polled, and is gone.
            send.send(dropped.recv()).unwrap();
        });
        drop(queue);
        run(ready);
        received.recv().unwrap()
    });

    assert!(seen.is_err());
}

#[test]
fn run_ends_when_no_task_is_left_to_wake() {
    in_time(|| {
        let (queue, ready) = channel();
        let inner = queue.clone();
        // Tasks of tasks count as well.
        spawn(&queue, async move {
            Timer::after(Duration::from_millis(1)).await;
            spawn(&inner, async {
                Timer::after(Duration::from_millis(1)).await;
            });
        });
        // Nobody holds a waker of this one.
        spawn(&queue, pending());
        drop(queue);
        run(ready);
    });
}

#[test]
fn run_goes_on_while_somebody_holds_the_queue() {
    let (queue, ready) = channel();
    let (send, done) = channel();
    let (end, ended) = channel::<()>();
    thread::spawn(move || {
        run(ready);
        drop(end);
    });

    for number in 0..100 {
        let send = send.clone();
        spawn(&queue, async move { send.send(number).unwrap() });
        // The one task there was has completed, and still a new one is polled.
        assert_eq!(done.recv_timeout(DEADLINE), Ok(number));
    }

    drop(queue);
    assert_eq!(
        ended.recv_timeout(DEADLINE),
        Err(RecvTimeoutError::Disconnected)
    );
}

#[test]
fn every_task_is_polled_on_the_thread_of_run() {
    let (send, received) = channel();

    let thread = in_time(move || {
        let (queue, ready) = channel();
        for _ in 0..4 {
            let send = send.clone();
            spawn(&queue, async move {
                send.send(thread::current().id()).unwrap();
                // Somebody on another thread wakes it.
                Timer::after(Duration::from_millis(1)).await;
                send.send(thread::current().id()).unwrap();
            });
        }
        drop(queue);
        run(ready);
        thread::current().id()
    });

    let threads: Vec<_> = received.try_iter().collect();
    assert_eq!(threads, [thread; 8]);
}

#[test]
fn a_panic_in_a_task_ends_run() {
    let ended = in_time(|| {
        let (queue, ready) = channel();
        spawn(&queue, async { panic!("a task panics, as it should") });
        panic::catch_unwind(panic::AssertUnwindSafe(|| run(ready))).is_err()
    });

    assert!(ended);
}

#[test]
fn a_panic_in_an_awaited_task_comes_back() {
    in_time(|| {
        // This is smol's `spawn`, not ours.
        let task = smol::spawn::<()>(async { panic!("a task panics, as it should") });

        let awaited = panic::catch_unwind(panic::AssertUnwindSafe(|| smol::block_on(task)));

        let payload = awaited.expect_err("the panic went unnoticed");
        let message = payload.downcast_ref::<&str>();
        assert_eq!(message, Some(&"a task panics, as it should"));
    });
}

#[test]
fn a_panic_in_a_detached_task_ends_only_that_task() {
    in_time(|| {
        let (held, dropped) = channel::<()>();
        smol::spawn(async move {
            let _held = held;
            panic!("a task panics, as it should")
        })
        .detach();

        // The task has ended, and the executor polls the next one.
        assert!(dropped.recv().is_err());
        assert_eq!(smol::block_on(smol::spawn(async { 6 * 7 })), 42);
    });
}

// The reader's handler.

/// The server as `main` starts it, on any free port.
fn start() -> Server {
    serve_in_background(|listener| {
        let (queue, ready) = channel();
        thread::spawn(move || run(ready));
        block_on(serve(Async::new(listener).unwrap(), queue));
    })
}

#[test]
fn the_handler_is_that_of_step_06() {
    let [ours, step] = [
        include_str!("main.rs"),
        include_str!("../../../06-concurrent/src/main.rs"),
    ]
    .map(|source| {
        let (_, rest) = source.split_once("async fn handle_connection(").unwrap();
        let (handler, _) = rest.split_once("\n}\n").unwrap();
        let lines = handler.lines().filter(|line| !line.contains("// ANCHOR"));
        lines.collect::<Vec<_>>()
    });

    assert_eq!(ours, step);
}

#[test]
fn our_handler_runs_on_our_executor() {
    let server = start();

    let reply = ask(server.addr(), "/").unwrap();
    assert_eq!(reply.head, "HTTP/1.1 200 OK");
    assert_eq!(reply.body, include_str!("../hello.html"));

    let reply = ask(server.addr(), "/something-else").unwrap();
    assert_eq!(reply.head, "HTTP/1.1 404 NOT FOUND");
    assert_eq!(reply.body, include_str!("../404.html"));
}

#[test]
fn a_silent_and_a_sleeping_client_delay_nobody() {
    let server = start();
    let mut silent = Client::connect(server.addr());
    let mut sleeping = Client::connect(server.addr());
    sleeping.request("/sleep").unwrap();

    for _ in 0..3 {
        assert_eq!(ask(server.addr(), "/").unwrap().status, 200);
    }

    assert!(sleeping.is_unanswered_for(MOMENT));
    assert!(silent.is_unanswered_for(MOMENT));
    silent.request("/").unwrap();
    assert_eq!(silent.read_reply().unwrap().status, 200);
    assert!(sleeping.is_unanswered_for(MOMENT));
}

#[test]
fn the_accept_loop_may_be_a_task_as_well() {
    // Everything on the one thread that calls `run`.
    let server = serve_in_background(|listener| {
        let (queue, ready) = channel();
        let listener = Async::new(listener).unwrap();
        spawn(&queue, serve(listener, queue.clone()));
        drop(queue);
        run(ready);
    });
    let mut silent = Client::connect(server.addr());

    for _ in 0..3 {
        assert_eq!(ask(server.addr(), "/").unwrap().status, 200);
    }

    assert!(silent.is_unanswered_for(MOMENT));
    silent.request("/").unwrap();
    assert_eq!(silent.read_reply().unwrap().status, 200);
}

#[test]
fn after_a_panic_in_a_handler_every_client_is_hung_up_on() {
    let server = start();
    let silent = Client::connect(server.addr());
    let rude = Client::connect(server.addr());
    // Clients are accepted in their order, so both have a task by now.
    assert_eq!(ask(server.addr(), "/").unwrap().status, 200);

    // The handler's `read` fails, it panics in `unwrap`, and `run` ends with it.
    rude.reset();

    // The tasks that were waiting are dropped when they are woken, those that come when they are spawned.
    while ask(server.addr(), "/").is_ok() {}
    assert!(matches!(
        silent.ask("/"),
        Err(NoReply::Empty | NoReply::Reset)
    ));
    assert!(ask(server.addr(), "/").is_err());
    // `main` knows nothing of it, and accepts on.
    assert!(server.is_running());
}
