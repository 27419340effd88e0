//! Underneath: an executor that sleeps until it is woken.

// ANCHOR: use
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

use smol::Timer;
// ANCHOR_END: use

fn main() {
    let mut timer = pin!(Timer::after(Duration::from_secs(5)));
    let mut polls: u64 = 0;

    // A future that counts its polls, and is ready when the timer is.
    block_on(poll_fn(|context| {
        polls += 1;
        timer.as_mut().poll(context)
    }));

    match polls {
        ..=1000 => println!("polled {polls} times"),
        _ => println!("polled more than 1000 times"),
    }
}

// ANCHOR: sleeper
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
// ANCHOR_END: sleeper

// ANCHOR: block_on
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
// ANCHOR_END: block_on

#[cfg(test)]
mod tests;
