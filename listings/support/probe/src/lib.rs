//! What a web server can do yet: a black-box suite for the server that a reader of the book is writing.
//!
//! ```text
//! cargo run -p probe -- --step 06 127.0.0.1:7878
//! ```
//!
//! Each case sends something to the server and expects something of it, from some step of the book on. A server of step 06
//! has to pass the cases up to there. The others are tried as well, and listed as what comes later.
//!
//! The probe knows nothing of the server but its address, and uses nothing of the async world.

mod case;
mod cases;
mod connection;
mod escape;
mod fuzz;
mod moves;
mod report;
mod run;
mod step;

pub use case::{Case, Patience};
pub use cases::cases;
pub use fuzz::{Fuzzed, fuzz, mutate};
pub use moves::Failure;
pub use report::{Outcome, Report, Result};
pub use run::{Probe, check};
pub use step::assert_step;

/// The last step of the book.
pub const LAST_STEP: u8 = 14;
