use std::collections::HashSet;
use std::net::SocketAddr;
use std::panic;

use clients::{Client, NoReply, Reply, Server, hold, serve_in_background};
use futures_lite::future;
use smol::Async;
use tokio::runtime::{Builder, Runtime};

use super::*;

/// How long a test looks whether there is an answer already.
const MOMENT: Duration = Duration::from_millis(100);

/// What `#[tokio::main]` makes, with this many threads.
fn runtime(threads: usize) -> Runtime {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(threads).enable_all();
    builder.build().unwrap()
}

/// Starts a server on this many threads, which ends when the sender is dropped.
fn start<F>(
    threads: usize,
    handle: impl Fn(Compat<TcpStream>) -> F + Send + 'static,
) -> (Server, channel::Sender<()>)
where
    F: Future<Output = ()> + Send + 'static,
{
    let (running, stopped) = channel::bounded::<()>(1);
    let server = serve_in_background(move |listener| {
        runtime(threads).block_on(serve_until(stopped, listener, handle));
    });
    (server, running)
}

/// Serves until the channel is closed.
async fn serve_until<F>(
    stopped: channel::Receiver<()>,
    listener: std::net::TcpListener,
    handle: impl Fn(Compat<TcpStream>) -> F,
) where
    F: Future<Output = ()> + Send + 'static,
{
    listener.set_nonblocking(true).unwrap();
    let listener = TcpListener::from_std(listener).unwrap();
    let stop = async {
        let _ = stopped.recv().await;
        Ok(())
    };
    future::or(serve(listener, handle), stop).await.unwrap();
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
fn handlers_run_on_all_threads_of_tokio_and_not_on_the_one_that_accepts() {
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
    for thread in threads {
        let name = thread.name().unwrap_or_default();
        assert!(name.starts_with("tokio-"), "{name}");
    }
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
fn a_task_outlives_the_server_that_spawned_it_but_not_the_runtime() {
    let (running, stopped) = channel::bounded::<()>(1);
    let (end, ended) = channel::bounded::<()>(1);
    let (tell, told) = channel::unbounded();
    let server = serve_in_background(move |listener| {
        let runtime = runtime(2);
        let begun = tell.clone();
        runtime.block_on(serve_until(stopped, listener, move |stream| {
            let begun = begun.clone();
            async move {
                begun.send("begun").await.unwrap();
                handle(stream).await;
            }
        }));
        tell.send_blocking("serve has ended").unwrap();
        let _ = ended.recv_blocking();
        drop(runtime);
    });
    let mut first = Client::connect(server.addr());
    assert_eq!(told.recv_blocking(), Ok("begun"));
    let second = Client::connect(server.addr());
    assert_eq!(told.recv_blocking(), Ok("begun"));

    drop(running);
    assert_eq!(told.recv_blocking(), Ok("serve has ended"));
    first.send(b"GET / HTTP/1.0\r\n\r\n").unwrap();
    assert_eq!(first.read_reply().unwrap().status, 200);

    drop(end);
    server.wait_until_ended().unwrap();
    assert_eq!(second.read_reply(), Err(NoReply::Empty));
}

#[test]
fn a_counter_in_an_arc_is_shared_by_all_tasks() {
    let served = Arc::new(AtomicU64::new(0));
    let (server, running) = start(2, {
        let served = served.clone();
        move |stream| handle_and_count(stream, served.clone())
    });

    for _ in 0..3 {
        assert_eq!(get(server.addr()).status, 200);
    }
    drop(running);
    server.wait_until_ended().unwrap();

    // A task counts in the same poll in which it answers, and the runtime has waited for that to end.
    assert_eq!(served.load(Ordering::Relaxed), 3);
}

#[test]
fn a_task_goes_on_when_its_handle_is_dropped() {
    runtime(1).block_on(async {
        let (let_go, held) = channel::bounded::<()>(1);
        let (tell, told) = channel::bounded(1);
        drop(tokio::spawn(async move {
            let _ = held.recv().await;
            tell.send("done").await.unwrap();
        }));

        drop(let_go);

        assert_eq!(told.recv().await, Ok("done"));
    });

    // smol's is cancelled.
    let (tell, told) = channel::bounded::<()>(1);
    let (_never, held) = channel::bounded::<()>(1);
    drop(smol::spawn(async move {
        let _ = held.recv().await;
        tell.send(()).await.unwrap();
    }));
    assert!(told.recv_blocking().is_err());
}

#[test]
fn sockets_and_timers_of_smol_work_on_tokio() {
    let server = serve_in_background(|listener| {
        runtime(2).block_on(async {
            let listener = Async::new(listener).unwrap();
            let (stream, _) = listener.accept().await.unwrap();
            smol::Timer::after(Duration::from_millis(1)).await;
            tokio::spawn(handle(stream)).await.unwrap();
        });
    });

    assert_eq!(get(server.addr()).status, 200);
    server.wait_until_ended().unwrap();
}

#[test]
fn a_socket_of_tokio_needs_its_runtime_but_not_its_executor() {
    let bind = || TcpListener::bind("127.0.0.1:0");

    let elsewhere = panic::catch_unwind(|| smol::block_on(bind()));
    let message = elsewhere.unwrap_err().downcast::<String>().unwrap();
    assert!(message.contains("must be called from the context of a Tokio 1.x runtime"));

    // Any executor will do, as long as there's a runtime to enter.
    let runtime = runtime(1);
    let _context = runtime.enter();
    smol::block_on(async {
        let listener = bind().await.unwrap();
        let addr = listener.local_addr().unwrap();
        let client = smol::unblock(move || get(addr));
        let server = async {
            let (stream, _) = listener.accept().await.unwrap();
            handle(stream.compat()).await;
        };
        assert_eq!(future::zip(client, server).await.0.status, 200);
    });
}

#[test]
fn tokio_main_makes_an_ordinary_function() {
    let _main: fn() -> io::Result<()> = main;
}
