//! What this step does to clients that do not behave, and to the others.

use super::serve;

clients::score! {
    serve: serve,
    silent: nobody_is_answered,
    slow: nobody_is_answered,
    hang_up: nobody_is_answered,
    reset: nobody_is_answered,
    byte_by_byte: nobody_is_answered,
    long_head: nobody_is_answered,
    drip: nobody_is_answered,
    crowd: nobody_is_answered,
    greedy: nobody_is_answered,
    two_at_once: nobody_is_answered,
    forbidden: nobody_is_answered,
    interrupted: nobody_is_answered,
}

probe::probe!(serve);
