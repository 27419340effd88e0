//! What this step does to clients that do not behave, and to the others.

use std::time::Duration;

use smol::Async;

use super::{Limits, serve};

/// Short, so that the tests don't wait for long.
const LIMITS: Limits = Limits {
    head: Duration::from_secs(1),
    response: Duration::from_secs(1),
};

clients::score! {
    serve: |listener| smol::block_on(serve(Async::new(listener).unwrap(), LIMITS)),
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

probe::probe!(
    |listener| smol::block_on(serve(Async::new(listener).unwrap(), super::LIMITS)),
    |listener| smol::block_on(serve(Async::new(listener).unwrap(), LIMITS)),
);
