//! Finds what would be shown otherwise than it is meant, or not at all: comments that are no marks of ours, characters
//! that nobody sees, notes to ourselves (in listings, too), folds without a summary, rows of tables that would lose or
//! gain cells, and what mdBook warns of (tags that are not closed). And proof marks, `<!-- proof: LISTING TEST_NAME -->`,
//! of tests that are not there; whether they pass, `listings` finds.

use std::path::{Path, PathBuf};

use anyhow::Result;
use book::finding::Finding;
use book::manuscript::listing::is_our_tests;
use book::manuscript::{Book, Kind, Page, Source, slashes};

use crate::check::Context;

/// The comments that the book knows.
const MARKS: &str = "\
write <!-- proof: LISTING TEST_NAME -->; <!-- remove: LISTING FILE ITEM, ITEM -->; or, right above a block,
<!-- caption: TEXT --> or <!-- caption (LABEL): TEXT -->";

const NOTE: (&str, &str) = ("readers would see this note", "do it, or take it out");

/// Finds what is not of the form that it has to be.
pub fn check(context: &Context) -> Result<Vec<Finding>> {
    let (book, listings) = (&context.book, Path::new("listings"));
    let mut findings: Vec<Finding> = book.pages.iter().flat_map(lines).collect();
    for (page, proof) in book.pages.iter().flat_map(|page| page.proofs.iter().map(move |proof| (page, proof))) {
        // An answer runs the tests of its exercise. A mark may name the module, too, or a line of a score.
        let folders =
            [&proof.listing, &proof.listing.replace("answers/", "exercises/")].map(|name| listings.join(name));
        let name = proof.name.rsplit("::").next().unwrap_or_default();
        let is_in = |(path, source): (&PathBuf, &Source)| {
            let has = |text: String| source.text.contains(&text);
            folders.iter().any(|folder| path.starts_with(folder))
                && (has(format!("fn {name}(")) || has(format!(": {name},")))
        };
        if !book.sources.iter().any(is_in) {
            let message = format!("`{}` has no test `{}`", proof.listing, proof.name);
            findings.push(Finding::new(&page.path, proof.line, message, "correct it, or write the test"));
        }
    }
    for listing in book.listings.values().filter(|listing| !matches!(listing.kind, Kind::Exercise | Kind::Support)) {
        for (path, source) in book.files_of(listing).filter(|(path, _)| !is_our_tests(path)) {
            let notes = source.text.lines().zip(1..).filter(|(text, _)| is_note(text));
            findings.extend(notes.map(|(_, line)| Finding::new(listing.folder.join(path), line, NOTE.0, NOTE.1)));
        }
    }
    findings.extend(context.built()?.warnings.iter().map(|warning| warned(book, warning)));
    Ok(findings)
}

/// What is for authors alone. In an exercise, it may be for the reader.
fn is_note(text: &str) -> bool {
    text.contains("TODO") || text.contains("FIXME")
}

fn is_summary(text: &str) -> bool {
    text.strip_prefix("<summary>").is_some_and(|words| !words.starts_with("</"))
}

/// What is wrong with single lines of a page, outside of its blocks.
fn lines(page: &Page) -> Vec<Finding> {
    let captions = page.blocks.iter().filter_map(|block| Some(block.caption.as_ref()?.line));
    let proofs = page.proofs.iter().map(|proof| proof.line);
    let marks: Vec<usize> = captions.chain(proofs).chain(page.removals.iter().map(|removal| removal.line)).collect();
    let is_in_block = |line| page.blocks.iter().any(|block| (block.line..=block.end).contains(&line));
    let cells = |row: &str| row.trim().replace("\\|", "").matches('|').count();
    // Of the head of the table that we are in. `lint` sees to it that each row begins and ends with a `|`.
    let mut columns = None;
    let mut findings = Vec::new();
    for (text, line) in page.text.lines().zip(1..).filter(|(_, line)| !is_in_block(*line)) {
        columns = text.trim_start().starts_with('|').then(|| columns.unwrap_or(cells(text)));
        let unseen = ['\u{a0}', '\u{ad}', '\u{200b}', '\u{200d}', '\u{2060}', '\u{feff}'];
        let (message, help) = if text.contains("<!--") && !marks.contains(&line) {
            ("this comment is no mark that the book knows, or not where it belongs", MARKS)
        } else if text.contains(unseen) {
            ("there is a character here that nobody sees", "type the spaces in this line anew")
        } else if is_note(text) {
            NOTE
        } else if text.starts_with("<details") && !page.text.lines().nth(line).is_some_and(is_summary) {
            ("this fold does not say what is in it", "write <summary>WORDS</summary> below it")
        } else if columns.is_some_and(|columns| columns != cells(text)) {
            ("this row has not as many cells as the head of its table", "write `\\|` for a line that parts no cells")
        } else {
            continue;
        };
        findings.push(Finding::new(&page.path, line, message, help));
    }
    findings
}

/// The finding for a warning of mdBook, which names the page and the tag: where the tag stands last.
fn warned(book: &Book, warning: &str) -> Finding {
    let message = format!("mdBook warns: {}", warning.lines().next().unwrap_or_default());
    let name = |page: &Page| slashes(page.path.strip_prefix("src").unwrap_or(&page.path));
    let Some(page) = book.pages.iter().find(|page| message.contains(&format!("`{}`", name(page)))) else {
        return Finding::new("book.toml", 1, message, warning);
    };
    let tag = message.split(['<', '>']).nth(1).unwrap_or_default().trim_start_matches('/');
    let has = |text: &str| text.split('<').any(|part| part.trim_start_matches('/').starts_with(tag));
    let last = page.text.lines().zip(1..).filter(|(text, _)| has(text)).last();
    Finding::new(&page.path, last.map_or(1, |(_, line)| line), message, "what follows would be within it")
}

#[cfg(test)]
mod tests {
    use super::*;
    use book::testing::{headlines, small_book};

    /// What is found in a page, below its title.
    fn found(words: &str) -> Vec<String> {
        let page = format!("# Page\n\n{words}\n\n```rust\n{{{{#include ../listings/01-a/src/main.rs}}}}\n```\n");
        let (_folder, book) = small_book(&[
            ("src/page.md", &page),
            ("listings/01-a/Cargo.toml", "[package]\nname = \"a\"\n"),
            ("listings/01-a/src/main.rs", "fn main() {}\n"),
            ("listings/01-a/src/score.rs", "clients::score! {\n    silent: works,\n}\n"),
            ("listings/answers/b/src/lib.rs", ""),
            ("listings/exercises/b/src/tests.rs", "#[test]\nfn rests() {}\n"),
        ]);
        headlines(&check(&Context::new(book)).unwrap())
    }

    #[test]
    fn a_page_of_the_right_form_is_right() {
        for words in [
            "See.\n<!-- proof: 01-a works -->\n\n<details>\n<summary>One</summary>\n\nMore.\n\n</details>",
            "<!-- remove: 01-a src/main.rs old -->\n\n<!-- caption: Look -->",
        ] {
            assert_eq!(found(words), [""; 0]);
        }
    }

    #[test]
    fn comments_that_are_no_marks_are_found() {
        for mark in [
            "<!-- prof: 01-a works -->",
            "<!-- proof: 01-a -->",
            "<!-- caption: Look -->\n\nWords.",
            "See. <!--\nMore. -->",
        ] {
            assert!(found(mark)[0].starts_with("src/page.md:3: this comment is no mark"), "{mark}");
        }
    }

    #[test]
    fn proofs_by_tests_that_are_not_there_are_found() {
        let found = |proof: &str| found(&format!("<!-- proof: {proof} -->"));
        for proof in ["01-a works", "01-a silent::works", "answers/b rests"] {
            assert_eq!(found(proof), [""; 0]);
        }
        assert_eq!(found("answers/b rest").len(), 1);
        assert_eq!(found("01-a rests"), ["src/page.md:3: `01-a` has no test `rests`"]);
        assert_eq!(found("09-z works").len(), 1);
    }

    #[test]
    fn what_nobody_means_is_found() {
        for (words, expected) in [
            ("A\u{a0}b.", "src/page.md:3: there is a character here that nobody sees"),
            ("TODO: more.", "src/page.md:3: readers would see this note"),
            ("<details>\n\nMore.\n\n</details>", "src/page.md:3: this fold does not say what is in it"),
        ] {
            assert_eq!(found(words), [expected]);
        }
        let (_folder, book) = small_book(&[
            ("src/page.md", "# Page\n"),
            ("listings/01-a/src/main.rs", "// TODO: more.\nfn main() {}\n"),
            ("listings/01-a/src/tests.rs", "// TODO: more.\n"),
            ("listings/exercises/b/src/lib.rs", "// TODO: yours.\n"),
        ]);
        let note = "listings/01-a/src/main.rs:1: readers would see this note";
        assert_eq!(headlines(&check(&Context::new(book)).unwrap()), [note]);
    }

    #[test]
    fn rows_that_lose_or_gain_a_cell_are_found() {
        let found =
            |row: &str| found(&format!("| a | b |\n| --- | --- |\n| 1 | 2 |\n{row}\n| 3 | 4 |\n\n| c |\n| --- |"));
        assert_eq!(found("| `x \\| y` | |"), [""; 0]);
        for row in ["| 1 |", "| 1 | 2 | 3 |", "| `x | y` | 2 |"] {
            assert_eq!(found(row), ["src/page.md:6: this row has not as many cells as the head of its table"], "{row}");
        }
    }

    #[test]
    fn what_mdbook_warns_of_is_found() {
        for (words, line) in [
            ("<details>\n<summary>One</summary>\n\nMore.\n\n<details>\n<summary>Two</summary>\n\n</details>", 11),
            ("<details>\n<summary>One</summary>\n\nMore.\n\n</details>\n\n</details>", 10),
            ("<figure>\n<figcaption>A.</figcaption>", 3),
        ] {
            let found = found(words);
            assert!(found[0].starts_with(&format!("src/page.md:{line}: mdBook warns: ")), "{words}: {found:?}");
        }
    }
}
