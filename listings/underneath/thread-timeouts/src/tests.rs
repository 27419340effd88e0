use clients::score::{drip, silent};
use clients::{Server, serve_in_background};

use super::*;

/// Longer than a client that drips is silent, and shorter than it drips.
const PATIENCE: Duration = Duration::from_millis(500);

fn start(read_head: ReadHead) -> Server {
    serve_in_background(move |listener| serve(listener, read_head).unwrap())
}

#[test]
fn a_timeout_for_each_read_sends_off_a_silent_client() {
    silent::is_sent_off(start(|stream| read_head(stream, PATIENCE)));
}

#[test]
fn a_timeout_for_each_read_lets_a_dripping_client_stay() {
    drip::stays(start(|stream| read_head(stream, PATIENCE)));
}

#[test]
fn a_deadline_for_the_head_sends_off_both() {
    silent::is_sent_off(start(|stream| read_head_by(stream, PATIENCE)));
    drip::is_sent_off(start(|stream| read_head_by(stream, PATIENCE)));
}
