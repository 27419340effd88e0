use std::net::SocketAddr;
use std::thread;

use clients::{Client, Reply, Server, expect_one_smol_thread, hold, serve_in_background};
use futures_lite::{StreamExt, future};

use super::*;

/// How long a test looks whether there is an answer already.
const MOMENT: Duration = Duration::from_millis(100);

/// Starts a server, which ends when the sender is dropped.
fn start<F>(
    handle: impl Fn(Async<TcpStream>) -> F + Send + 'static,
) -> (Server, channel::Sender<()>)
where
    F: Future<Output = ()> + Send + 'static,
{
    let (running, stopped) = channel::bounded::<()>(1);
    let server = serve_in_background(move |listener| {
        let server = serve(Async::new(listener).unwrap(), handle);
        let stop = async {
            let _ = stopped.recv().await;
            Ok(())
        };
        smol::block_on(future::or(server, stop)).unwrap();
    });
    (server, running)
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
fn every_handler_runs_on_the_one_thread_that_smol_has_started() {
    expect_one_smol_thread();
    let (tell, threads) = channel::unbounded();
    let (server, running) = start(move |stream| {
        let tell = tell.clone();
        async move {
            tell.send(thread::current()).await.unwrap();
            handle(stream).await;
        }
    });

    for _ in 0..3 {
        assert_eq!(get(server.addr()).status, 200);
        let thread = threads.recv_blocking().unwrap();
        assert_eq!(thread.name(), Some("smol-1"));
        assert_ne!(thread.id(), server.thread_id());
    }
    drop(running);
    server.wait_until_ended().unwrap();
}

#[test]
fn a_blocking_call_stops_every_client() {
    expect_one_smol_thread();
    let (block, held) = hold(1);
    let (server, running) = start(move |stream| {
        let block = block.clone();
        async move {
            block();
            handle(stream).await;
        }
    });
    let first = request(server.addr());
    held.next();

    let second = request(server.addr());
    assert!(second.is_unanswered_for(MOMENT));

    held.let_go();
    assert_eq!(first.read_reply().unwrap().status, 200);
    assert_eq!(second.read_reply().unwrap().status, 200);
    drop(running);
    server.wait_until_ended().unwrap();
}

#[test]
fn a_task_outlives_the_server_that_spawned_it() {
    let (tell, begun) = channel::bounded(1);
    let (server, running) = start(move |stream| {
        let tell = tell.clone();
        async move {
            tell.send(()).await.unwrap();
            handle(stream).await;
        }
    });
    let mut client = Client::connect(server.addr());
    begun.recv_blocking().unwrap();

    // `serve` is dropped with all that it has, and so it could have lent nothing to the task.
    drop(running);
    server.wait_until_ended().unwrap();

    client.send(b"GET / HTTP/1.0\r\n\r\n").unwrap();
    assert_eq!(client.read_reply().unwrap().status, 200);
}

#[test]
fn a_counter_in_an_arc_is_shared_by_all_tasks() {
    let served = Arc::new(AtomicU64::new(0));
    let (tell, counted) = channel::bounded(1);
    let (server, running) = start({
        let served = served.clone();
        move |stream| {
            let (served, tell) = (served.clone(), tell.clone());
            async move {
                handle_and_count(stream, served).await;
                tell.send(()).await.unwrap();
            }
        }
    });

    for _ in 0..3 {
        assert_eq!(get(server.addr()).status, 200);
        counted.recv_blocking().unwrap();
    }

    assert_eq!(served.load(Ordering::Relaxed), 3);
    drop(running);
    server.wait_until_ended().unwrap();
}

#[test]
fn a_socket_of_smol_net_will_do() {
    smol::block_on(async {
        // Finds the address of the name, which `Async` leaves to us.
        let listener = smol::net::TcpListener::bind("localhost:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let client = smol::unblock(move || get(addr));
        let server = async {
            let stream = listener.incoming().next().await.unwrap().unwrap();
            handle(stream).await;
        };

        let (reply, ()) = future::zip(client, server).await;

        assert_eq!(reply.status, 200);
    });
}
