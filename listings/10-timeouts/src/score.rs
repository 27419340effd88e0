//! What this step does to clients that do not behave, and to the others.

use std::net::TcpListener;
use std::time::Duration;

use clients::DEADLINE;
use smol::Async;

use super::{LIMITS, Limits, serve};

/// Times that nobody meets.
const PATIENT: Limits = Limits {
    head: DEADLINE,
    response: DEADLINE,
};

/// Short times, so that the tests don't wait for long.
const HASTY: Limits = Limits {
    head: Duration::from_millis(500),
    response: Duration::from_millis(500),
};

fn start(listener: TcpListener, limits: Limits) {
    smol::block_on(serve(Async::new(listener).unwrap(), limits));
}

clients::score! {
    serve: [
        |listener| start(listener, PATIENT),
        |listener| start(listener, HASTY),
    ],
    silent: is_sent_off,
    slow: delays_nobody,
    hang_up: gets_nothing,
    reset: harms_nobody,
    byte_by_byte: gets_the_page,
    long_head: gets_the_page,
    drip: is_sent_off,
    crowd: some_get_nothing,
    greedy: is_sent_off,
    two_at_once: gets_one_answer,
    forbidden: gets_a_page,
    interrupted: is_cut_off,
}

probe::probe!(|listener| start(listener, LIMITS), |listener| start(
    listener, HASTY
),);
