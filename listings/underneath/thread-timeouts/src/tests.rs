use clients::score::{drip, silent};
use clients::{Server, serve_in_background};

use super::*;

/// A server that waits this many milliseconds for each read.
fn for_each_read<const MILLIS: u64>() -> Server {
    serve_in_background(|listener| {
        serve(listener, |stream| {
            read_head(stream, Duration::from_millis(MILLIS))
        })
        .unwrap()
    })
}

/// A server that waits for a second for the head.
fn for_the_head() -> Server {
    serve_in_background(|listener| {
        serve(listener, |stream| {
            read_head_by(stream, Duration::from_secs(1))
        })
        .unwrap()
    })
}

#[test]
fn a_timeout_for_each_read_sends_off_a_silent_client() {
    silent::is_sent_off(for_each_read::<500>());
}

#[test]
fn a_timeout_for_each_read_lets_a_dripping_client_stay() {
    // On a machine that is busy, a client that drips may be silent for longer than it should be. The longer the timeout,
    // the less that matters.
    let stays = [
        (for_each_read::<300>(), 300),
        (for_each_read::<1_000>(), 1_000),
        (for_each_read::<5_000>(), 5_000),
    ]
    .into_iter()
    .any(|(server, millis)| drip::keeps_its_place(&server, 2 * Duration::from_millis(millis)));

    assert!(stays);
}

#[test]
fn a_deadline_for_the_head_sends_off_both() {
    let silent = thread::spawn(|| silent::is_sent_off(for_the_head()));
    drip::is_sent_off(for_the_head());
    silent.join().unwrap();
}
