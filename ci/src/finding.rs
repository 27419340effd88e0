//! What a check reports.

use std::fmt;
use std::path::PathBuf;

use crate::book::slashes;

/// One thing that is wrong, where it is, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// The file to open, relative to the root of the book.
    pub path: PathBuf,
    /// The line in that file, counted from 1.
    pub line: usize,
    /// What is wrong, in one line.
    pub message: String,
    /// What to do; may have several lines, and may be empty.
    pub help: String,
}

impl Finding {
    /// A finding at `path:line`. `line` counts from 1.
    pub fn new(path: impl Into<PathBuf>, line: usize, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            line,
            message: message.into(),
            help: help.into(),
        }
    }
}

impl fmt::Display for Finding {
    /// Writes `path:line: message`, and the help on lines of its own, indented.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Slashes on every system, so that a finding reads the same everywhere.
        write!(f, "{}:{}: {}", slashes(&self.path), self.line, self.message)?;
        for line in self.help.lines() {
            write!(f, "\n    {line}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// The first line of each finding: where it is, and what is wrong.
    pub fn headlines(findings: &[Finding]) -> Vec<String> {
        findings
            .iter()
            .map(|finding| finding.to_string().lines().next().unwrap().to_owned())
            .collect()
    }
}
