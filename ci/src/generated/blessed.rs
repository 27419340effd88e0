//! What `cargo book bless` reports.

use std::path::PathBuf;

/// A file that was captured or generated again.
pub struct Blessed {
    /// The file, relative to the book's root.
    pub path: PathBuf,
    /// What was changed in it, as a unified diff; empty if nothing was.
    pub diff: String,
}
