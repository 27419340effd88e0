//! Four servers, of which one serves two at once. `serves_two_at_once` has to find out which.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::panic;
use std::rc::Rc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use futures_lite::future;
use smol::{LocalExecutor, Timer, channel};

use super::*;

/// How long `serves_two_at_once` may take to make up its mind.
const PATIENCE: Duration = Duration::from_secs(6);

const RESPONSE: &[u8] = b"HTTP/1.1 200 OK\r\n\r\nHello!";

fn is_sleep(request: &[u8]) -> bool {
    request.starts_with(b"GET /sleep HTTP/1.1\r\n")
}

/// A task for each client, on the one thread that the server has.
type Tasks = Rc<LocalExecutor<'static>>;

/// The handler of all but the second server. A client that goes away is no news to it.
async fn handle_connection(mut stream: Async<TcpStream>, sleep: impl AsyncFnOnce()) {
    let mut buffer = [0; 1024];
    let length = stream.read(&mut buffer).await.unwrap_or(0);
    if is_sleep(&buffer[..length]) {
        sleep().await;
    }
    let _ = stream.write_all(RESPONSE).await;
}

/// A page that takes long to prepare, and blocks no thread.
async fn sleep() {
    Timer::after(PATIENCE * 2).await;
}

/// Awaits the handler in the loop.
async fn one_after_the_other(listener: Async<TcpListener>, _: Tasks, _: Receiver<()>) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        handle_connection(stream, sleep).await;
    }
}

/// Has a task for each client, and the sockets block.
async fn blocking_sockets(listener: Async<TcpListener>, tasks: Tasks, _: Receiver<()>) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let mut stream = stream.into_inner().unwrap();
        stream.set_nonblocking(false).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let handler = async move {
            let mut buffer = [0; 1024];
            let length = stream.read(&mut buffer).unwrap_or(0);
            if is_sleep(&buffer[..length]) {
                sleep().await;
            }
            let _ = stream.write_all(RESPONSE);
        };
        tasks.spawn(handler).detach();
    }
}

/// Has a task for each client, and the handler blocks when it is asked for `/sleep`.
async fn blocking_sleep(listener: Async<TcpListener>, tasks: Tasks, let_go: Receiver<()>) {
    let let_go = Rc::new(let_go);
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let let_go = let_go.clone();
        // Like a `thread::sleep`, but it ends with the test.
        let sleep = async move || {
            let _ = let_go.recv_timeout(PATIENCE * 2);
        };
        tasks.spawn(handle_connection(stream, sleep)).detach();
    }
}

/// Has a task for each client, and nothing blocks.
async fn concurrent(listener: Async<TcpListener>, tasks: Tasks, _: Receiver<()>) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        tasks.spawn(handle_connection(stream, sleep)).detach();
    }
}

/// What `serves_two_at_once` says of a server.
fn judge<S, F>(serve: S) -> bool
where
    S: FnOnce(Async<TcpListener>, Tasks, Receiver<()>) -> F + Send + 'static,
    F: Future<Output = ()>,
{
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    let (holding, let_go) = mpsc::channel();
    let (running, stopped) = channel::bounded::<()>(1);
    let server = thread::spawn(move || {
        let tasks = Rc::new(LocalExecutor::new());
        let serving = serve(Async::new(listener).unwrap(), tasks.clone(), let_go);
        let stop = async {
            let _ = stopped.recv().await;
        };
        smol::block_on(tasks.run(future::or(stop, serving)));
    });

    let (send, verdict) = mpsc::channel();
    let judge = thread::spawn(move || {
        let _ = send.send(smol::block_on(serves_two_at_once(addr)));
    });
    let verdict = verdict.recv_timeout(PATIENCE);

    // The server ends, and closes the connections of a judge that still waits.
    drop((holding, running));
    server.join().unwrap();
    match verdict {
        Ok(verdict) => verdict,
        Err(RecvTimeoutError::Disconnected) => panic::resume_unwind(judge.join().unwrap_err()),
        Err(RecvTimeoutError::Timeout) => {
            panic!("no verdict after {PATIENCE:?}: how long may the second client wait?")
        }
    }
}

#[test]
fn a_server_with_a_task_for_each_client_and_nothing_that_blocks_serves_two_at_once() {
    assert!(
        judge(concurrent),
        "this server does serve two at once, and it is refused"
    );
}

#[test]
fn a_server_that_awaits_its_handler_in_the_loop_does_not() {
    assert!(
        !judge(one_after_the_other),
        "this server awaits each client in its loop, and passes: who keeps it waiting?"
    );
}

#[test]
fn a_server_whose_sockets_block_does_not() {
    assert!(
        !judge(blocking_sockets),
        "a read of this server blocks its thread, and it passes: which client makes it read for long?"
    );
}

#[test]
fn a_server_whose_handler_blocks_for_sleep_does_not() {
    assert!(
        !judge(blocking_sleep),
        "`/sleep` of this server blocks its thread, and it passes: who asks for `/sleep` meanwhile?"
    );
}
