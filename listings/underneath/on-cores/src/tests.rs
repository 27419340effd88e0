use std::collections::HashSet;
use std::net::SocketAddr;

use clients::{Client, NoReply, Reply, Server, hold, serve_in_background};
use futures_lite::future;

use super::*;

/// How long a test looks whether there is an answer already.
const MOMENT: Duration = Duration::from_millis(100);

/// Starts a server on this many threads, which ends when the sender is dropped.
fn start<F>(
    threads: usize,
    handle: impl Fn(Async<TcpStream>) -> F + Send + 'static,
) -> (Server, channel::Sender<()>)
where
    F: Future<Output = ()> + Send,
{
    let (running, stopped) = channel::bounded::<()>(1);
    let server = serve_in_background(move |listener| {
        let executor = Executor::new();
        let server = serve(Async::new(listener).unwrap(), &executor, handle);
        run(&executor, threads, until(stopped, server)).unwrap();
    });
    (server, running)
}

/// Serves until the channel is closed.
async fn until(
    stopped: channel::Receiver<()>,
    server: impl Future<Output = io::Result<()>>,
) -> io::Result<()> {
    let stop = async {
        let _ = stopped.recv().await;
        Ok(())
    };
    future::or(server, stop).await
}

/// Connects, and asks for the page.
fn request(addr: SocketAddr) -> Client {
    let mut client = Client::connect(addr);
    client.send(b"GET / HTTP/1.0\r\n\r\n").unwrap();
    client
}

fn get(addr: SocketAddr) -> Reply {
    request(addr).read_reply().unwrap()
}

#[test]
fn the_handler_of_the_finished_server_answers() {
    let (server, running) = start(2, handle);

    let reply = get(server.addr());

    assert_eq!(reply.status, 200);
    assert!(reply.head.contains("Connection: close"));
    assert!(reply.body.contains("Hello!"));
    drop(running);
    server.wait_until_ended().unwrap();
}

#[test]
fn handlers_run_on_all_threads_of_the_executor_and_not_on_the_one_that_accepts() {
    let (block, held) = hold(3);
    let (server, running) = start(3, move |stream| {
        let block = block.clone();
        async move {
            block();
            handle(stream).await;
        }
    });

    // All three are blocked at once, so no thread has two of them.
    let clients = [(); 3].map(|()| request(server.addr()));
    let threads = [(); 3].map(|()| held.next());

    let ids: HashSet<_> = threads.iter().map(|thread| thread.id()).collect();
    assert_eq!(ids.len(), 3);
    assert!(!ids.contains(&server.thread_id()));
    // We have started them, and given them no names.
    assert!(threads.iter().all(|thread| thread.name().is_none()));
    held.let_go();
    for client in clients {
        assert_eq!(client.read_reply().unwrap().status, 200);
    }
    drop(running);
    server.wait_until_ended().unwrap();
}

#[test]
fn a_blocking_call_stops_one_thread_and_the_others_go_on() {
    let (block, held) = hold(1);
    let (server, running) = start(2, move |stream| {
        let block = block.clone();
        async move {
            block();
            handle(stream).await;
        }
    });
    let first = request(server.addr());
    held.next();

    for _ in 0..3 {
        assert_eq!(get(server.addr()).status, 200);
    }
    assert!(first.is_unanswered_for(MOMENT));

    held.let_go();
    assert_eq!(first.read_reply().unwrap().status, 200);
    drop(running);
    server.wait_until_ended().unwrap();
}

#[test]
fn as_many_blocking_calls_as_threads_stop_every_client() {
    let (block, held) = hold(2);
    let (server, running) = start(2, move |stream| {
        let block = block.clone();
        async move {
            block();
            handle(stream).await;
        }
    });
    let blocked = [(); 2].map(|()| request(server.addr()));
    held.next();
    held.next();

    let third = request(server.addr());
    assert!(third.is_unanswered_for(MOMENT));

    held.let_go();
    for client in blocked.into_iter().chain([third]) {
        assert_eq!(client.read_reply().unwrap().status, 200);
    }
    drop(running);
    server.wait_until_ended().unwrap();
}

#[test]
fn a_task_ends_with_the_executor_that_has_it() {
    let (tell, begun) = channel::bounded(1);
    let (server, running) = start(2, move |stream| {
        let tell = tell.clone();
        async move {
            tell.send(()).await.unwrap();
            handle(stream).await;
        }
    });
    let client = Client::connect(server.addr());
    begun.recv_blocking().unwrap();

    drop(running);
    server.wait_until_ended().unwrap();

    assert_eq!(client.read_reply(), Err(NoReply::Empty));
}

#[test]
fn a_task_may_borrow_what_lives_longer_than_the_executor() {
    let (running, stopped) = channel::bounded::<()>(1);
    let (tell, counted) = channel::bounded(1);
    let server = serve_in_background(move |listener| {
        let served = AtomicU64::new(0);
        let executor = Executor::new();
        let handle = |stream| async {
            handle_and_count(stream, &served).await;
            tell.send(()).await.unwrap();
        };
        let server = serve(Async::new(listener).unwrap(), &executor, handle);
        run(&executor, 2, until(stopped, server)).unwrap();
        drop(executor);
        assert_eq!(served.load(Ordering::Relaxed), 3);
    });

    for _ in 0..3 {
        assert_eq!(get(server.addr()).status, 200);
        counted.recv_blocking().unwrap();
    }
    drop(running);
    server.wait_until_ended().unwrap();
}

#[test]
fn an_executor_that_nobody_runs_does_nothing() {
    let executor = Executor::new();
    let task = executor.spawn(async {});

    assert!(!task.is_finished());
    assert!(executor.try_tick());
    assert!(task.is_finished());
}
