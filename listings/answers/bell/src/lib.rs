//! Answer: the task that awaits the bell is woken when it rings.

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

/// A bell that one task can await, and any thread can ring. A clone is the same bell.
#[derive(Clone, Default)]
pub struct Bell {
    state: Arc<Mutex<State>>,
}

// ANCHOR: bell
/// What the clones of a bell share.
#[derive(Default)]
struct State {
    rung: bool,
    /// How to wake the task that waits, if one does.
    waker: Option<Waker>,
}

impl Bell {
    /// From now on, the bell has rung.
    pub fn ring(&self) {
        let mut state = self.state.lock().unwrap();
        state.rung = true;
        if let Some(waker) = state.waker.take() {
            waker.wake();
        }
    }
}

impl Future for Bell {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut state = self.state.lock().unwrap();
        if state.rung {
            return Poll::Ready(());
        }
        state.waker = Some(context.waker().clone());
        Poll::Pending
    }
}
// ANCHOR_END: bell

#[cfg(test)]
#[path = "../../../exercises/bell/src/tests.rs"]
mod tests;
