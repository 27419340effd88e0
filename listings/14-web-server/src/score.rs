//! What this step does to clients that do not behave, and to the others.

use std::net::TcpListener;
use std::thread;
use std::time::Duration;

use futures_lite::future;
use smol::Async;

use super::{EXECUTOR, Limits, serve, signal};

/// Short times, so that the tests don't wait for long, and few places, so that there is a file left for each.
const LIMITS: Limits = Limits {
    connections: 20,
    head: Duration::from_secs(1),
    response: Duration::from_secs(1),
    drain: Duration::from_secs(5),
};

/// Serves until Ctrl-C.
fn start_and_stop(listener: TcpListener, limits: Limits) {
    let shutdown = signal::ctrl_c().unwrap();
    let serve = serve(Async::new(listener).unwrap(), limits, shutdown);
    thread::spawn(|| smol::block_on(EXECUTOR.run(future::pending::<()>())));
    smol::block_on(EXECUTOR.run(serve));
}

clients::score! {
    serve: |listener| start_and_stop(listener, LIMITS),
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

probe::probe!(
    |listener| start_and_stop(listener, super::LIMITS),
    |listener| start_and_stop(listener, LIMITS),
);
