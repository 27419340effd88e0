//! What this step does to clients that do not behave, and to the others.

use super::serve;

clients::score! {
    serve: |listener| smol::block_on(serve(listener)),
    silent: others_wait,
    slow: gets_the_page,
    hang_up: gets_404,
    reset: harms_nobody,
    byte_by_byte: gets_404,
    long_head: is_reset,
}
