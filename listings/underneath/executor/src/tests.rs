use std::sync::mpsc::channel;
use std::thread;
use std::time::Instant;

use super::*;

/// Runs `body` on a thread of its own and returns its value. A body that never ends fails the test.
fn in_time<T: Send + 'static>(body: impl FnOnce() -> T + Send + 'static) -> T {
    let (send, received) = channel();
    thread::spawn(move || send.send(body()).unwrap());
    received.recv_timeout(Duration::from_secs(30)).unwrap()
}

#[test]
fn the_busy_executor_gives_the_value_of_the_future() {
    assert_eq!(in_time(|| block_on(async { 6 * 7 })), 42);
}

#[test]
fn the_busy_executor_polls_a_pending_future_over_and_over() {
    let polls = in_time(|| {
        let mut polls = 0;
        // Nothing calls a waker here.
        block_on(poll_fn(|_| {
            polls += 1;
            match polls {
                10_000 => Poll::Ready(()),
                _ => Poll::Pending,
            }
        }));
        polls
    });

    assert_eq!(polls, 10_000);
}

#[test]
fn the_busy_executor_runs_a_timer_to_its_end() {
    let start = Instant::now();

    in_time(|| block_on(Timer::after(Duration::from_millis(20))));

    assert!(start.elapsed() >= Duration::from_millis(20));
}

#[test]
fn a_timer_costs_the_busy_executor_more_than_a_thousand_polls() {
    let polls = in_time(|| {
        let mut timer = pin!(Timer::after(Duration::from_secs(5)));
        let mut polls: u64 = 0;
        block_on(poll_fn(|context| {
            polls += 1;
            // It has seen enough, and so have we.
            match polls > 1000 {
                true => Poll::Ready(()),
                false => timer.as_mut().poll(context).map(|_| ()),
            }
        }));
        polls
    });

    assert!(polls > 1000, "only {polls} polls in five seconds");
}
