use std::cell::RefCell;
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use futures_lite::{AsyncReadExt, AsyncWriteExt};
use smol::{Async, unblock};

use super::*;

/// How long a meeting may take before we say that it never happens.
const DEADLINE: Duration = Duration::from_secs(20);

/// Runs `job` on a thread of its own, and fails if it does not end. Gives what it returns.
fn ends<T: Send + 'static>(job: impl FnOnce() -> T + Send + 'static) -> T {
    let (done, result) = mpsc::channel();
    let thread = thread::spawn(move || done.send(job()).unwrap());

    match result.recv_timeout(DEADLINE) {
        Ok(result) => result,
        Err(RecvTimeoutError::Timeout) => panic!("the two never met"),
        Err(RecvTimeoutError::Disconnected) => {
            std::panic::resume_unwind(thread.join().unwrap_err())
        }
    }
}

#[test]
fn one_after_the_other_never_meet() {
    // The first is done only when the second has come, and the second is not even started.
    let barrier = Barrier::new(2);

    let answer = smol::block_on(future::poll_once(async {
        barrier.wait().await;
        barrier.wait().await;
    }));

    assert!(answer.is_none());
}

#[test]
fn two_threads_meet() {
    ends(two_threads);
}

#[test]
fn two_tasks_meet_on_the_global_executor() {
    ends(global_executor);
}

#[test]
fn two_tasks_meet_on_an_executor_of_our_own() {
    for threads in 1..=4 {
        ends(move || own_executor(threads));
    }
}

#[test]
fn two_tasks_meet_on_a_local_executor() {
    ends(local_executor);
}

#[test]
fn the_whole_program_ends() {
    ends(main);
}

#[test]
fn the_global_executor_is_not_the_thread_that_waits() {
    ends(|| {
        let here = thread::current().id();
        let there = smol::block_on(smol::spawn(async { thread::current().id() }));
        assert_ne!(here, there);
    });
}

#[test]
fn an_executor_of_our_own_runs_tasks_on_all_its_threads_at_once() {
    ends(|| {
        let barrier = sync::Barrier::new(2);
        let executor = Executor::new();
        let (running, stopped) = channel::bounded::<()>(1);

        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| smol::block_on(executor.run(stopped.recv())));
            }

            // These two block their threads while they wait, so they meet only if there are two.
            let first = executor.spawn(async { barrier.wait() });
            let second = executor.spawn(async { barrier.wait() });
            smol::block_on(future::zip(first, second));
            drop(running);
        });
    });
}

#[test]
fn an_executor_that_nobody_runs_does_nothing() {
    let executor = Executor::new();
    let task = executor.spawn(async {});

    assert!(!task.is_finished());
    assert!(executor.try_tick());
    assert!(task.is_finished());
}

#[test]
fn a_task_on_an_executor_of_our_own_may_borrow() {
    ends(|| {
        let page = String::from("Hello!");
        let executor = Executor::new();
        let task = executor.spawn(async { page.len() });

        assert_eq!(smol::block_on(executor.run(task)), 6);
        assert_eq!(page, "Hello!");
    });
}

#[test]
fn a_local_executor_runs_its_tasks_on_the_thread_that_runs_it() {
    ends(|| {
        let here = thread::current().id();
        let executor = LocalExecutor::new();
        let first = executor.spawn(async { thread::current().id() });
        let second = executor.spawn(async { thread::current().id() });

        let ids = smol::block_on(executor.run(future::zip(first, second)));

        assert_eq!(ids, (here, here));
    });
}

#[test]
fn a_task_on_a_local_executor_need_not_be_send() {
    ends(|| {
        // Neither an `Rc` nor a `RefCell` may be used by two threads, and both cross an `.await` here.
        let visitors = Rc::new(RefCell::new(0));
        let executor = LocalExecutor::new();

        let tasks: Vec<_> = (0..3)
            .map(|_| {
                let visitors = Rc::clone(&visitors);
                executor.spawn(async move {
                    future::yield_now().await;
                    *visitors.borrow_mut() += 1;
                })
            })
            .collect();
        smol::block_on(executor.run(async {
            for task in tasks {
                task.await;
            }
        }));

        assert_eq!(*visitors.borrow(), 3);
    });
}

#[test]
fn unblock_keeps_the_executor_free() {
    ends(|| {
        let (go, wait_for_go) = mpsc::channel();
        let executor = LocalExecutor::new();

        // The first waits as a library would that knows nothing of async. Only the second can free it.
        let first = executor.spawn(unblock(move || wait_for_go.recv().unwrap()));
        let second = executor.spawn(async move { go.send("met").unwrap() });

        let (met, ()) = smol::block_on(executor.run(future::zip(first, second)));
        assert_eq!(met, "met");
    });
}

#[test]
fn a_socket_of_smol_needs_no_executor_of_smol() {
    ends(|| {
        // This `block_on` is the one of futures-lite, which knows nothing of sockets.
        future::block_on(async {
            let listener = Async::<TcpListener>::bind(([127, 0, 0, 1], 0)).unwrap();
            let addr = listener.get_ref().local_addr().unwrap();

            let client = async {
                let mut stream = Async::<TcpStream>::connect(addr).await.unwrap();
                let mut byte = [0];
                stream.read_exact(&mut byte).await.unwrap();
                stream.write_all(&byte).await.unwrap();
            };
            let server = async {
                let (mut stream, _) = listener.accept().await.unwrap();
                stream.write_all(b"!").await.unwrap();
                let mut byte = [0];
                stream.read_exact(&mut byte).await.unwrap();
                byte
            };

            assert_eq!(future::zip(client, server).await, ((), *b"!"));
        });
    });
}

#[test]
fn a_computation_keeps_its_thread_from_other_tasks() {
    ends(|| {
        let finished = RefCell::new(Vec::new());
        let executor = LocalExecutor::new();

        let long = executor.spawn(async {
            let sum = (0..100_000_u64).sum::<u64>();
            finished.borrow_mut().push("computation");
            sum
        });
        let short = executor.spawn(async { finished.borrow_mut().push("page") });

        smol::block_on(executor.run(future::zip(long, short)));

        // With nothing to wait for there is no `.await`, and the page comes when the computation is over.
        assert_eq!(*finished.borrow(), ["computation", "page"]);
    });
}
