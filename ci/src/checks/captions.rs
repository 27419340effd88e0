//! Finds included blocks without a caption, code of `listings/broken` that does not say what is wrong with it, and
//! labels, as in `<!-- caption (fails): ... -->`, that nothing about the very listing of their block bears out.

use std::ffi::OsStr;

use book::finding::Finding;
use book::manuscript::page::Mark;
use book::manuscript::{Block, Book, Kind, Listing, Page};

use crate::generators::score;

/// The labels, and what bears each out.
const LABELS: &str = "\
does not compile: that needs a transcript of this listing, in the same section, in which an error stands
fails: that needs a transcript of this listing, in the same section, in which a test fails
does not work: that needs such a transcript with a warning or an error of curl, or a proof by this listing right below the block
not concurrent: that needs a score of this listing by which others wait for a slow client, or such a failing test";

/// Finds blocks without a caption, and labels that are missing, unknown or without evidence.
pub fn check(book: &Book) -> Vec<Finding> {
    let blocks = book.pages.iter().flat_map(|page| page.blocks.iter().map(move |block| (page, block)));
    blocks.filter_map(|(page, block)| problem(book, page, block)).collect()
}

/// What is wrong with the caption of a block.
fn problem(book: &Book, page: &Page, block: &Block) -> Option<Finding> {
    let path = block.include(&page.path)?.path;
    let Some(caption) = &block.caption else {
        let help = "write <!-- caption: WHAT TO LOOK AT --> above it, with a blank line between";
        return Some(Finding::new(&page.path, block.line, "this block has no caption", help));
    };
    let listing = book.listing_of(&path);
    let is_broken =
        path.extension() == Some(OsStr::new("rs")) && listing.is_some_and(|listing| listing.kind == Kind::Broken);
    let (message, help) = match &caption.label {
        _ if caption.text.is_empty() => ("this caption says nothing".to_owned(), "say what to look at"),
        None if is_broken => ("no (LABEL) in the caption says that this code is wrong on purpose".to_owned(), LABELS),
        Some(label) if !listing.is_some_and(|listing| is_borne_out(book, page, block, listing, label)) => {
            (format!("nothing bears out that this is `{label}`"), LABELS)
        }
        _ => return None,
    };
    Some(Finding::new(&page.path, caption.line, message, help))
}

/// Whether a label says of a block what its listing is.
fn is_borne_out(book: &Book, page: &Page, block: &Block, listing: &Listing, label: &str) -> bool {
    let section = page.section(block.line);
    let includes = page.includes().filter(|include| section.contains(&include.line));
    let transcripts = includes.filter(|include| include.path.starts_with(listing.folder.join("out")));
    let texts = transcripts.filter_map(|include| Some(book.sources.get(&include.path)?.text.as_str()));
    let text: String = texts.collect();
    let has = |begin: &str| text.lines().any(|line| line.starts_with(begin));
    match label {
        "does not compile" => has("error"),
        "fails" => has("test result: FAILED"),
        "does not work" => {
            let mut below = page.text.lines().zip(1..).skip(block.end).filter(|(text, _)| !text.trim().is_empty());
            let (below, from) = (below.next().map(|(_, line)| line), listing.metadata().from);
            let is_of = |name: &String| *name == listing.name || Some(name) == from.as_ref();
            let is_it = |proof: &Mark| Some(proof.line) == below && is_of(&proof.listing);
            has("warning") || has("curl: (") || page.proofs.iter().any(is_it)
        }
        "not concurrent" => {
            let cells = score::cells(book, &listing.name);
            has("test result: FAILED") || cells.iter().any(|cell| cell.test() == "slow::others_wait")
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use book::testing::{headlines, small_book};

    const CODE: &str = "```rust\n{{#include ../listings/broken/x/src/main.rs}}\n```\n";
    const TRANSCRIPT: &str =
        "<!-- caption: What happens -->\n\n```console\n{{#include ../listings/broken/x/out/a.console}}\n```\n";

    /// What is found in a page in which the broken listing has this label, and `rest` follows it.
    fn found(label: &str, rest: &str, transcript: &str) -> Vec<String> {
        let (_folder, book) = small_book(&[
            ("src/page.md", &format!("# Page\n\n<!-- caption{label}: Look -->\n\n{CODE}\n{rest}")),
            ("listings/broken/x/src/main.rs", "fn main() {}\n"),
            ("listings/broken/x/out/a.console", transcript),
            ("listings/broken/y/src/main.rs", "fn main() {}\n"),
            ("listings/broken/y/out/a.console", transcript),
        ]);
        headlines(&check(&book))
    }

    #[test]
    fn captions_that_are_missing_empty_or_without_a_label_are_found() {
        let page = format!("# Page\n\n{CODE}\n<!-- caption (fails): -->\n\n{CODE}");
        let (_folder, book) = small_book(&[("src/page.md", &page), ("listings/broken/x/src/main.rs", "fn x() {}\n")]);
        assert_eq!(
            headlines(&check(&book)),
            ["src/page.md:3: this block has no caption", "src/page.md:7: this caption says nothing"]
        );
        assert!(found("", "", "")[0].starts_with("src/page.md:3: no (LABEL) in the caption"));
        assert_eq!(found(" (ugly)", "", ""), ["src/page.md:3: nothing bears out that this is `ugly`"]);
    }

    #[test]
    fn a_label_needs_a_transcript_of_its_listing_in_its_section() {
        for (label, shown) in [
            ("does not compile", "error[E0277]: no\n"),
            ("fails", "test result: FAILED. 0 passed\n"),
            ("does not work", "warning: unused\n"),
        ] {
            let label_of = format!(" ({label})");
            let finding = [format!("src/page.md:3: nothing bears out that this is `{label}`")];
            assert_eq!(found(&label_of, TRANSCRIPT, shown), [""; 0]);
            assert_eq!(found(&label_of, TRANSCRIPT, "$ cargo check\n    Finished\n"), finding);
            assert_eq!(found(&label_of, &format!("## Next\n\n{TRANSCRIPT}"), shown), finding);
            assert_eq!(found(&label_of, &TRANSCRIPT.replace("/x/", "/y/"), shown), finding);
        }
    }

    #[test]
    fn a_proof_bears_out_what_it_stands_below() {
        let label = " (does not work)";
        assert_eq!(found(label, "<!-- proof: broken/x waits -->\n", ""), [""; 0]);
        for rest in ["<!-- proof: broken/y waits -->\n", "Words.\n<!-- proof: broken/x waits -->\n"] {
            assert_eq!(found(label, rest, "").len(), 1, "{rest}");
        }
        assert_eq!(found(" (fails)", "<!-- proof: broken/x waits -->\n", "").len(), 1);
    }

    #[test]
    fn only_a_score_says_what_is_not_concurrent() {
        let page = "# Page\n\n<!-- caption (not concurrent): Look -->\n\n```rust\n{{#include ../listings/01-a/src/main.rs}}\n```\n\n<!-- proof: 01-a works -->\n";
        let found = |score: &str| {
            let main = ("listings/01-a/src/main.rs", "fn main() {}\n");
            let (_folder, book) = small_book(&[("src/page.md", page), main, ("listings/01-a/src/score.rs", score)]);
            check(&book).len()
        };
        assert_eq!(found("clients::score! {\n    slow: others_wait,\n}\n"), 0);
        assert_eq!(found("clients::score! {\n    silent: others_wait,\n    slow: gets_the_page,\n}\n"), 1);
        assert_eq!(found(""), 1);
    }
}
