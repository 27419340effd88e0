//! What this step does to clients that do not behave, and to the others.

use smol::Async;

use super::serve;

clients::score! {
    serve: |listener| smol::block_on(serve(Async::new(listener).unwrap())),
    silent: stays,
    slow: delays_nobody,
    hang_up: gets_404,
    reset: harms_nobody,
    byte_by_byte: gets_404,
    long_head: is_reset,
    drip: gets_404,
    crowd: the_server_ends,
    greedy: stays,
    two_at_once: gets_one_answer,
    forbidden: gets_a_page,
    interrupted: gets_404,
}

probe::probe!(|listener| smol::block_on(serve(Async::new(listener).unwrap())));
