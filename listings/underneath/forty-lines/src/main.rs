//! Underneath: an executor for many tasks, and the reader's handler on it.

// ANCHOR: use
use std::net::{TcpListener, TcpStream};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

use futures_lite::{AsyncReadExt, AsyncWriteExt};
use smol::Async;
// ANCHOR_END: use

// ANCHOR: main
fn main() {
    let listener = Async::<TcpListener>::bind(([127, 0, 0, 1], 7878)).unwrap();
    let addr = listener.get_ref().local_addr().unwrap();
    println!("Listening on http://{addr}");

    // A thread for all the tasks; this one accepts the clients.
    let (queue, ready) = channel();
    thread::spawn(move || run(ready));
    block_on(serve(listener, queue));
}
// ANCHOR_END: main

struct Sleeper {
    thread: Thread,
    woken: AtomicBool,
}

impl Wake for Sleeper {
    fn wake(self: Arc<Self>) {
        self.woken.store(true, Ordering::SeqCst);
        self.thread.unpark();
    }
}

fn block_on<F: Future>(future: F) -> F::Output {
    let sleeper = Arc::new(Sleeper {
        thread: thread::current(),
        woken: AtomicBool::new(false),
    });
    let waker = Waker::from(sleeper.clone());
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);

    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return value;
        }
        // `park` may return early, so ask whether it was the waker.
        while !sleeper.woken.swap(false, Ordering::SeqCst) {
            thread::park();
        }
    }
}

// ANCHOR: task
type Queue = Sender<Arc<Task>>;

struct Task {
    // `None` once it has completed.
    future: Mutex<Option<Pin<Box<dyn Future<Output = ()> + Send>>>>,
    queue: Queue,
}
// ANCHOR_END: task

// ANCHOR: wake
impl Wake for Task {
    fn wake(self: Arc<Self>) {
        let queue = self.queue.clone();
        // An error says that `run` has ended, and nothing will poll the task again.
        let _ = queue.send(self);
    }
}
// ANCHOR_END: wake

// ANCHOR: spawn
fn spawn(queue: &Queue, future: impl Future<Output = ()> + Send + 'static) {
    let task = Arc::new(Task {
        future: Mutex::new(Some(Box::pin(future))),
        queue: queue.clone(),
    });
    task.wake();
}
// ANCHOR_END: spawn

// ANCHOR: run
fn run(ready: Receiver<Arc<Task>>) {
    // While the queue is empty, the thread sleeps in here.
    for task in ready {
        let waker = Waker::from(task.clone());
        let mut context = Context::from_waker(&waker);

        let mut slot = task.future.lock().unwrap();
        let Some(future) = slot.as_mut() else {
            continue;
        };
        if future.as_mut().poll(&mut context).is_ready() {
            *slot = None;
        }
    }
}
// ANCHOR_END: run

// ANCHOR: serve
async fn serve(listener: Async<TcpListener>, queue: Queue) {
    // Each turn of the loop waits for the next client to connect.
    loop {
        let (stream, _) = listener.accept().await.unwrap();

        // Give this connection a task of its own, and go straight on.
        spawn(&queue, handle_connection(stream));
    }
}
// ANCHOR_END: serve

// ANCHOR: handle_connection
async fn handle_connection(mut stream: Async<TcpStream>) {
    // Wait for the client to send something, and take what fits into the buffer.
    let mut buffer = [0; 1024];
    let length = stream.read(&mut buffer).await.unwrap();
    let request = &buffer[..length];

    let (status_line, filename) = if request.starts_with(b"GET / HTTP/1.1\r\n") {
        ("HTTP/1.1 200 OK", "hello.html")
    } else if request.starts_with(b"GET /sleep HTTP/1.1\r\n") {
        // Pretend that this page takes a while to prepare.
        smol::Timer::after(Duration::from_secs(5)).await;
        ("HTTP/1.1 200 OK", "hello.html")
    } else {
        ("HTTP/1.1 404 NOT FOUND", "404.html")
    };
    let contents = smol::fs::read_to_string(filename).await.unwrap();

    // A blank line ends the head of the response, and the page is the body.
    let response = format!("{status_line}\r\n\r\n{contents}");
    stream.write_all(response.as_bytes()).await.unwrap();
}
// ANCHOR_END: handle_connection

#[cfg(test)]
mod tests;
