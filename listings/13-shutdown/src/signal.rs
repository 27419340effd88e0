//! Waits for the signals that ask us to end.

// ANCHOR: all
use std::io;

use async_signal::{Signal, Signals};
use futures_lite::StreamExt;

/// Waits until somebody presses Ctrl-C, or the system asks us to end.
pub async fn ctrl_c() -> io::Result<()> {
    #[cfg(unix)]
    let mut signals = Signals::new([Signal::Int, Signal::Term])?;
    #[cfg(windows)]
    let mut signals = Signals::new([Signal::Int])?;

    signals.next().await;
    Ok(())
}
// ANCHOR_END: all
