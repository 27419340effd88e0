use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Wake, Waker};

use super::*;

/// Polls `future` until it is ready, a hundred times at most. Returns how often it was pending, and its value.
fn run<F: Future>(future: F) -> (u32, Option<F::Output>) {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    for pending in 0..100 {
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return (pending, Some(value));
        }
    }
    (100, None)
}

#[test]
fn it_is_pending_so_many_times_and_then_ready() {
    for polls in [3, 1, 0] {
        let (pending, value) = run(Countdown::new(polls, "lift-off"));

        assert_eq!(
            value,
            Some("lift-off"),
            "polled a hundred times, a countdown from {polls} is still pending"
        );
        assert_eq!(
            pending, polls,
            "a countdown from {polls} was pending {pending} times"
        );
    }
}

#[test]
fn each_poll_goes_to_the_next_state() {
    let mut countdown = Countdown::new(2, "lift-off");
    let mut context = Context::from_waker(Waker::noop());
    let mut poll = || {
        let _ = Pin::new(&mut countdown).poll(&mut context);
        match &countdown {
            Countdown::Waiting { polls_left, .. } => Some(*polls_left),
            Countdown::Done => None,
        }
    };

    assert_eq!(poll(), Some(1), "one poll, and one is left");
    assert_eq!(poll(), Some(0), "two polls, and none is left");
    assert_eq!(
        poll(),
        None,
        "it has given its value, and its state is not `Done`"
    );
}

#[test]
fn two_of_them_awaited_one_after_the_other_take_the_polls_of_both() {
    // The compiler makes a state machine of this block, with a countdown in each of its two states.
    let both = async {
        let first = Countdown::new(2, "ready").await;
        let second = Countdown::new(3, "steady").await;
        format!("{first}, {second}")
    };

    let (pending, value) = run(both);

    assert_eq!(
        value.as_deref(),
        Some("ready, steady"),
        "a countdown that never ends keeps the block that awaits it in its first state"
    );
    assert_eq!(
        pending,
        2 + 3,
        "pending is what it awaits, so it is pending as often as both"
    );
}

/// A waker that counts how often it is called.
#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn whenever_it_is_pending_it_asks_to_be_polled_again() {
    let count = Arc::new(Count::default());
    let waker = Waker::from(count.clone());
    let mut countdown = Countdown::new(3, "lift-off");

    for polls in 1..=3 {
        let poll = Pin::new(&mut countdown).poll(&mut Context::from_waker(&waker));

        assert!(poll.is_pending(), "ready at poll {polls} of 4");
        assert_eq!(
            count.0.load(Ordering::SeqCst),
            polls,
            "it is pending and has woken nobody: an executor would never poll it again"
        );
    }
}
