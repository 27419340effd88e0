//! Generated files: each is what would be generated now. (The timelines, which are measured, are with the transcripts.)

use std::path::Path;

use crate::book::{Book, Page, is_step, listing_of};
use crate::finding::Finding;
use crate::generated::{self, score};

/// Finds generated files that say something else, and faults of what they are made of.
pub fn check(book: &Book) -> Vec<Finding> {
    let (files, mut findings) = generated::from_book(book);
    findings.extend(files.iter().filter_map(|file| file.check(&book.root)));
    findings.extend(book.pages.iter().flat_map(strange_rows));
    findings
}

/// Rows of the score that stand where the page is at another step: the last one that it showed or proved something of.
fn strange_rows(page: &Page) -> Vec<Finding> {
    let included = page
        .includes()
        .filter_map(|other| Some((other.line, listing_of(&other.path)?)));
    let proven = page.proofs.iter().map(|proof| (proof.line, proof.listing.clone()));
    let mut steps: Vec<(usize, String)> = included.chain(proven).filter(|(_, name)| is_step(name)).collect();
    steps.sort();
    let rows = page.includes().filter(|include| include.path == Path::new(score::PATH));
    rows.filter_map(|include| {
        let row = include.anchor.filter(|anchor| is_step(anchor))?;
        let (_, step) = steps.iter().rfind(|(line, _)| *line < include.line)?;
        (row != *step).then(|| {
            Finding::new(
                &page.path,
                include.line,
                format!("this is the score of `{row}`, and the page is at `{step}`"),
                "show the row of the step that stands above it",
            )
        })
    })
    .collect()
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
    fn a_row_of_another_step_is_found() {
        let page = "# Page\n\n<!-- proof: 01-a works -->\n\n## The score\n\n{{#include ../listings/score.md:01-a}}\n\n<!-- proof: 02-b works -->\n\n{{#include ../listings/score.md:01-a}}\n";
        let found = strange_rows(&Page::new("src/page.md".into(), page.into()));
        assert_eq!(found.iter().map(|finding| finding.line).collect::<Vec<_>>(), [11]);
    }

    #[test]
    fn a_book_that_includes_nothing_generated_has_nothing_to_generate() {
        let (_folder, book) = small_book(&[("src/page.md", "# Page\n"), ("listings/01-a/Cargo.toml", "[package]\n")]);
        assert_eq!(check(&book), []);
    }
}
