use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::thread;

use clients::{Client, NoReply, Reply, Server, hold, serve_in_background};
use futures_lite::future;

use super::*;

/// How long a test looks whether there is an answer already.
const MOMENT: Duration = Duration::from_millis(100);

/// Starts a server, which ends when the sender is dropped.
fn start<F>(
    handle: impl Fn(Async<TcpStream>) -> F + Send + 'static,
) -> (Server, channel::Sender<()>)
where
    F: Future<Output = ()>,
{
    let (running, stopped) = channel::bounded::<()>(1);
    let server = serve_in_background(move |listener| serve_until(&stopped, listener, handle));
    (server, running)
}

/// Serves on this thread until the channel is closed.
fn serve_until<F>(
    stopped: &channel::Receiver<()>,
    listener: TcpListener,
    handle: impl Fn(Async<TcpStream>) -> F,
) where
    F: Future<Output = ()>,
{
    let executor = LocalExecutor::new();
    let server = serve(Async::new(listener).unwrap(), &executor, handle);
    let stop = async {
        let _ = stopped.recv().await;
        Ok(())
    };
    smol::block_on(executor.run(future::or(server, stop))).unwrap();
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
    let (server, running) = start(handle);

    let reply = get(server.addr());

    assert_eq!(reply.status, 200);
    assert!(reply.head.contains("Connection: close"));
    assert!(reply.body.contains("Hello!"));
    drop(running);
    server.wait_until_ended().unwrap();
}

#[test]
fn every_handler_runs_on_the_thread_that_accepts() {
    let (tell, threads) = channel::unbounded();
    let (server, running) = start(move |stream| {
        let tell = tell.clone();
        async move {
            tell.send(thread::current().id()).await.unwrap();
            handle(stream).await;
        }
    });

    for _ in 0..3 {
        assert_eq!(get(server.addr()).status, 200);
        assert_eq!(threads.recv_blocking(), Ok(server.thread_id()));
    }
    drop(running);
    server.wait_until_ended().unwrap();
}

#[test]
fn a_blocking_call_stops_every_client() {
    let (block, held) = hold(1);
    let (server, running) = start(move |stream| {
        let block = block.clone();
        async move {
            block();
            handle(stream).await;
        }
    });
    let first = request(server.addr());
    assert_eq!(held.next().id(), server.thread_id());

    let second = request(server.addr());
    assert!(second.is_unanswered_for(MOMENT));

    held.let_go();
    assert_eq!(first.read_reply().unwrap().status, 200);
    assert_eq!(second.read_reply().unwrap().status, 200);
    drop(running);
    server.wait_until_ended().unwrap();
}

#[test]
fn a_task_need_not_be_send() {
    let (running, stopped) = channel::bounded::<()>(1);
    let (tell, counted) = channel::bounded(1);
    let server = serve_in_background(move |listener| {
        let served = Rc::new(Cell::new(0));
        serve_until(&stopped, listener, |stream| {
            // The task has an `Rc` for as long as it waits for its client.
            let (served, tell) = (served.clone(), tell.clone());
            async move {
                handle_and_count(stream, served).await;
                tell.send(()).await.unwrap();
            }
        });
        assert_eq!(served.get(), 3);
    });

    for _ in 0..3 {
        assert_eq!(get(server.addr()).status, 200);
        counted.recv_blocking().unwrap();
    }
    drop(running);
    server.wait_until_ended().unwrap();
}

#[test]
fn a_task_may_borrow_what_lives_longer_than_the_executor() {
    let (running, stopped) = channel::bounded::<()>(1);
    let (tell, counted) = channel::bounded(1);
    let server = serve_in_background(move |listener| {
        let served = Cell::new(0);
        serve_until(&stopped, listener, |stream| async {
            handle(stream).await;
            served.set(served.get() + 1);
            tell.send(()).await.unwrap();
        });
        assert_eq!(served.get(), 3);
    });

    for _ in 0..3 {
        assert_eq!(get(server.addr()).status, 200);
        counted.recv_blocking().unwrap();
    }
    drop(running);
    server.wait_until_ended().unwrap();
}

#[test]
fn a_task_ends_with_the_executor_that_has_it() {
    let (tell, begun) = channel::bounded(1);
    let (server, running) = start(move |stream| {
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
fn each_thread_may_have_an_executor_of_its_own() {
    let (block, held) = hold(1);
    let (running, stopped) = channel::bounded::<()>(1);
    let threads = Arc::new(Mutex::new(Vec::new()));
    let seen = threads.clone();
    let server = serve_in_background(move |listener| {
        thread::scope(|scope| {
            for _ in 0..2 {
                let (listener, block) = (listener.try_clone().unwrap(), block.clone());
                let (stopped, seen) = (&stopped, &seen);
                scope.spawn(move || {
                    serve_until(stopped, listener, |stream| async {
                        seen.lock().unwrap().push(thread::current().id());
                        block();
                        handle(stream).await;
                    });
                });
            }
        });
    });

    // While one thread is blocked, the other has all clients to itself.
    let first = request(server.addr());
    let blocked = held.next().id();
    for _ in 0..3 {
        assert_eq!(get(server.addr()).status, 200);
    }

    let threads = threads.lock().unwrap().clone();
    assert_eq!(threads[0], blocked);
    assert!(threads[1..].iter().all(|thread| *thread == threads[1]));
    assert_ne!(threads[1], blocked);
    held.let_go();
    assert_eq!(first.read_reply().unwrap().status, 200);
    drop(running);
    server.wait_until_ended().unwrap();
}
