//! What this step does to clients that do not behave, and to the others.

use smol::Async;

use super::serve;

clients::score! {
    serve: |listener| smol::block_on(serve(Async::new(listener).unwrap())),
    silent: stays,
    slow: delays_nobody,
    hang_up: gets_nothing,
    reset: harms_nobody,
    byte_by_byte: gets_the_page,
    long_head: gets_the_page,
    drip: stays,
    crowd: the_server_ends,
    greedy: stays,
    two_at_once: gets_one_answer,
    forbidden: gets_a_page,
    interrupted: is_cut_off,
}

probe::probe!(|listener| smol::block_on(serve(Async::new(listener).unwrap())));
