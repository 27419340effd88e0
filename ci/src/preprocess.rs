//! The mdBook preprocessor: what happens to the pages before mdBook expands their includes.
//!
//! `book.toml` names it as `cargo book preprocess`. mdBook hands it the book on standard input and reads the book it
//! prints. It runs in every build, so in `mdbook build` and `mdbook serve` too.

use std::io;

use anyhow::{Context, Result, bail};
use mdbook_driver::book::Chapter;

use crate::book::{Book, Page};
use crate::checks;

/// A rewriting of one page: takes what is known of the whole book and of the page, and changes the text of the chapter.
type Pass = fn(&Book, &Page, &mut Chapter);

/// The rewritings, in the order in which they run.
const PASSES: &[Pass] = &[drop_proofs];

/// Reads a book from standard input, checks its includes, rewrites its pages and prints it.
///
/// Refuses a book with a broken include: mdBook would render an empty block and call it a success.
pub fn run() -> Result<()> {
    let (context, mut mdbook) =
        mdbook_preprocessor::parse_input(io::stdin()).context("cannot read the book that mdBook sent")?;
    let book = Book::from_chapters(&context.root, &context.config.book.src, mdbook.chapters())?;

    let findings = checks::includes::check(&book);
    if !findings.is_empty() {
        let lines: Vec<String> = findings.iter().map(ToString::to_string).collect();
        bail!("the book is not built, because of its includes:\n{}", lines.join("\n"));
    }

    mdbook.for_each_chapter_mut(|chapter| {
        let Some(path) = &chapter.source_path else { return };
        let path = context.config.book.src.join(path);
        if let Some(page) = book.pages.iter().find(|page| page.path == path) {
            for pass in PASSES {
                pass(&book, page, chapter);
            }
        }
    });
    serde_json::to_writer(io::stdout(), &mdbook).context("cannot hand the book back to mdBook")
}

/// Takes the proof marks out: they are for us, not for the reader's browser.
fn drop_proofs(_: &Book, page: &Page, chapter: &mut Chapter) {
    let lines: Vec<&str> = page
        .text
        .lines()
        .enumerate()
        // Emptied, not removed: the lines of the chapter keep their numbers.
        .map(|(index, line)| {
            let is_proof = page.proofs.iter().any(|proof| proof.line == index + 1);
            if is_proof && line.trim_start().starts_with("<!--") {
                ""
            } else {
                line
            }
        })
        .collect();
    chapter.content = lines.join("\n") + "\n";
}
