//! Exercise: this countdown never gets anywhere. Edit `poll` until `cargo test` passes.

use std::pin::Pin;
use std::task::{Context, Poll};

/// A future that is pending a number of times, and then ready with a value.
#[derive(Debug, PartialEq)]
pub enum Countdown {
    /// To be pending another `polls_left` times, and then ready with `value`.
    Waiting {
        polls_left: u32,
        value: &'static str,
    },
    /// Has given its value.
    Done,
}

impl Countdown {
    pub fn new(polls_left: u32, value: &'static str) -> Countdown {
        Countdown::Waiting { polls_left, value }
    }
}

impl Future for Countdown {
    type Output = &'static str;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<&'static str> {
        // What is in the `Pin`. From here on, it is a `&mut Countdown` like any other.
        let countdown = self.get_mut();

        match countdown {
            // Nothing is counted, and no other state is ever reached.
            Countdown::Waiting { .. } => {
                // Asks whatever runs this future to poll it again.
                context.waker().wake_by_ref();
                Poll::Pending
            }
            Countdown::Done => panic!("polled again after it was ready"),
        }
    }
}

#[cfg(test)]
mod tests;
