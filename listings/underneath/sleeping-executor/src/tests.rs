use std::net::{TcpListener, TcpStream};
use std::sync::atomic::AtomicUsize;
use std::sync::mpsc::{Sender, channel};

use clients::{DEADLINE, in_own_process};
use smol::Async;

use super::*;

/// How long the timers of these tests run.
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
fn the_sleeping_executor_gives_the_value_of_the_future() {
    assert_eq!(in_time(|| block_on(async { 6 * 7 })), 42);
}

#[test]
fn the_sleeping_executor_polls_once_for_each_wake() {
    let polls = Arc::new(AtomicUsize::new(0));
    let (send, wakers) = channel();
    let (end, ended) = channel();
    let future = counted(polls.clone(), 101, send);
    thread::spawn(move || {
        block_on(future);
        end.send(()).unwrap();
    });

    for wakes in 0..100 {
        let waker = wakers.recv_timeout(DEADLINE).unwrap();
        // One for the start, and one for each wake.
        assert_eq!(polls.load(Ordering::SeqCst), wakes + 1);
        waker.wake();
    }

    ended.recv_timeout(DEADLINE).unwrap();
    assert_eq!(polls.load(Ordering::SeqCst), 101);
}

#[test]
fn a_park_that_returns_early_is_no_reason_to_poll() {
    let polls = Arc::new(AtomicUsize::new(0));
    let (send, wakers) = channel();
    let (end, ended) = channel();
    let future = counted(polls.clone(), 2, send);
    let executor = thread::spawn(move || {
        block_on(future);
        end.send(()).unwrap();
    });
    let waker = wakers.recv_timeout(DEADLINE).unwrap();

    for _ in 0..10_000 {
        executor.thread().unpark();
    }
    assert_eq!(polls.load(Ordering::SeqCst), 1);

    waker.wake();
    ended.recv_timeout(DEADLINE).unwrap();
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
            let (send, woken) = channel();
            thread::spawn(move || {
                waker.wake();
                send.send(()).unwrap();
            });
            // Waiting for it uses up what `unpark` has left for `park`.
            woken.recv().unwrap();
            Poll::Pending
        }));
        polls
    });

    assert_eq!(polls, 100);
}

#[test]
fn a_timer_costs_the_sleeping_executor_two_polls() {
    let polls = in_time(|| {
        let mut timer = pin!(Timer::after(Duration::from_millis(100)));
        let mut polls = 0;
        block_on(poll_fn(|context| {
            polls += 1;
            timer.as_mut().poll(context)
        }));
        polls
    });

    // On a machine so slow that the time is over before the first poll, that one is enough.
    assert!(polls <= 2, "{polls}");
}

// What calls the waker.

/// A waker that sends the name of the thread it is called on, and passes the wake on.
struct NamingWaker {
    names: Sender<String>,
    inner: Waker,
}

impl Wake for NamingWaker {
    fn wake(self: Arc<Self>) {
        let name = thread::current().name().unwrap_or_default().to_string();
        // At the end of a test, nothing receives any more.
        let _ = self.names.send(name);
        self.inner.wake_by_ref();
    }
}

/// Awaits `future`, and sends the name of each thread that wakes it.
async fn naming<F: Future>(future: F, names: Sender<String>) -> F::Output {
    let mut future = pin!(future);
    poll_fn(|context| {
        let (names, inner) = (names.clone(), context.waker().clone());
        let waker = Waker::from(Arc::new(NamingWaker { names, inner }));
        future.as_mut().poll(&mut Context::from_waker(&waker))
    })
    .await
}

/// The name of the thread that wakes our executor when it runs the futures that `make` makes.
///
/// A future may be ready at its first poll, and then nothing wakes it: so we try until something does.
fn who_wakes<F: Future>(make: impl Fn() -> F + Send + 'static) -> String {
    in_time(move || {
        let (send, names) = channel();
        loop {
            block_on(naming(make(), send.clone()));
            if let Ok(name) = names.try_recv() {
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
    let name = who_wakes(|| async { smol::fs::read_to_string("Cargo.toml").await.unwrap() });

    assert!(name.starts_with("blocking-"), "{name}");
}

#[test]
fn smol_block_on_asks_the_system_on_its_own_thread() {
    let test = "tests::smol_block_on_asks_the_system_on_its_own_thread";
    in_own_process(test, "UNUSED", "", || {
        let (send, names) = channel();
        let blocked = thread::Builder::new().name("blocked".to_string());
        blocked
            .spawn(move || {
                // Either of the two threads may be the first to ask.
                smol::block_on(async {
                    loop {
                        naming(Timer::after(MOMENT), send.clone()).await;
                    }
                })
            })
            .unwrap();

        while names.recv_timeout(DEADLINE).unwrap() != "blocked" {}
    });
}

#[test]
fn while_one_thread_asks_the_system_another_block_on_is_woken_by_it() {
    let test = "tests::while_one_thread_asks_the_system_another_block_on_is_woken_by_it";
    in_own_process(test, "UNUSED", "", || {
        let wakers_of: Vec<_> = ["first", "second"]
            .map(|name| {
                let (send, names) = channel();
                let blocked = thread::Builder::new().name(name.to_string());
                blocked
                    .spawn(move || {
                        smol::block_on(async {
                            loop {
                                naming(Timer::after(MOMENT), send.clone()).await;
                            }
                        })
                    })
                    .unwrap();
                names
            })
            .into();

        // Each of the two is in `smol::block_on`, and each is woken by the other now and then: the other holds the
        // reactor then, and this one can only sleep.
        while wakers_of[0].recv_timeout(DEADLINE).unwrap() != "second" {}
        while wakers_of[1].recv_timeout(DEADLINE).unwrap() != "first" {}
    });
}

// What the reactor knows of a socket.

#[test]
fn a_socket_in_async_does_not_block() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let listener = Async::new(listener).unwrap();

    // The standard library's own `accept`, which waits for a client unless the socket is in non-blocking mode.
    let no_client = in_time(move || listener.get_ref().accept().map(|_| ()));

    let error = no_client.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock);
}

/// What the operating system is to watch for at a socket: `None` if it does not know the socket.
///
/// Linux shows in a file what a program has registered with `epoll`, one line for each socket, like
/// `tfd:        8 events: 40000019 data:                0 ...`.
#[cfg(target_os = "linux")]
fn registered_events(socket: &impl std::os::fd::AsRawFd) -> Option<u32> {
    use std::fs;

    let wanted = socket.as_raw_fd().to_string();
    for entry in fs::read_dir("/proc/self/fd").unwrap() {
        let path = entry.unwrap().path();
        // Files of other tests come and go meanwhile.
        let is_epoll = fs::read_link(&path).is_ok_and(|to| to.ends_with("anon_inode:[eventpoll]"));
        if !is_epoll {
            continue;
        }
        let name = path.file_name().unwrap().to_str().unwrap();
        let info = fs::read_to_string(format!("/proc/self/fdinfo/{name}")).unwrap();
        for line in info.lines().filter(|line| line.starts_with("tfd:")) {
            let words: Vec<&str> = line.split_whitespace().collect();
            if words[1] == wanted {
                return Some(u32::from_str_radix(words[3], 16).unwrap());
            }
        }
    }
    None
}

/// `EPOLLIN`: there is something to read, or a client to accept.
#[cfg(target_os = "linux")]
const READABLE: u32 = 1;

#[test]
#[cfg(target_os = "linux")]
fn a_socket_is_registered_when_it_is_made_and_accept_only_changes_what_is_asked() {
    let test =
        "tests::a_socket_is_registered_when_it_is_made_and_accept_only_changes_what_is_asked";
    in_own_process(test, "UNUSED", "", || {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap();
        assert_eq!(registered_events(&listener), None);

        // Registered, and nothing asked yet.
        let listener = Async::new(listener).unwrap();
        let events = registered_events(listener.get_ref());
        assert_eq!(events.expect("registered") & READABLE, 0);

        // Polled once, `accept` asks for clients.
        let mut accept = Box::pin(listener.accept());
        let waker = Waker::noop();
        assert!(
            accept
                .as_mut()
                .poll(&mut Context::from_waker(waker))
                .is_pending()
        );
        let events = registered_events(listener.get_ref());
        assert_eq!(events.expect("still registered") & READABLE, READABLE);

        // When it is done, the socket stays registered for the next.
        let _client = TcpStream::connect(addr).unwrap();
        in_time_here(accept).unwrap();
        assert!(registered_events(listener.get_ref()).is_some());

        // Out of `Async`, it is not.
        let listener = listener.into_inner().unwrap();
        assert_eq!(registered_events(&listener), None);
    });
}

/// Runs a future that borrows, with a deadline.
#[cfg(target_os = "linux")]
fn in_time_here<F: Future>(future: F) -> F::Output {
    let deadline = async {
        Timer::after(DEADLINE).await;
        panic!("not ready in time");
    };
    block_on(futures_lite::future::or(future, deadline))
}
