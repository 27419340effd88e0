//! Includes: the file is there, the anchor is there, has its one end, and encloses something.

use super::source::is_anchor;
use super::{Book, Include, slashes};
use crate::finding::Finding;

/// Finds includes that mdBook would expand to nothing, to too much, or not at all.
pub fn check(book: &Book) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, source) in &book.sources {
        for anchor in &source.anchors {
            let name = &anchor.name;
            let is_nothing = |line: &str| line.trim().is_empty() || is_anchor(line);
            let (message, help) = match (anchor.start, anchor.end) {
                (Some(start), Some(end)) if source.text.lines().take(end - 1).skip(start).all(is_nothing) => {
                    (format!("anchor `{name}` encloses nothing"), "move its end below the code, or remove it")
                }
                (Some(_), Some(_)) => continue,
                _ => (format!("anchor `{name}` has only one end"), "add the other above or below it, or remove it"),
            };
            findings.push(Finding::new(path, anchor.start.or(anchor.end).unwrap_or(1), message, help));
        }
    }
    for page in &book.pages {
        for include in page.directives.iter().filter(|include| include.name != "title") {
            let problem = problem(book, include);
            findings.extend(problem.map(|(message, help)| Finding::new(&page.path, include.line, message, help)));
        }
    }
    findings
}

/// What is wrong with an include, and what to do: not its anchor's own faults, which are reported once, in the file.
fn problem(book: &Book, include: &Include) -> Option<(String, String)> {
    let (path, anchor) = (slashes(&include.path), include.anchor.as_deref());
    let source = book.sources.get(&include.path);
    let (message, help) = if !include.is_known() {
        let message = format!("`{{{{#{}}}}}` is not a directive this book uses", include.name);
        (message, "write {{#include FILE:ANCHOR}} or {{#rustdoc_include FILE:ANCHOR}}".to_owned())
    } else if source.is_none() {
        (format!("`{path}` is not there"), "correct the path; it is relative to the page".to_owned())
    } else {
        let (anchor, anchors) = (anchor?, &source?.anchors);
        if anchors.iter().any(|other| other.name == anchor) {
            return None;
        }
        let names = anchors.iter().map(|anchor| anchor.name.as_str()).collect::<Vec<_>>().join(", ");
        let message = format!("`{path}` has no anchor `{anchor}`");
        (message, format!("its anchors: {names}"))
    };
    Some((message, help))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{headlines, small_book};

    /// The findings of a page that includes `argument`, beside a listing with `code`.
    fn findings(argument: &str, code: &str) -> Vec<String> {
        let page = format!("# Page\n\n```rust\n{{{{#include ../listings/01-a/src/main.rs{argument}}}}}\n```\n");
        let (_folder, book) = small_book(&[("src/page.md", &page), ("listings/01-a/src/main.rs", code)]);
        headlines(&check(&book))
    }

    #[test]
    fn a_good_include_is_no_finding() {
        assert_eq!(findings(":main", "// ANCHOR: main\nfn main() {}\n// ANCHOR_END: main\n"), [""; 0]);
        assert_eq!(findings("", "fn main() {}\n"), [""; 0]);
        // The name of a step is no line number.
        assert_eq!(findings(":01-a", "// ANCHOR: 01-a\nfn main() {}\n// ANCHOR_END: 01-a\n"), [""; 0]);
    }

    #[test]
    fn a_bad_anchor_is_found_in_the_listing_and_a_bad_include_on_the_page() {
        for (argument, code, line, message) in [
            (":a", "\n// ANCHOR: a\nfn main() {}\n", 2, "anchor `a` has only one end"),
            ("", "fn main() {}\n// ANCHOR_END: a\n", 2, "anchor `a` has only one end"),
            (":a", "// ANCHOR: a\n\n// ANCHOR_END: a\n", 1, "anchor `a` encloses nothing"),
        ] {
            assert_eq!(findings(argument, code), [format!("listings/01-a/src/main.rs:{line}: {message}")]);
        }
        for (argument, message) in [
            (":a", "listings/01-a/src/main.rs` has no anchor `a`"),
            (":1:2", "listings/01-a/src/main.rs` has no anchor `1:2`"),
            ("/x", "listings/01-a/src/main.rs/x` is not there"),
        ] {
            assert_eq!(findings(argument, "fn main() {}\n"), [format!("src/page.md:4: `{message}")]);
        }
        let (_folder, book) = small_book(&[("src/page.md", "# Page\n\n{{#inclde x.rs}}\n")]);
        assert_eq!(headlines(&check(&book)), ["src/page.md:3: `{{#inclde}}` is not a directive this book uses"]);
    }
}
