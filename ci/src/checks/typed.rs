//! Nothing typed: code, manifests, pages and transcripts are included from files that something checks.

use crate::book::Book;
use crate::finding::Finding;

/// The languages whose blocks must be includes. The aliases are here so that none of them is a way around.
const INCLUDED: &[&str] = &[
    "rust", "rs", "html", "toml", "console", "shell", "sh", "bash", "text", "txt", "",
];

/// Finds code blocks that hold anything but one include.
pub fn check(book: &Book) -> Vec<Finding> {
    let mut findings = Vec::new();
    for page in &book.pages {
        for block in &page.blocks {
            if INCLUDED.contains(&block.language()) && block.include(&page.path).is_none() {
                let language = match block.language() {
                    "" => "a block without a language",
                    language => &format!("a `{language}` block"),
                };
                findings.push(Finding::new(
                    &page.path,
                    block.line,
                    format!("{language} is typed into the page, where nothing checks it"),
                    "put the text into a file below listings/ and let the block be one {{#include ...}}",
                ));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::book::tests::small_book;

    #[test]
    fn typed_code_is_found_and_included_code_is_not() {
        let page = "```rust\nfn main() {}\n```\n\n```rust\n{{#include ../a.rs}}\n```\n\n```console\n{{#include a.console}}\nmore\n```\n\n```\nx\n```\n";
        let (_folder, book) = small_book(&[("src/page.md", page)]);
        let lines: Vec<usize> = check(&book).iter().map(|finding| finding.line).collect();
        assert_eq!(lines, [1, 9, 14]);
    }
}
