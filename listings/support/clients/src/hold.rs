//! A blocking call that a test begins and ends as it likes.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, Thread};

use crate::DEADLINE;

/// The threads that a call of [`hold`] blocks. Dropping this lets all of them go on.
pub struct Held {
    threads: Receiver<Thread>,
    _gate: Sender<()>,
}

/// Gives a function that blocks the first `calls` threads that call it, as `thread::sleep` would, until the test lets
/// them go. Later calls return at once.
pub fn hold(calls: usize) -> (impl Fn() + Clone + Send + 'static, Held) {
    let (tell, threads) = channel();
    let (gate, closed) = channel::<()>();
    let left = Arc::new(Mutex::new(calls));
    let closed = Arc::new(Mutex::new(closed));
    let block = move || {
        let mut left = left.lock().unwrap_or_else(PoisonError::into_inner);
        if *left > 0 {
            *left -= 1;
            drop(left);
            // A test that has ended takes nothing any more.
            let _ = tell.send(thread::current());
            // One waits for the channel, and the others for the lock.
            let closed = closed.lock().unwrap_or_else(PoisonError::into_inner);
            let _ = closed.recv();
        }
    };
    let held = Held {
        threads,
        _gate: gate,
    };
    (block, held)
}

impl Held {
    /// Waits until one more thread is blocked, and gives it. Panics after [`DEADLINE`].
    pub fn next(&self) -> Thread {
        let next = self.threads.recv_timeout(DEADLINE);
        next.expect("a thread that is blocked")
    }

    /// Lets all threads go on.
    pub fn let_go(self) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_calls_block_and_the_next_does_not() {
        let (block, held) = hold(2);
        let threads = [(); 2].map(|()| thread::spawn(block.clone()));
        let blocked = [held.next().id(), held.next().id()];

        for thread in &threads {
            assert!(blocked.contains(&thread.thread().id()));
            assert!(!thread.is_finished());
        }
        block();

        held.let_go();
        for thread in threads {
            thread.join().unwrap();
        }
    }
}
