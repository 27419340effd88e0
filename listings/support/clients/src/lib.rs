//! Clients for the tests of the listings: some behave, some do not.
//!
//! Everything here blocks and uses nothing of the async world, so that a test judges a server from outside.
//! No call waits longer than [`DEADLINE`] for a server's next move; a test that would hang fails instead.
//!
//! ```
//! use clients::{ask, serve_in_background};
//! use std::io::prelude::*;
//!
//! let server = serve_in_background(|listener| {
//!     let (mut stream, _) = listener.accept().unwrap();
//!     let _ = stream.read(&mut [0; 1024]).unwrap();
//!     stream.write_all(b"HTTP/1.1 200 OK\r\n\r\nhello").unwrap();
//! });
//!
//! assert_eq!(ask(server.addr(), "/").unwrap().body, "hello");
//! ```

mod client;
mod crowd;
mod hold;
#[cfg(target_os = "linux")]
pub mod hostile;
mod process;
mod reply;
pub mod score;
mod server;
mod server_process;
pub mod shutdown;

pub use client::{Client, ask, prompt};
pub use crowd::longest_wait;
pub use hold::{Held, hold};
#[cfg(target_os = "linux")]
pub use process::limit_address_space;
pub use process::{Meeting, OwnProcess, expect_one_smol_thread, in_own_process, room_for_clients};
pub use reply::{NoReply, Reply};
pub use server::{ClosedPort, Server, serve_in_background};
pub use server_process::{ServerProcess, serve_by, serve_in_own_process};

use std::time::Duration;

/// How long any call waits for a server before it panics: 30 seconds.
///
/// Generous on purpose. It turns a hang into a failed test, and proves nothing by itself.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// How long a client may take to connect and to send its request, if it's one that a short deadline must not hit. A deadline
/// in a test is at least three times as long.
pub const PROMPT: Duration = Duration::from_millis(100);
