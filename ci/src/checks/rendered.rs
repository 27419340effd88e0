//! The built book, read back: every block of every page shows exactly the lines of the file it includes.

use anyhow::Result;
use scraper::{ElementRef, Html, Node};

use crate::book::{Book, Include, Page, Source};
use crate::finding::Finding;
use crate::html::built::selector;
use crate::reader::project;

/// Finds blocks of the built book that do not show their listing.
pub fn check(book: &Book) -> Result<Vec<Finding>> {
    let built = book.built()?;
    Ok(book
        .pages
        .iter()
        .flat_map(|page| compare(book, page, built.html(page)))
        .collect())
}

/// Finds the blocks of `page` that its `html` does not show as it should.
fn compare(book: &Book, page: &Page, html: &str) -> Vec<Finding> {
    let html = Html::parse_document(html);
    let blocks = selector("main pre code:not(section.end code)");
    let shown: Vec<ElementRef<'_>> = html.select(&blocks).collect();
    let mut findings = Vec::new();
    if html.root_element().text().any(|text| text.contains("{{#")) {
        findings.push(Finding::new(
            &page.path,
            page.text
                .lines()
                .position(|line| line.contains("\\{{#"))
                .map_or(1, |index| index + 1),
            "a directive is left unexpanded in the built page",
            "it begins with {{#, and perhaps a \\ stands before it",
        ));
    }
    findings.extend(pictures(page, &html));
    if shown.len() != page.blocks.len() {
        findings.push(Finding::new(
            &page.path,
            1,
            format!(
                "the page has {} code blocks, and its HTML {}",
                page.blocks.len(),
                shown.len()
            ),
            "a block is nested in something, or an include brought fences along",
        ));
        return findings;
    }
    for (block, code) in page.blocks.iter().zip(shown) {
        let Some(include) = block.include(&page.path) else {
            continue;
        };
        let Some(source) = book.sources.get(&include.path) else {
            continue;
        };
        let expected = expected(source, &include);
        if let Some((message, help)) = difference(&expected, &Shown::read(code)) {
            findings.push(Finding::new(&page.path, block.line, message, help));
        }
    }
    findings
}

/// Finds pictures that the page includes and its HTML does not have as such, with a caption.
fn pictures(page: &Page, html: &Html) -> Option<Finding> {
    let mut included = page
        .includes()
        .filter(|include| include.path.extension().is_some_and(|extension| extension == "svg"));
    let first = included.next()?;
    let included = 1 + included.count();
    let pictures = selector("main figure > svg[role=img]:has(+ figcaption)");
    let shown = html.select(&pictures).count();
    (included != shown).then(|| {
        Finding::new(
            &page.path,
            first.line,
            format!("the page includes {included} pictures, and its HTML shows {shown} with a caption"),
            "put <figure> above it, and <figcaption> and </figure> below it, without blank lines between",
        )
    })
}

/// What a block shows at once, and what with its hidden lines open.
#[derive(Debug, PartialEq)]
struct Shown {
    visible: Vec<String>,
    all: Vec<String>,
}

impl Shown {
    /// Reads a `code` element back, entities decoded.
    fn read(code: ElementRef<'_>) -> Self {
        let (mut visible, mut all) = (String::new(), String::new());
        for node in code.descendants() {
            if let Node::Text(text) = node.value() {
                let hidden = node.ancestors().any(|ancestor| {
                    ancestor
                        .value()
                        .as_element()
                        .is_some_and(|element| element.classes().any(|class| class == "boring"))
                });
                all.push_str(text);
                if !hidden {
                    visible.push_str(text);
                }
            }
        }
        Self {
            visible: to_lines(&visible),
            all: to_lines(&all),
        }
    }
}

/// What the block should show of a file of `listing`.
fn expected(source: &Source, include: &Include) -> Shown {
    let all: Vec<String> = source.lines().map(|(_, line)| line.to_owned()).collect();
    let visible: Vec<String> = match &include.anchor {
        Some(name) => source
            .anchored_lines(name)
            .iter()
            .map(|(_, line)| (*line).to_owned())
            .collect(),
        None => all,
    };
    let all = match include.with_hidden_lines {
        true => project::reader_source(&source.text),
        false => visible.join("\n"),
    };
    Shown {
        visible: to_lines(&visible.join("\n")),
        all: to_lines(&all),
    }
}

fn to_lines(text: &str) -> Vec<String> {
    text.trim_end().lines().map(|line| line.trim_end().to_owned()).collect()
}

/// The first difference between what should be shown and what is.
fn difference(expected: &Shown, shown: &Shown) -> Option<(String, String)> {
    for (what, expected, shown) in [
        ("visible", &expected.visible, &shown.visible),
        ("visible and hidden", &expected.all, &shown.all),
    ] {
        if expected != shown {
            let diff = similar::TextDiff::from_lines(&(expected.join("\n") + "\n"), &(shown.join("\n") + "\n"))
                .unified_diff()
                .context_radius(1)
                .header("in the listing", "in the built page")
                .to_string();
            return Some((
                format!("the {what} lines of this block are not those of the listing"),
                diff,
            ));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::book::tests::small_book;

    const PAGE: &str = "# Page\n\n```rust\n{{#rustdoc_include ../listings/01-a/src/main.rs:add}}\n```\n";
    const CODE: &str =
        "fn main() {}\n\n// ANCHOR: add\nfn add<'a>(a: &'a str) -> bool {\n    a < \"&amp;\"\n}\n// ANCHOR_END: add\n";

    #[test]
    fn a_block_that_shows_its_listing_is_no_finding() {
        let (_folder, book) = small_book(&[("src/page.md", PAGE), ("listings/01-a/src/main.rs", CODE)]);
        assert_eq!(check(&book).unwrap(), []);
    }

    #[test]
    fn a_block_that_shows_something_else_is_found() {
        let (folder, book) = small_book(&[("src/page.md", PAGE), ("listings/01-a/src/main.rs", CODE)]);
        // The listing changes between the reading of the book and its building.
        fs::write(
            folder.path().join("listings/01-a/src/main.rs"),
            CODE.replace("a <", "a >"),
        )
        .unwrap();
        let findings = check(&book).unwrap();
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].line, 3);
        assert!(
            findings[0].help.contains("-    a < \"&amp;\"") && findings[0].help.contains("+    a > \"&amp;\""),
            "{}",
            findings[0]
        );
    }

    #[test]
    fn a_directive_left_in_the_page_is_found() {
        let (_folder, book) = small_book(&[("src/page.md", "# Page\n\n\\{{#include ../nothing.txt}}\n")]);
        assert_eq!(
            check(&book).unwrap()[0].message,
            "a directive is left unexpanded in the built page"
        );
    }

    #[test]
    fn a_picture_without_a_figure_around_it_is_found() {
        let svg = "<svg role=\"img\">\n<text>One</text>\n</svg>\n";
        let figure = "# Page\n\n<figure>\n{{#include img/one.svg}}\n<figcaption>One.</figcaption>\n</figure>\n";
        let found = |page: &str, svg: &str| {
            let (_folder, book) = small_book(&[("src/page.md", page), ("src/img/one.svg", svg)]);
            let findings = check(&book).unwrap();
            findings
                .iter()
                .map(|finding| finding.message.clone())
                .collect::<Vec<_>>()
        };
        assert_eq!(found(figure, svg), [""; 0]);
        let message = "the page includes 1 pictures, and its HTML shows 0 with a caption";
        assert_eq!(found("# Page\n\n{{#include img/one.svg}}\n", svg), [message]);
    }
}
