use std::cell::Cell;
use std::future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use clients::OwnProcess;

// ANCHOR: future_trait
trait Future {
    type Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output>;
}
// ANCHOR_END: future_trait

/// Whatever is a future for the standard library is one for the trait above. That this compiles is the proof: all
/// that is passed on and returned has to be of the same types.
impl<F: future::Future> Future for F {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        future::Future::poll(self, context)
    }
}

/// And the other way around: with the trait above, we can make a future for the standard library.
struct Standard<F>(F);

impl<F: Future + Unpin> future::Future for Standard<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        Future::poll(Pin::new(&mut self.0), context)
    }
}

#[test]
fn nothing_runs_before_block_on() {
    let process = OwnProcess::start("tests::nothing_runs_before_block_on", super::main);

    // In this order: what comes before the line we wait for is passed over.
    process.wait_for_line("called");
    process.wait_for_line("hello from inside");
    assert!(process.wait_until_ended().0.success());
}

#[test]
fn a_future_that_is_dropped_has_run_nothing() {
    let ran = Cell::new(false);

    let future = async { ran.set(true) };
    drop(future);

    assert!(!ran.get());
}

#[test]
fn polling_by_hand_runs_the_body_until_it_has_to_wait() {
    let (wake, woken) = smol::channel::bounded(1);
    let step = Cell::new("not begun");
    let mut future = pin!(async {
        step.set("begun");
        let word: &str = woken.recv().await.unwrap();
        step.set("done");
        word.len()
    });
    let mut context = Context::from_waker(Waker::noop());

    assert_eq!(step.get(), "not begun");
    assert_eq!(Future::poll(future.as_mut(), &mut context), Poll::Pending);
    assert_eq!(step.get(), "begun");
    // Nothing has changed, so the body doesn't get any further.
    assert_eq!(Future::poll(future.as_mut(), &mut context), Poll::Pending);
    assert_eq!(step.get(), "begun");

    wake.try_send("hello").unwrap();
    assert_eq!(Future::poll(future.as_mut(), &mut context), Poll::Ready(5));
    assert_eq!(step.get(), "done");
}

#[test]
fn block_on_runs_a_future_of_our_own_trait() {
    let standard = Standard(Box::pin(async { 6 * 7 }));

    assert_eq!(smol::block_on(standard), 42);
}
