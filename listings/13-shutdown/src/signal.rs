//! Waits for the signals that ask us to end.

// ANCHOR: all
use std::io;

use async_signal::{Signal, Signals};
use futures_lite::StreamExt;

/// Takes the signals from here on. The future is complete when somebody
/// presses Ctrl-C, or the system asks us to end.
pub fn ctrl_c() -> io::Result<impl Future<Output = ()>> {
    #[cfg(unix)]
    let mut signals = Signals::new([Signal::Int, Signal::Term])?;
    #[cfg(windows)]
    let mut signals = Signals::new([Signal::Int])?;

    Ok(async move {
        signals.next().await;
    })
}
// ANCHOR_END: all
