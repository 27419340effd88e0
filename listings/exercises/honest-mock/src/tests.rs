use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Wake, Waker};

use futures_lite::{AsyncReadExt, AsyncWriteExt};

use super::*;

/// A waker that counts how often it is called.
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn a_task_that_has_to_wait_is_woken() {
    let count = Arc::new(Count(AtomicUsize::new(0)));
    let waker = Waker::from(count.clone());
    let mut stream = MockTcpStream::new(b"GET /", End::Close, 3);
    let mut buffer = [0; 1024];

    let mut reading = pin!(stream.read(&mut buffer));
    let first_poll = reading.as_mut().poll(&mut Context::from_waker(&waker));

    assert!(first_poll.is_pending());
    assert_eq!(
        count.0.load(Ordering::SeqCst),
        1,
        "the mock was pending and woke nobody: a test that awaits it never ends"
    );
}

/// Polls a future up to a hundred times, whether or not it is woken, so that the next tests end in any case.
fn polled<F: Future>(future: F) -> Poll<F::Output> {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..100 {
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return Poll::Ready(value);
        }
    }
    Poll::Pending
}

fn value_of<F: Future>(future: F) -> F::Output {
    match polled(future) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("still pending after a hundred polls"),
    }
}

#[test]
fn only_a_client_that_closes_the_connection_has_come_to_the_end() {
    let mut buffer = [0; 1024];

    let mut stream = MockTcpStream::new(b"GET", End::Close, 3);
    assert_eq!(value_of(stream.read(&mut buffer)).unwrap(), 3);
    assert_eq!(value_of(stream.read(&mut buffer)).unwrap(), 0);

    let mut stream = MockTcpStream::new(b"GET", End::Reset, 3);
    assert_eq!(value_of(stream.read(&mut buffer)).unwrap(), 3);
    let error = value_of(stream.read(&mut buffer)).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);

    let mut stream = MockTcpStream::new(b"GET", End::Wait, 3);
    assert_eq!(value_of(stream.read(&mut buffer)).unwrap(), 3);
    assert!(
        polled(stream.read(&mut buffer)).is_pending(),
        "the client waits for its response, and the mock says that it has gone"
    );
}

#[test]
fn a_write_takes_as_much_as_it_says() {
    let mut stream = MockTcpStream::new(b"", End::Wait, 3);

    let length = value_of(stream.write(b"HTTP")).unwrap();
    assert_eq!(
        length,
        stream.written.len(),
        "the mock says that it took more, or less, than it has"
    );

    value_of(stream.write_all(b"P/1.1")).unwrap();
    assert_eq!(stream.written, b"HTTP/1.1");
}

#[test]
fn what_there_is_no_room_for_comes_with_the_next_read() {
    let mut stream = MockTcpStream::new(b"GET /", End::Close, 4);
    let mut buffer = [0; 3];

    let length = value_of(stream.read(&mut buffer)).unwrap();
    assert_eq!(&buffer[..length], b"GET");

    let length = value_of(stream.read(&mut buffer)).unwrap();
    let rest = String::from_utf8_lossy(&buffer[..length]);
    assert_eq!(
        rest, " /",
        "the client sent `GET /`, and a part of it is lost"
    );
}
