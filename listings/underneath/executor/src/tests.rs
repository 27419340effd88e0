use std::future::{pending, poll_fn};
use std::panic;
use std::sync::atomic::AtomicUsize;
use std::time::Instant;

use clients::{Client, DEADLINE, Server, ask, in_own_process, serve_in_background};
use smol::future;

use super::*;

/// How long a test looks whether there is an answer already.
const MOMENT: Duration = Duration::from_millis(1);

/// Runs `body` on a thread of its own, and gives what it gives. A body that never ends fails the test.
fn in_time<T: Send + 'static>(body: impl FnOnce() -> T + Send + 'static) -> T {
    let (tell, told) = channel();
    thread::spawn(move || tell.send(body()).unwrap());
    told.recv_timeout(DEADLINE).unwrap()
}

/// A future that counts its polls, shows its waker at each, and is ready at the poll of number `last`.
fn counted(
    polls: Arc<AtomicUsize>,
    last: usize,
    show: Sender<Waker>,
) -> impl Future<Output = ()> + Send {
    poll_fn(move |context| {
        if polls.fetch_add(1, Ordering::SeqCst) + 1 == last {
            return Poll::Ready(());
        }
        show.send(context.waker().clone()).unwrap();
        Poll::Pending
    })
}

// The executor that polls in a loop.

#[test]
fn the_busy_executor_gives_the_value_of_the_future() {
    assert_eq!(block_on_busily(async { 6 * 7 }), 42);
}

#[test]
fn the_busy_executor_polls_a_pending_future_over_and_over() {
    let mut polls = 0;

    // Nobody wakes anybody here.
    block_on_busily(poll_fn(|_| {
        polls += 1;
        if polls < 10_000 {
            Poll::Pending
        } else {
            Poll::Ready(())
        }
    }));

    assert_eq!(polls, 10_000);
}

#[test]
fn the_busy_executor_runs_a_timer_to_its_end() {
    let start = Instant::now();

    in_time(|| block_on_busily(Timer::after(Duration::from_millis(20))));

    assert!(start.elapsed() >= Duration::from_millis(20));
}

// The executor that sleeps.

#[test]
fn the_sleeping_executor_gives_the_value_of_the_future() {
    assert_eq!(in_time(|| block_on(async { 6 * 7 })), 42);
}

#[test]
fn the_sleeping_executor_polls_once_for_each_wake() {
    let polls = Arc::new(AtomicUsize::new(0));
    let (show, shown) = channel();
    let (tell, told) = channel();
    let future = counted(polls.clone(), 101, show);
    thread::spawn(move || {
        block_on(future);
        tell.send(()).unwrap();
    });

    for wakes in 0..100 {
        let waker = shown.recv_timeout(DEADLINE).unwrap();
        // One for the start, and one for each wake.
        assert_eq!(polls.load(Ordering::SeqCst), wakes + 1);
        waker.wake();
    }

    told.recv_timeout(DEADLINE).unwrap();
    assert_eq!(polls.load(Ordering::SeqCst), 101);
}

#[test]
fn a_park_that_returns_early_is_no_reason_to_poll() {
    let polls = Arc::new(AtomicUsize::new(0));
    let (show, shown) = channel();
    let (tell, told) = channel();
    let future = counted(polls.clone(), 2, show);
    let executor = thread::spawn(move || {
        block_on(future);
        tell.send(()).unwrap();
    });
    let waker = shown.recv_timeout(DEADLINE).unwrap();

    for _ in 0..10_000 {
        executor.thread().unpark();
    }
    assert_eq!(polls.load(Ordering::SeqCst), 1);

    waker.wake();
    told.recv_timeout(DEADLINE).unwrap();
    assert_eq!(polls.load(Ordering::SeqCst), 2);
}

#[test]
fn a_wake_that_comes_before_the_sleep_is_not_lost() {
    let polls = in_time(|| {
        let mut polls = 0;
        block_on(poll_fn(|context| {
            polls += 1;
            if polls == 100 {
                return Poll::Ready(());
            }
            // While we are still in `poll`, another thread wakes us.
            let waker = context.waker().clone();
            let (tell, told) = channel();
            thread::spawn(move || {
                waker.wake();
                tell.send(()).unwrap();
            });
            // Waiting for it uses up what `unpark` has left for `park`.
            told.recv().unwrap();
            Poll::Pending
        }));
        polls
    });

    assert_eq!(polls, 100);
}

#[test]
fn a_timer_costs_the_sleeping_executor_two_polls() {
    let polls = in_time(|| {
        let (mut polls, mut timer) = (0, Timer::after(Duration::from_millis(100)));
        block_on(poll_fn(|context| {
            polls += 1;
            Pin::new(&mut timer).poll(context)
        }));
        polls
    });

    // Where we are held up for so long before the first poll, that one is enough.
    assert!(polls <= 2, "{polls}");
}

// The executor with a queue.

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
    let (tell, told) = channel();

    in_time(move || {
        let (queue, ready) = channel();
        for name in ["a", "b", "c"] {
            let tell = tell.clone();
            spawn(&queue, async move {
                for turn in 1..=3 {
                    tell.send((name, turn)).unwrap();
                    future::yield_now().await;
                }
            });
        }
        drop(queue);
        run(ready);
    });

    let turns: Vec<_> = told.try_iter().collect();
    let expected = [1, 2, 3].map(|turn| ["a", "b", "c"].map(|name| (name, turn)));
    assert_eq!(turns, expected.concat());
}

#[test]
fn a_task_is_polled_only_when_it_is_woken() {
    let (tell, told) = channel();
    let tasks: Vec<_> = (0..2)
        .map(|_| {
            let polls = Arc::new(AtomicUsize::new(0));
            let (show, shown) = channel();
            (polls, show, shown)
        })
        .collect();
    let (queue, ready) = channel();
    for (polls, show, _) in &tasks {
        spawn(&queue, counted(polls.clone(), 101, show.clone()));
    }
    drop(queue);
    thread::spawn(move || {
        run(ready);
        tell.send(()).unwrap();
    });

    // All the wakes of the second task are over before the first has its first.
    for number in [1, 0] {
        let (polls, _, shown) = &tasks[number];
        for wakes in 0..100 {
            let waker = shown.recv_timeout(DEADLINE).unwrap();
            assert_eq!(polls.load(Ordering::SeqCst), wakes + 1);
            if number == 1 {
                assert!(tasks[0].0.load(Ordering::SeqCst) <= 1);
            }
            waker.wake();
        }
    }

    told.recv_timeout(DEADLINE).unwrap();
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
        let (tell, told) = channel();
        spawn(&queue, async move {
            // The first has been polled, and is gone.
            tell.send(dropped.recv()).unwrap();
        });
        drop(queue);
        run(ready);
        told.recv().unwrap()
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
fn every_task_is_polled_on_the_thread_of_run() {
    let (tell, told) = channel();

    let thread = in_time(move || {
        let (queue, ready) = channel();
        for _ in 0..4 {
            let tell = tell.clone();
            spawn(&queue, async move {
                tell.send(thread::current().id()).unwrap();
                // Somebody on another thread wakes it.
                Timer::after(Duration::from_millis(1)).await;
                tell.send(thread::current().id()).unwrap();
            });
        }
        drop(queue);
        run(ready);
        thread::current().id()
    });

    let threads: Vec<_> = told.try_iter().collect();
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

// The reader's handler.

fn start() -> Server {
    serve_in_background(|listener| {
        let (queue, ready) = channel();
        let listener = Async::new(listener).unwrap();
        spawn(&queue, serve(listener, queue.clone()));
        run(ready);
    })
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
    assert_eq!(sleeping.read_reply().unwrap().status, 200);
}

// Who calls the waker.

/// Tells the name of the thread that wakes, and hands the wake on.
struct Tell {
    tell: Sender<String>,
    to: Waker,
}

impl Wake for Tell {
    fn wake(self: Arc<Self>) {
        let name = thread::current().name().unwrap_or_default().to_string();
        // Nobody listens any more at the end.
        let _ = self.tell.send(name);
        self.to.wake_by_ref();
    }
}

/// Awaits `future`, and tells who wakes it.
async fn telling<F: Future>(future: F, tell: Sender<String>) -> F::Output {
    let mut future = pin!(future);
    poll_fn(|context| {
        let (tell, to) = (tell.clone(), context.waker().clone());
        let waker = Waker::from(Arc::new(Tell { tell, to }));
        future.as_mut().poll(&mut Context::from_waker(&waker))
    })
    .await
}

/// The name of the thread that wakes our executor when it runs the futures that `make` makes.
///
/// A future may be ready at its first poll, and then nobody wakes: so we try until somebody does.
fn who_wakes<F: Future>(make: impl Fn() -> F + Send + 'static) -> String {
    in_time(move || {
        let (tell, told) = channel();
        loop {
            block_on(telling(make(), tell.clone()));
            if let Ok(name) = told.try_recv() {
                return name;
            }
        }
    })
}

#[test]
fn the_async_io_thread_wakes_whoever_waits_for_a_timer() {
    // A `smol::block_on` of another test might do the work of that thread.
    let test = "tests::the_async_io_thread_wakes_whoever_waits_for_a_timer";
    in_own_process(test, "UNUSED", "", || {
        let name = who_wakes(|| Timer::after(Duration::from_millis(10)));
        assert_eq!(name, "async-io");
    });
}

#[test]
fn the_async_io_thread_wakes_whoever_waits_for_a_client() {
    let test = "tests::the_async_io_thread_wakes_whoever_waits_for_a_client";
    in_own_process(test, "UNUSED", "", || {
        let name = who_wakes(|| async {
            let listener = Async::<TcpListener>::bind(([127, 0, 0, 1], 0)).unwrap();
            let addr = listener.get_ref().local_addr().unwrap();
            let mut client = None;
            let mut accept = pin!(listener.accept());
            poll_fn(|context| {
                let polled = accept.as_mut().poll(context);
                // The client comes when we are already waiting for it.
                client.get_or_insert_with(|| TcpStream::connect(addr).unwrap());
                polled
            })
            .await
            .unwrap();
        });
        assert_eq!(name, "async-io");
    });
}

#[test]
fn the_thread_that_read_a_file_wakes_whoever_waits_for_it() {
    let name = who_wakes(|| async { smol::fs::read_to_string("hello.html").await.unwrap() });

    assert!(name.starts_with("blocking-"), "{name}");
}

#[test]
fn smol_block_on_asks_the_system_on_its_own_thread() {
    let test = "tests::smol_block_on_asks_the_system_on_its_own_thread";
    in_own_process(test, "UNUSED", "", || {
        let (tell, told) = channel();
        let blocked = thread::Builder::new().name("blocked".to_string());
        blocked
            .spawn(move || {
                // Either of the two threads may be the first to ask.
                smol::block_on(async {
                    loop {
                        telling(Timer::after(MOMENT), tell.clone()).await;
                    }
                })
            })
            .unwrap();

        while told.recv_timeout(DEADLINE).unwrap() != "blocked" {}
    });
}
