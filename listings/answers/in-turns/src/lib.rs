//! Answer: `run_in_turns` polls the futures in turns.

use std::task::{Context, Waker};

// ANCHOR: run_in_turns
/// Polls the futures in turns, round after round: in each round, each that is not ready yet gets one poll.
pub fn run_in_turns<F: Future<Output = ()>>(futures: Vec<F>) {
    let mut context = Context::from_waker(Waker::noop());

    let mut pending: Vec<_> = futures.into_iter().map(Box::pin).collect();
    while !pending.is_empty() {
        pending.retain_mut(|future| future.as_mut().poll(&mut context).is_pending());
    }
}
// ANCHOR_END: run_in_turns

#[cfg(test)]
#[path = "../../../exercises/in-turns/src/tests.rs"]
mod tests;
