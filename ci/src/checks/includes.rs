//! Includes: the file is there, the anchor is there, has its one end, and encloses something.
//!
//! mdBook renders an empty block for a missing anchor, the rest of the file for a missing end, and says nothing.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::book::{Book, Include, Source, slashes};
use crate::finding::Finding;

/// Finds includes that mdBook would expand to nothing, to too much, or not at all.
pub fn check(book: &Book) -> Vec<Finding> {
    let plain: BTreeSet<(PathBuf, String)> = book
        .pages
        .iter()
        .flat_map(|page| page.includes())
        .filter(|include| !include.with_hidden_lines)
        .filter_map(|include| Some((include.path, include.anchor?)))
        .collect();
    let mut findings: Vec<Finding> = book
        .sources
        .iter()
        .flat_map(|(path, source)| {
            anchors(source, |name| plain.contains(&(path.clone(), name.to_owned())))
                .into_iter()
                .map(move |(line, message, help)| Finding::new(path, line, message, help))
        })
        .collect();

    for page in &book.pages {
        for directive in &page.directives {
            match directive.include(&page.path) {
                Some(include) => findings.extend(
                    problem(book, &include)
                        .map(|(message, help)| Finding::new(&page.path, include.line, message, help)),
                ),
                None if directive.name == "title" => {}
                None => findings.push(Finding::new(
                    &page.path,
                    directive.line,
                    format!("`{{{{#{}}}}}` is not a directive this book uses", directive.name),
                    "write {{#include FILE:ANCHOR}} or {{#rustdoc_include FILE:ANCHOR}}",
                )),
            }
        }
    }
    findings
}

/// What is wrong with the anchors of a file: line, message, help. `is_plain` says which of them a page shows with
/// `include`, which knows only the first place of an anchor.
fn anchors(source: &Source, is_plain: impl Fn(&str) -> bool) -> Vec<(usize, String, String)> {
    let mut problems = Vec::new();
    for (index, anchor) in source.anchors.iter().enumerate() {
        let name = &anchor.name;
        let line = anchor.start.or(anchor.end).unwrap_or(1);
        if anchor.start.is_none() {
            problems.push((
                line,
                format!("`ANCHOR_END: {name}` ends nothing"),
                format!("add `ANCHOR: {name}` above it, or remove it"),
            ));
        } else if anchor.end.is_none() {
            problems.push((
                line,
                format!("anchor `{name}` has no end: mdBook would show the rest of the file"),
                format!("add `ANCHOR_END: {name}`"),
            ));
        } else if is_plain(name) && source.anchors[..index].iter().any(|other| other.name == *name) {
            problems.push((
                line,
                format!("anchor `{name}` stands twice in this file"),
                "give the second a name of its own, or show both with `rustdoc_include`: `include` shows the first"
                    .to_owned(),
            ));
        } else if source
            .anchored_lines(name)
            .iter()
            .all(|(_, line)| line.trim().is_empty())
        {
            problems.push((
                line,
                format!("anchor `{name}` encloses nothing"),
                "move its end below the code, or remove it".to_owned(),
            ));
        }
    }
    problems
}

/// What is wrong with an include, and what to do: not its anchor's own faults, which are reported once, in the file.
fn problem(book: &Book, include: &Include) -> Option<(String, String)> {
    let path = slashes(&include.path);
    let Some(source) = book.sources.get(&include.path) else {
        return Some((
            format!("`{path}` is not there"),
            "correct the path; it is relative to the page".to_owned(),
        ));
    };
    let anchor = include.anchor.as_deref()?;
    // The name of a step begins with digits, and is none of mdBook's numbers.
    if anchor.chars().all(|c| c.is_ascii_digit() || c == ':') {
        return Some((
            format!("`{path}:{anchor}` includes by line number, and lines move"),
            "put an ANCHOR around the lines and include that".to_owned(),
        ));
    }
    if source.anchors.iter().any(|a| a.name == anchor) {
        return None;
    }
    let mut names: Vec<&str> = source.anchors.iter().map(|a| a.name.as_str()).collect();
    names.dedup();
    Some((
        format!("`{path}` has no anchor `{anchor}`: mdBook would show an empty block"),
        match names.is_empty() {
            true => "it has none at all; put `ANCHOR: name` and `ANCHOR_END: name` around the lines".to_owned(),
            false => format!("it has {}", names.join(", ")),
        },
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::book::tests::small_book;
    use crate::finding::tests::headlines;

    /// The findings of a page that includes `argument`, beside a listing with `code`.
    fn findings(argument: &str, code: &str) -> Vec<String> {
        let page = format!("# Page\n\n```rust\n{{{{#include ../listings/01-a/src/main.rs{argument}}}}}\n```\n");
        let (_folder, book) = small_book(&[("src/page.md", &page), ("listings/01-a/src/main.rs", code)]);
        headlines(&check(&book))
    }

    #[test]
    fn a_good_include_is_no_finding() {
        assert_eq!(
            findings(":main", "// ANCHOR: main\nfn main() {}\n// ANCHOR_END: main\n"),
            [""; 0]
        );
        assert_eq!(findings("", "fn main() {}\n"), [""; 0]);
    }

    #[test]
    fn a_missing_file_is_found() {
        let page = "# Page\n\n{{#include ../listings/none.rs}}\n";
        let (_folder, book) = small_book(&[("src/page.md", page)]);
        assert_eq!(
            check(&book)[0].to_string().lines().next(),
            Some("src/page.md:3: `listings/none.rs` is not there")
        );
    }

    #[test]
    fn a_missing_anchor_is_found() {
        assert_eq!(
            findings(":main", "fn main() {}\n"),
            ["src/page.md:4: `listings/01-a/src/main.rs` has no anchor `main`: mdBook would show an empty block"]
        );
    }

    #[test]
    fn an_anchor_without_an_end_is_found_in_the_listing() {
        assert_eq!(
            findings(":main", "\n// ANCHOR: main\nfn main() {}\n"),
            ["listings/01-a/src/main.rs:2: anchor `main` has no end: mdBook would show the rest of the file"]
        );
    }

    #[test]
    fn an_end_without_an_anchor_is_found() {
        assert_eq!(
            findings("", "fn main() {}\n// ANCHOR_END: main\n"),
            ["listings/01-a/src/main.rs:2: `ANCHOR_END: main` ends nothing"]
        );
    }

    #[test]
    fn a_name_used_twice_is_found() {
        let code = "// ANCHOR: a\none\n// ANCHOR_END: a\n// ANCHOR: a\ntwo\n// ANCHOR_END: a\n";
        assert_eq!(
            findings(":a", code),
            ["listings/01-a/src/main.rs:4: anchor `a` stands twice in this file"]
        );
    }

    #[test]
    fn an_empty_anchor_is_found() {
        assert_eq!(
            findings(":a", "// ANCHOR: a\n\n// ANCHOR_END: a\n"),
            ["listings/01-a/src/main.rs:1: anchor `a` encloses nothing"]
        );
    }

    #[test]
    fn the_name_of_a_step_is_no_line_number() {
        let code = "// ANCHOR: 01-a\nfn main() {}\n// ANCHOR_END: 01-a\n";
        assert_eq!(findings(":01-a", code), [""; 0]);
    }

    #[test]
    fn line_numbers_are_refused() {
        assert_eq!(
            findings(":1:2", "fn main() {}\n"),
            ["src/page.md:4: `listings/01-a/src/main.rs:1:2` includes by line number, and lines move"]
        );
    }

    #[test]
    fn an_unknown_directive_is_found() {
        let (_folder, book) = small_book(&[("src/page.md", "# Page\n\n{{#inclde x.rs}}\n")]);
        assert_eq!(
            check(&book)[0].to_string().lines().next(),
            Some("src/page.md:3: `{{#inclde}}` is not a directive this book uses")
        );
    }
}
