use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, ThreadId};
use std::time::Duration;

use super::*;

/// How long one computation waits for the other before it says that the other is not there.
const DEADLINE: Duration = Duration::from_secs(5);

#[test]
fn the_thread_of_the_executor_computes_nothing() {
    let (send, received) = channel();
    let send_too = send.clone();

    let page = smol::block_on(page(
        move || {
            send.send(thread::current().id()).unwrap();
            6
        },
        move || {
            send_too.send(thread::current().id()).unwrap();
            7
        },
    ));

    assert_eq!(page, "<p>6 and 7</p>");
    for thread in received {
        assert_ne!(
            thread,
            thread::current().id(),
            "a computation ran on the thread of the executor, where every other task had to wait for it"
        );
    }
}

/// Greets the other computation and waits for its greeting. Gives whether it came.
fn meet(here: ThreadId, send: Sender<()>, received: Receiver<()>) -> bool {
    // The other may be over already.
    let _ = send.send(());
    // On the thread of the executor, nobody could come while we wait.
    thread::current().id() != here && received.recv_timeout(DEADLINE).is_ok()
}

#[test]
fn the_computations_run_at_the_same_time() {
    let here = thread::current().id();
    let (to_second, from_first) = channel();
    let (to_first, from_second) = channel();

    let page = smol::block_on(page(
        move || u64::from(meet(here, to_second, from_second)),
        move || u64::from(meet(here, to_first, from_first)),
    ));

    assert_eq!(
        page, "<p>1 and 1</p>",
        "0 stands for a computation that did not meet the other while it ran"
    );
}
