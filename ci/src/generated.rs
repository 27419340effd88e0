//! What is generated: pictures and tables that nobody draws or types, so that they cannot say what is not so.
//!
//! A file is generated if a page includes it. Some need nothing but what is in the book ([`from_book`]), others are
//! measured ([`timelines`]).

mod reactor;
pub mod score;
mod svg;
pub mod timelines;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use similar::TextDiff;

use crate::book::Book;
use crate::finding::Finding;

/// A file that `cargo book bless` has captured or generated again.
pub struct Blessed {
    /// The file, relative to the book's root.
    pub path: PathBuf,
    /// What was changed in it, as a unified diff; empty if nothing was.
    pub diff: String,
}

/// A file as it should be.
#[derive(Debug)]
pub struct Generated {
    /// Where it belongs, relative to the book's root.
    pub path: PathBuf,
    /// What should be in it.
    pub text: String,
}

impl Generated {
    /// What is in the file now; nothing if there is none.
    fn committed(&self, root: &Path) -> String {
        fs::read_to_string(root.join(&self.path)).unwrap_or_default()
    }

    /// Whether the file says what it should.
    pub fn is_up_to_date(&self, root: &Path) -> bool {
        self.committed(root) == self.text
    }

    /// The finding for a file that does not say what it should.
    pub fn check(&self, root: &Path) -> Option<Finding> {
        if self.is_up_to_date(root) {
            return None;
        }
        let committed = self.committed(root);
        let same = committed
            .lines()
            .zip(self.text.lines())
            .take_while(|(is, should)| is == should);
        let message = match committed.is_empty() {
            true => "this file is generated, and is not there",
            false => "this file is generated, and something else would be generated now",
        };
        let help = format!(
            "run `cargo book bless` (- in the file, + what is generated):\n{}",
            diff(&committed, &self.text)
        );
        Some(Finding::new(&self.path, same.count() + 1, message, help))
    }

    /// Writes the file, if it does not say what it should, and gives what was changed.
    pub fn write(self, root: &Path) -> Result<Blessed> {
        let committed = self.committed(root);
        if committed != self.text {
            let path = root.join(&self.path);
            fs::create_dir_all(path.parent().unwrap_or(root))?;
            fs::write(&path, &self.text).with_context(|| format!("writing {}", path.display()))?;
        }
        let diff = diff(&committed, &self.text);
        Ok(Blessed { path: self.path, diff })
    }
}

/// What changes from one text to another; nothing if they are the same.
fn diff(from: &str, to: &str) -> String {
    TextDiff::from_lines(from, to)
        .unified_diff()
        .context_radius(1)
        .to_string()
}

/// Whether a page includes the file at `path`.
fn is_included(book: &Book, path: &Path) -> bool {
    book.pages
        .iter()
        .any(|page| page.includes().any(|include| include.path == path))
}

/// Whether the file at `path` is a generated one, whose anchors need not all be used: they are there for all steps.
pub fn is_generated(path: &Path) -> bool {
    path == Path::new(score::PATH)
}

/// The generated files that need nothing but the book, and what is wrong with what they are made of.
pub fn from_book(book: &Book) -> (Vec<Generated>, Vec<Finding>) {
    let mut generated = Vec::new();
    let mut findings = Vec::new();
    if is_included(book, Path::new(score::PATH)) {
        let (table, found) = score::table(book);
        generated.push(table);
        findings.extend(found);
    }
    if is_included(book, &svg::path(reactor::NAME)) {
        generated.push(reactor::figure());
    }
    (generated, findings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_written_only_if_it_says_something_else() {
        let root = tempfile::tempdir().unwrap();
        let generated = |text: &str| Generated {
            path: "src/img/a.svg".into(),
            text: text.to_owned(),
        };
        assert!(generated("one\ntwo\n").check(root.path()).is_some());
        assert!(!generated("one\ntwo\n").write(root.path()).unwrap().diff.is_empty());
        assert_eq!(generated("one\ntwo\n").check(root.path()), None);
        assert!(generated("one\ntwo\n").write(root.path()).unwrap().diff.is_empty());

        let finding = generated("one\nthree\n").check(root.path()).unwrap();
        assert_eq!((finding.path.as_path(), finding.line), (Path::new("src/img/a.svg"), 2));
        assert!(finding.help.contains("-two\n+three\n"), "{finding}");
    }
}
