//! Underneath: an executor that polls in a loop and never rests.

// ANCHOR: use
use std::future::poll_fn;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use smol::Timer;
// ANCHOR_END: use

// ANCHOR: main
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
// ANCHOR_END: main

// ANCHOR: block_on
fn block_on<F: Future>(future: F) -> F::Output {
    let mut context = Context::from_waker(Waker::noop());
    let mut future = pin!(future);

    // Warning: This keeps a processor busy for as long as the future is pending!
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return value;
        }
    }
}
// ANCHOR_END: block_on

#[cfg(test)]
mod tests;
