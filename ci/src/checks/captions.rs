//! Captions: every included block says what to look at, and what it says is wrong with it is shown where it stands.

use crate::book::{Block, Book, Page, listing_of};
use crate::finding::Finding;
use crate::generated::score;

/// What an author can say is wrong with a block on purpose, and what a session must then show; if nothing, a proof or
/// a session of the same listing must stand in the same section.
const LABELS: &[(&str, Option<&str>)] = &[
    ("does not compile", Some("error")),
    ("does not work", None),
    ("fails", Some("test result: FAILED")),
    ("not concurrent", None),
    ("panics", Some("panicked at")),
];

/// Finds blocks without a caption, captions that belong to nothing, labels that are none, and labels that nothing in
/// the section bears out.
pub fn check(book: &Book) -> Vec<Finding> {
    let mut findings = Vec::new();
    for page in &book.pages {
        for block in &page.blocks {
            if block.include(&page.path).is_none() {
                continue;
            }
            match &block.caption {
                None => findings.push(Finding::new(
                    &page.path,
                    block.line,
                    "this block has no caption",
                    "write <!-- caption: WHAT TO LOOK AT --> above it, with a blank line between",
                )),
                Some(caption) => {
                    if caption.text.is_empty() {
                        findings.push(Finding::new(
                            &page.path,
                            caption.line,
                            "this caption says nothing",
                            "say what to look at",
                        ));
                    }
                    if caption.label.is_none() && is_wrong_on_purpose(page, block) {
                        findings.push(Finding::new(
                            &page.path,
                            caption.line,
                            "nothing says that this code is wrong on purpose",
                            format!("write <!-- caption (LABEL): ... -->, with one of {}", known()),
                        ));
                    }
                    if let Some(label) = &caption.label
                        && let Some((message, help)) = unfounded(book, page, block, label)
                    {
                        findings.push(Finding::new(&page.path, caption.line, message, help));
                    }
                }
            }
        }
        findings.extend(stray(page));
    }
    findings
}

/// Whether a block shows code of `listings/broken`.
fn is_wrong_on_purpose(page: &Page, block: &Block) -> bool {
    block.include(&page.path).is_some_and(|include| {
        include.path.extension().is_some_and(|extension| extension == "rs")
            && listing_of(&include.path).is_some_and(|listing| listing.starts_with("broken/"))
    })
}

/// The labels, in one line.
fn known() -> String {
    let known: Vec<&str> = LABELS.iter().map(|(label, _)| *label).collect();
    known.join(", ")
}

/// Captions that no block follows.
fn stray(page: &Page) -> impl Iterator<Item = Finding> {
    let of_blocks: Vec<usize> = page
        .blocks
        .iter()
        .filter_map(|block| block.caption.as_ref().map(|caption| caption.line))
        .collect();
    page.text
        .lines()
        .enumerate()
        .filter(|(_, line)| line.starts_with("<!-- caption"))
        .map(|(index, _)| index + 1)
        .filter(move |line| !of_blocks.contains(line))
        .map(|line| {
            Finding::new(
                &page.path,
                line,
                "this caption belongs to no block",
                "write it as <!-- caption: TEXT --> or <!-- caption (LABEL): TEXT -->, on one line right above a block",
            )
        })
}

/// Whether a line of a score says that somebody is served at others' cost.
fn makes_others_wait(test: &str) -> bool {
    test.ends_with("::others_wait") || test.ends_with("::nobody_is_answered")
}

/// What is wrong with a label, and what to do.
fn unfounded(book: &Book, page: &Page, block: &Block, label: &str) -> Option<(String, String)> {
    let Some((_, evidence)) = LABELS.iter().find(|(known, _)| *known == label) else {
        return Some((
            format!("`{label}` is not a label of this book"),
            format!("it knows: {}", known()),
        ));
    };
    let section = page.section(block.line);
    let listing = block.include(&page.path).and_then(|include| listing_of(&include.path));
    // A step declares what the others have to wait for, and tests prove it.
    let cells = listing.iter().flat_map(|listing| score::cells(book, listing));
    let verdicts: Vec<String> = cells.map(|cell| cell.test()).collect();
    if label == "not concurrent" && !verdicts.is_empty() && !verdicts.iter().any(|test| makes_others_wait(test)) {
        return Some((
            "this is concurrent: by the score of its step, no client makes the others wait".to_owned(),
            "drop the label".to_owned(),
        ));
    }
    let sessions: Vec<&str> = page
        .blocks
        .iter()
        .filter(|other| section.contains(&other.line))
        .filter_map(|other| other.include(&page.path))
        .filter(|include| include.path.extension().is_some_and(|extension| extension == "console"))
        .filter(|include| listing_of(&include.path) == listing)
        .filter_map(|include| book.sources.get(&include.path).map(|source| source.text.as_str()))
        .collect();
    match evidence {
        Some(words) => {
            let shown = sessions.iter().any(|text| text.contains(words));
            (!shown).then(|| {
                (
                    format!("no session in this section shows that it {label}"),
                    format!("show a session of the same listing that prints `{words}`"),
                )
            })
        }
        None => {
            let proven = page.proofs.iter().any(|proof| section.contains(&proof.line));
            (!proven && sessions.is_empty()).then(|| {
                (
                    format!("nothing in this section bears out `{label}`"),
                    "name the test that shows it in a proof mark, or show a session".to_owned(),
                )
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::book::tests::small_book;
    use crate::finding::tests::headlines;

    fn lines(page: &str, session: &str) -> Vec<String> {
        let (_folder, book) = small_book(&[
            ("src/page.md", page),
            ("listings/broken/x/src/main.rs", "fn main() {}\n"),
            ("listings/broken/x/out/a.console", session),
        ]);
        headlines(&check(&book))
    }

    const CODE: &str = "```rust\n{{#include ../listings/broken/x/src/main.rs}}\n```\n";
    const SESSION: &str =
        "<!-- caption: What happens -->\n\n```console\n{{#include ../listings/broken/x/out/a.console}}\n```\n";

    #[test]
    fn a_block_without_a_caption_is_found() {
        assert_eq!(
            lines(&format!("# Page\n\n{CODE}"), ""),
            ["src/page.md:3: this block has no caption"]
        );
        assert_eq!(
            lines(&format!("# Page\n\n<!-- caption: Look -->\n\n{CODE}"), ""),
            ["src/page.md:3: nothing says that this code is wrong on purpose"]
        );
        assert_eq!(lines(&format!("# Page\n\n{SESSION}"), "$ cargo check\n"), [""; 0]);
    }

    #[test]
    fn a_caption_without_a_block_is_found() {
        assert_eq!(
            lines("# Page\n\n<!-- caption: Look -->\n\nWords.\n", ""),
            ["src/page.md:3: this caption belongs to no block"]
        );
    }

    #[test]
    fn an_unknown_label_is_found() {
        assert_eq!(
            lines(&format!("# Page\n\n<!-- caption (ugly): Look -->\n\n{CODE}"), ""),
            ["src/page.md:3: `ugly` is not a label of this book"]
        );
    }

    #[test]
    fn a_label_that_no_session_bears_out_is_found() {
        let page = format!("# Page\n\n<!-- caption (does not compile): Look -->\n\n{CODE}\n{SESSION}");
        assert_eq!(lines(&page, "$ cargo check\nerror[E0277]: no\n"), [""; 0]);
        assert_eq!(
            lines(&page, "$ cargo check\n    Finished\n"),
            ["src/page.md:3: no session in this section shows that it does not compile"]
        );
        let elsewhere = page.replace(SESSION, &format!("## Next\n\n{SESSION}"));
        assert_eq!(lines(&elsewhere, "$ cargo check\nerror[E0277]: no\n").len(), 1);
    }

    #[test]
    fn a_caption_that_says_nothing_is_found() {
        let page = format!("# Page\n\n<!-- caption (does not work): -->\n\n{CODE}\n<!-- proof: broken/x waits -->\n");
        assert_eq!(lines(&page, ""), ["src/page.md:3: this caption says nothing"]);
    }

    #[test]
    fn a_label_that_the_score_of_its_step_denies_is_found() {
        let page = "# Page\n\n<!-- caption (not concurrent): Look -->\n\n```rust\n{{#include ../listings/01-a/src/main.rs}}\n```\n\n<!-- proof: 01-a works -->\n";
        let found = |score| {
            let score = format!("clients::score! {{\n    silent: {score},\n}}\n");
            let main = ("listings/01-a/src/main.rs", "fn main() {}\n");
            let (_folder, book) = small_book(&[("src/page.md", page), main, ("listings/01-a/src/score.rs", &score)]);
            check(&book).len()
        };
        assert_eq!((found("others_wait"), found("stays")), (0, 1));
    }

    #[test]
    fn a_label_needs_a_proof_or_a_session() {
        let page = format!("# Page\n\n<!-- caption (not concurrent): Look -->\n\n{CODE}");
        assert_eq!(
            lines(&page, ""),
            ["src/page.md:3: nothing in this section bears out `not concurrent`"]
        );
        assert_eq!(lines(&format!("{page}\n<!-- proof: broken/x waits -->\n"), ""), [""; 0]);
    }
}
