use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Wake, Waker};
use std::thread;

use super::*;

/// A waker that counts how often it is called.
#[derive(Default)]
struct Count(AtomicUsize);

impl Count {
    fn wakes(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// Polls the bell for the task that `count` belongs to.
fn poll(bell: &mut Bell, count: &Arc<Count>) -> Poll<()> {
    let waker = Waker::from(count.clone());
    Pin::new(bell).poll(&mut Context::from_waker(&waker))
}

#[test]
fn a_bell_that_has_rung_is_ready() {
    let mut bell = Bell::default();
    let count = Arc::default();
    assert!(poll(&mut bell, &count).is_pending());

    bell.clone().ring();

    assert!(poll(&mut bell, &count).is_ready());
}

#[test]
fn ringing_wakes_whoever_waits() {
    let mut bell = Bell::default();
    let count = Arc::default();
    assert!(poll(&mut bell, &count).is_pending());
    assert_eq!(count.wakes(), 0, "the bell has not rung yet");

    let same_bell = bell.clone();
    thread::spawn(move || same_bell.ring()).join().unwrap();

    assert_eq!(
        count.wakes(),
        1,
        "the bell rang, and the task that awaits it sleeps on"
    );
}

#[test]
fn the_last_one_who_polled_is_woken() {
    let mut bell = Bell::default();
    let (first, last) = (Arc::default(), Arc::default());

    // A future may move from one task to another between two polls.
    assert!(poll(&mut bell, &first).is_pending());
    assert!(poll(&mut bell, &last).is_pending());
    bell.clone().ring();

    assert_eq!(
        last.wakes(),
        1,
        "the task that polled last is the one that waits, and it sleeps on"
    );
}

#[test]
fn a_bell_that_nobody_awaits_can_be_rung() {
    let mut bell = Bell::default();

    bell.ring();
    bell.ring();

    assert!(poll(&mut bell, &Arc::default()).is_ready());
}
