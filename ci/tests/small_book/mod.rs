//! Small books for tests.

use std::fs;

use tempfile::TempDir;

use crate::finding::Finding;
use crate::manuscript::Book;

/// A small book in a temporary folder: `files` are paths and texts. A page `src/page.md` is in its summary.
///
/// # Panics
///
/// If it can't be written, or is no book.
pub fn small_book(files: &[(&str, &str)]) -> (TempDir, Book) {
    let folder = TempDir::new().unwrap();
    let defaults = [
        ("book.toml", "[book]\ntitle = \"Small\"\n[build]\ncreate-missing = false\n"),
        ("src/SUMMARY.md", "# Summary\n\n- [Page](page.md)\n"),
    ];
    for (path, text) in defaults.iter().chain(files) {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let book = Book::load(folder.path()).unwrap();
    (folder, book)
}

/// The first line of each finding: where it is, and what is wrong.
pub fn headlines(findings: &[Finding]) -> Vec<String> {
    findings.iter().map(|finding| finding.to_string().lines().next().unwrap_or_default().to_owned()).collect()
}
