//! What this step does to clients that do not behave, and to the others.

use super::serve;

clients::score! {
    serve: |listener| smol::block_on(serve(listener)),
    silent: others_wait,
    slow: others_wait,
    hang_up: gets_404,
    reset: the_server_ends,
    byte_by_byte: gets_404,
    long_head: is_reset,
    drip: gets_404,
    crowd: all_are_served,
    greedy: others_wait,
    two_at_once: gets_one_answer,
    forbidden: gets_a_page,
    interrupted: gets_404,
    timeline: [5, 8, 13, 13],
}

probe::probe!(|listener| smol::block_on(serve(listener)));
