//! Waits for the signals that ask us to end.

use std::io;

use async_signal::{Signal, Signals};

/// Gives something each time that somebody presses Ctrl-C, or the system asks us to end.
pub fn signals() -> io::Result<Signals> {
    #[cfg(unix)]
    let signals = Signals::new([Signal::Int, Signal::Term]);
    #[cfg(windows)]
    let signals = Signals::new([Signal::Int]);

    signals
}
