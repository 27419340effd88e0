//! What this step does to clients that do not behave, and to the others.

use std::net::TcpListener;
use std::time::Duration;

use clients::DEADLINE;
use futures_lite::future;
use smol::Async;

use super::{LIMITS, Limits, serve, signal};

/// Few places, so that there is a file left for each, and times that nobody meets.
const PATIENT: Limits = Limits {
    connections: 20,
    head: DEADLINE,
    response: DEADLINE,
    drain: DEADLINE,
};

/// Short times, so that the tests don't wait for long.
const HASTY: Limits = Limits {
    head: Duration::from_millis(500),
    response: Duration::from_millis(500),
    ..PATIENT
};

fn start(listener: TcpListener, limits: Limits, shutdown: impl Future<Output = ()>) {
    let serve = serve(Async::new(listener).unwrap(), limits, shutdown);
    smol::block_on(serve);
}

/// Serves for as long as the process goes on.
fn run(listener: TcpListener, limits: Limits) {
    start(listener, limits, future::pending());
}

/// Serves until Ctrl-C, for a process that does nothing else.
fn run_until_ctrl_c(listener: TcpListener) {
    start(listener, PATIENT, signal::ctrl_c().unwrap());
}

clients::score! {
    serve: [
        |listener| run(listener, PATIENT),
        |listener| run(listener, HASTY),
        run_until_ctrl_c,
    ],
    silent: is_sent_off,
    slow: delays_nobody,
    hang_up: gets_nothing,
    reset: harms_nobody,
    byte_by_byte: gets_the_page,
    long_head: gets_the_page,
    drip: gets_408,
    crowd: all_are_served,
    greedy: is_sent_off_in_the_end,
    two_at_once: gets_both,
    forbidden: gets_400,
    interrupted: gets_the_page,
}

probe::probe!(|listener| run(listener, LIMITS), |listener| run(
    listener, HASTY
),);
