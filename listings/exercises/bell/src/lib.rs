//! Exercise: a task that awaits this bell is never woken. Edit this file until `cargo test` passes.

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

/// A bell that one task can await, and any thread can ring. A clone is the same bell.
#[derive(Clone, Default)]
pub struct Bell {
    state: Arc<Mutex<State>>,
}

/// What the clones of a bell share.
#[derive(Default)]
struct State {
    rung: bool,
}

impl Bell {
    /// From now on, the bell has rung.
    pub fn ring(&self) {
        let mut state = self.state.lock().unwrap();
        state.rung = true;
        // But the task that waits is never woken.
    }
}

impl Future for Bell {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<()> {
        let state = self.state.lock().unwrap();
        if state.rung {
            return Poll::Ready(());
        }
        // `ring` cannot know whom to wake.
        Poll::Pending
    }
}

#[cfg(test)]
mod tests;
