//! What a thread for each client does for clients that do not behave, and for the others.

use super::serve;

clients::score! {
    serve: serve,
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
    timeline: [5, 8, 5, 0],
}
