//! What is generated: pictures and tables that nobody draws or types, so that they cannot say what is not so.
//!
//! A file is generated if a page includes it. A generator is a function from the book to files and findings, and a name
//! in [`from_book`].

pub mod score;
mod timelines;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;
use book::finding::Finding;
use book::manuscript::Book;
use similar::TextDiff;

use crate::run::workshop::write;

/// A file as it should be.
#[derive(Debug)]
pub struct Generated {
    pub path: PathBuf,
    pub text: String,
}

impl Generated {
    pub fn check(&self, root: &Path) -> Option<Finding> {
        let diff = self.diff(root)?;
        let committed = fs::read_to_string(root.join(&self.path)).unwrap_or_default();
        let same = committed.lines().zip(self.text.lines()).take_while(|(is, should)| is == should).count();
        // A line that is missing at the end is missed behind the last one.
        let line = (same + 1).min(committed.lines().count()).max(1);
        let message = "this file is made by `cargo book bless`, which would write something else now";
        let help = format!("run it if that is right (- in the file, + what it would write):\n{diff}");
        Some(Finding::new(&self.path, line, message, help))
    }

    /// Writes the file, if it does not say what it should, and gives what changes in it.
    pub fn write(&self, root: &Path) -> Result<Option<String>> {
        let diff = self.diff(root);
        if diff.is_some() {
            write(&root.join(&self.path), &self.text)?;
        }
        Ok(diff)
    }

    /// The unified diff from the file (empty, if there is none) to what it should be, if it is not.
    fn diff(&self, root: &Path) -> Option<String> {
        let committed = fs::read_to_string(root.join(&self.path)).unwrap_or_default();
        let diff = TextDiff::from_lines(&committed, &self.text).unified_diff().context_radius(1).to_string();
        (committed != self.text).then_some(diff)
    }
}

fn is_included(book: &Book, path: &Path) -> bool {
    book.pages.iter().any(|page| page.includes().any(|include| include.path == path))
}

pub fn check(book: &Book) -> Vec<Finding> {
    let (files, mut findings) = from_book(book);
    findings.extend(files.iter().filter_map(|file| file.check(&book.root)));
    findings
}

/// The files that are made of the book alone, and what is wrong there.
pub fn from_book(book: &Book) -> (Vec<Generated>, Vec<Finding>) {
    let generators = [timelines::pictures(book), score::tables(book), measurements(book)];
    let (files, findings): (Vec<_>, Vec<_>) = generators.into_iter().unzip();
    (files.into_iter().flatten().collect(), findings.concat())
}

/// The tables and plots of the measurements, if pages include any, and what is wrong with the data.
fn measurements(book: &Book) -> (Vec<Generated>, Vec<Finding>) {
    let shown: Vec<PathBuf> = report::paths().into_iter().filter(|path| is_included(book, path)).collect();
    let data = book.sources.get(Path::new(report::DATA)).map_or("", |source| &source.text);
    match report::files(data) {
        Ok(files) => {
            let files = files.into_iter().filter(|(path, _)| shown.contains(path));
            (files.map(|(path, text)| Generated { path, text }).collect(), Vec::new())
        }
        Err(_) if shown.is_empty() => Default::default(),
        Err(error) => {
            let message = format!("the measurements can't be read: {error}");
            (Vec::new(), vec![Finding::new(report::DATA, 1, message, "run `cargo book bench`")])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use book::testing::{headlines, small_book};

    #[test]
    fn a_table_that_somebody_has_retouched_is_found_if_a_page_shows_it() {
        let found = |page: &str| {
            let (_folder, book) = small_book(&[("src/page.md", page), ("listings/score.md", "| step |\n")]);
            headlines(&check(&book))
        };
        assert_eq!(found("# Page\n"), [""; 0]);
        assert_eq!(
            found("# Page\n\n{{#include ../listings/score.md:01-a}}\n"),
            ["listings/score.md:1: this file is made by `cargo book bless`, which would write something else now"]
        );
    }

    #[test]
    fn a_table_of_measurements_that_are_gone_is_found() {
        let (_folder, book) = small_book(&[("src/page.md", "{{#include ../listings/bench.md:idle}}\n")]);
        assert!(headlines(&check(&book))[0].starts_with("listings/bench.json:1: the measurements can't be read: "));
    }

    #[test]
    fn a_file_is_written_only_if_it_says_something_else() {
        let root = tempfile::tempdir().unwrap();
        let generated = |text: &str| Generated { path: "src/img/a.svg".into(), text: text.to_owned() };
        assert!(generated("one\ntwo\n").check(root.path()).is_some());
        assert!(generated("one\ntwo\n").write(root.path()).unwrap().is_some());
        assert_eq!(generated("one\ntwo\n").check(root.path()), None);
        assert!(generated("one\ntwo\n").write(root.path()).unwrap().is_none());

        for (text, line) in [("one\nthree\n", 2), ("one\ntwo\nthree\n", 2), ("zero\n", 1)] {
            assert_eq!(generated(text).check(root.path()).unwrap().line, line);
        }
        let finding = generated("one\nthree\n").check(root.path()).unwrap();
        assert!(finding.help.contains("-two\n+three\n"), "{finding}");
    }
}
