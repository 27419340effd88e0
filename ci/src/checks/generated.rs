//! Generated files: each is what would be generated now. (The timelines, which are measured, are with the transcripts.)

use crate::book::Book;
use crate::finding::Finding;
use crate::generated;

/// Finds generated files that say something else, and faults of what they are made of.
pub fn check(book: &Book) -> Vec<Finding> {
    let (files, mut findings) = generated::from_book(book);
    findings.extend(files.iter().filter_map(|file| file.check(&book.root)));
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::book::tests::small_book;

    #[test]
    fn a_picture_that_somebody_has_retouched_is_found() {
        let page = "# Page\n\n{{#include img/reactor.svg}}\n";
        let (_folder, book) = small_book(&[("src/page.md", page), ("src/img/reactor.svg", "<svg/>\n")]);
        let findings = check(&book);
        assert_eq!(findings.len(), 1);
        assert_eq!(
            findings[0].to_string().lines().next(),
            Some("src/img/reactor.svg:1: this file is generated, and something else would be generated now")
        );
    }

    #[test]
    fn a_book_that_includes_nothing_generated_has_nothing_to_generate() {
        let (_folder, book) = small_book(&[("src/page.md", "# Page\n"), ("listings/01-a/Cargo.toml", "[package]\n")]);
        assert_eq!(check(&book), []);
    }
}
