use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Wake, Waker};

use smol::io::{AsyncReadExt, AsyncWriteExt};

use super::*;

/// A waker that counts how often it is called.
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn who_is_told_to_wait_is_woken() {
    let count = Arc::new(Count(AtomicUsize::new(0)));
    let waker = Waker::from(count.clone());
    let mut stream = MockTcpStream::new(b"GET /", 3);
    let mut buffer = [0; 1024];

    let mut reading = pin!(stream.read(&mut buffer));
    let first_answer = reading.as_mut().poll(&mut Context::from_waker(&waker));

    assert!(first_answer.is_pending());
    assert_eq!(
        count.0.load(Ordering::SeqCst),
        1,
        "the mock said \"not yet\" and woke nobody: a test that awaits it never ends"
    );
}

/// What a future gives. It is polled again whether or not it was woken, so that the next tests end in any case.
fn value_of<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..100 {
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return value;
        }
    }
    panic!("still not ready after a hundred polls");
}

#[test]
fn what_there_is_no_room_for_comes_with_the_next_read() {
    let mut stream = MockTcpStream::new(b"GET /", 4);
    let mut buffer = [0; 3];

    let length = value_of(stream.read(&mut buffer)).unwrap();
    assert_eq!(&buffer[..length], b"GET");

    let length = value_of(stream.read(&mut buffer)).unwrap();
    let rest = String::from_utf8_lossy(&buffer[..length]);
    assert_eq!(
        rest, " /",
        "the client sent `GET /`, and a part of it is lost"
    );

    assert_eq!(value_of(stream.read(&mut buffer)).unwrap(), 0);
}

#[test]
fn a_write_takes_as_much_as_it_says() {
    let mut stream = MockTcpStream::new(b"", 3);

    let length = value_of(stream.write(b"HTTP")).unwrap();
    assert_eq!(
        length,
        stream.written.len(),
        "the mock says that it took more, or less, than it has"
    );

    value_of(stream.write_all(b"P/1.1")).unwrap();
    assert_eq!(stream.written, b"HTTP/1.1");
}
