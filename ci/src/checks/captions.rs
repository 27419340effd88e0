//! Captions: every included block says what to look at, and what it says is wrong with it is shown where it stands.

use crate::book::{Block, Book, Page, listing_of};
use crate::finding::Finding;

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

/// What is wrong with a label, and what to do.
fn unfounded(book: &Book, page: &Page, block: &Block, label: &str) -> Option<(String, String)> {
    let Some((_, evidence)) = LABELS.iter().find(|(known, _)| *known == label) else {
        let known: Vec<&str> = LABELS.iter().map(|(label, _)| *label).collect();
        return Some((
            format!("`{label}` is not a label of this book"),
            format!("it knows: {}", known.join(", ")),
        ));
    };
    let section = page.section(block.line);
    let listing = block.include(&page.path).and_then(|include| listing_of(&include.path));
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
            [""; 0]
        );
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
    fn a_label_needs_a_proof_or_a_session() {
        let page = format!("# Page\n\n<!-- caption (not concurrent): Look -->\n\n{CODE}");
        assert_eq!(
            lines(&page, ""),
            ["src/page.md:3: nothing in this section bears out `not concurrent`"]
        );
        assert_eq!(lines(&format!("{page}\n<!-- proof: broken/x waits -->\n"), ""), [""; 0]);
    }
}
