//! What a check reports.

use std::fmt;
use std::path::PathBuf;

use crate::manuscript::slashes;

/// One thing that is wrong, where it is, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// The file to open, relative to the root of the book.
    pub path: PathBuf,
    /// Counted from 1.
    pub line: usize,
    /// What is wrong, in one line.
    pub message: String,
    /// What to do; may have several lines, and may be empty.
    pub help: String,
}

impl Finding {
    pub fn new(path: impl Into<PathBuf>, line: usize, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { path: path.into(), line, message: message.into(), help: help.into() }
    }
}

impl fmt::Display for Finding {
    /// Writes `path:line: message`, with slashes on every system, and the help on lines of its own, indented.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", slashes(&self.path), self.line, self.message)?;
        self.help.lines().try_for_each(|line| write!(f, "\n    {line}"))
    }
}
