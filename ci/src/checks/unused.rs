//! Nothing dead: every anchor, listing, transcript, page and picture is used, and steps first appear in their order.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use crate::book::{Book, Include, is_step, listing_of};
use crate::finding::Finding;
use crate::generated;

/// Finds what no page uses, and steps that appear before an earlier one has.
pub fn check(book: &Book) -> Vec<Finding> {
    let includes: Vec<Include> = book.pages.iter().flat_map(|page| page.includes()).collect();
    let mut findings = Vec::new();

    for (path, source) in &book.sources {
        let used: BTreeSet<&str> = includes
            .iter()
            .filter(|i| i.path == *path)
            .filter_map(|i| i.anchor.as_deref())
            .collect();
        // A generated table has an anchor for each step, and pages show those that have something to say.
        if generated::is_generated(path) && !used.is_empty() {
            continue;
        }
        for anchor in source.anchors.iter().filter(|a| !used.contains(a.name.as_str())) {
            findings.push(Finding::new(
                path,
                anchor.start.or(anchor.end).unwrap_or(1),
                format!("no page includes anchor `{}`", anchor.name),
                "include it, or remove its two lines",
            ));
        }
    }
    for path in book.transcripts() {
        if !includes.iter().any(|include| include.path == path) {
            findings.push(Finding::new(
                path,
                1,
                "no page includes this transcript",
                "include it, or remove it",
            ));
        }
    }
    for name in book.listings() {
        let (used, message, help) = match name.starts_with("exercises/") {
            // A reader is told where it is, and opens it there.
            true => (
                book.pages.iter().any(|page| mentions(&page.text, &name)),
                format!("no page says where `{name}` is"),
                format!("write `listings/{name}` where it is set, or remove the folder"),
            ),
            false => (
                includes
                    .iter()
                    .any(|include| listing_of(&include.path).as_deref() == Some(&name)),
                format!("no page shows anything of `{name}`"),
                "include some of it, or remove the folder".to_owned(),
            ),
        };
        if !used {
            let path = Path::new("listings").join(&name).join("Cargo.toml");
            findings.push(Finding::new(path, 1, message, help));
        }
    }
    findings.extend(files(book));
    findings.extend(order(book));
    findings
}

/// Whether `text` names the folder of the listing `name`, and not one whose name is longer.
fn mentions(text: &str, name: &str) -> bool {
    let folder = format!("listings/{name}");
    text.match_indices(&folder).any(|(start, _)| {
        let next = text[start + folder.len()..].chars().next();
        !next.is_some_and(|next| next.is_alphanumeric() || next == '-' || next == '_')
    })
}

/// Pages that are not in the summary, and pictures that no page shows.
fn files(book: &Book) -> Vec<Finding> {
    let pages: BTreeSet<&Path> = book.pages.iter().map(|page| page.path.as_path()).collect();
    WalkDir::new(book.root.join("src"))
        .sort_by_file_name()
        .into_iter()
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_file() && entry.file_name() != OsStr::new("SUMMARY.md"))
        .filter_map(|entry| entry.path().strip_prefix(&book.root).map(Path::to_owned).ok())
        .filter_map(|path: PathBuf| {
            if path.extension() == Some(OsStr::new("md")) {
                let missing = !pages.contains(path.as_path());
                missing.then(|| {
                    Finding::new(
                        path,
                        1,
                        "this page is not in the summary",
                        "add it to src/SUMMARY.md, or remove it",
                    )
                })
            } else {
                let name = path.file_name()?.to_string_lossy().into_owned();
                let missing = !book.pages.iter().any(|page| page.text.contains(&name));
                missing.then(|| Finding::new(path, 1, "no page shows this file", "show it, or remove it"))
            }
        })
        .collect()
}

/// Steps that first appear after a later one has.
fn order(book: &Book) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut seen = BTreeSet::new();
    for page in &book.pages {
        for include in page.includes() {
            let Some(step) = listing_of(&include.path).filter(|name| is_step(name)) else {
                continue;
            };
            if let Some(later) = seen
                .iter()
                .next_back()
                .filter(|last| **last > step && !seen.contains(&step))
            {
                findings.push(Finding::new(
                    &page.path,
                    include.line,
                    format!("`{step}` appears here for the first time, after `{later}`"),
                    "steps appear in the order of their numbers: move the include, or renumber the steps",
                ));
            }
            seen.insert(step);
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::book::tests::small_book;
    use crate::finding::tests::headlines;

    fn lines(files: &[(&str, &str)]) -> Vec<String> {
        let (_folder, book) = small_book(files);
        headlines(&check(&book))
    }

    #[test]
    fn an_unused_anchor_is_found() {
        let found = lines(&[
            ("src/page.md", "{{#include ../listings/01-a/src/main.rs:a}}\n"),
            (
                "listings/01-a/src/main.rs",
                "// ANCHOR: a\na\n// ANCHOR_END: a\n// ANCHOR: b\nb\n// ANCHOR_END: b\n",
            ),
        ]);
        assert_eq!(found, ["listings/01-a/src/main.rs:4: no page includes anchor `b`"]);
    }

    #[test]
    fn a_generated_table_may_have_anchors_that_no_page_shows_if_a_page_shows_one() {
        let table =
            "<!-- ANCHOR: a -->\n| a |\n<!-- ANCHOR_END: a -->\n<!-- ANCHOR: b -->\n| b |\n<!-- ANCHOR_END: b -->\n";
        let found = lines(&[
            ("src/page.md", "{{#include ../listings/score.md:a}}\n"),
            ("listings/score.md", table),
        ]);
        assert_eq!(found, [""; 0]);
        let found = lines(&[("src/page.md", "# Page\n"), ("listings/score.md", table)]);
        assert_eq!(
            found,
            [
                "listings/score.md:1: no page includes anchor `a`",
                "listings/score.md:4: no page includes anchor `b`"
            ]
        );
    }

    #[test]
    fn an_unused_transcript_a_listing_a_page_and_a_picture_are_found() {
        let found = lines(&[
            ("src/page.md", "# Page\n"),
            ("src/other.md", "# Other\n"),
            ("src/img/picture.svg", "<svg/>\n"),
            ("listings/01-a/Cargo.toml", "[package]\n"),
            ("listings/01-a/out/hello.console", "$ cargo run\n"),
        ]);
        assert_eq!(
            found,
            [
                "listings/01-a/out/hello.console:1: no page includes this transcript",
                "listings/01-a/Cargo.toml:1: no page shows anything of `01-a`",
                "src/img/picture.svg:1: no page shows this file",
                "src/other.md:1: this page is not in the summary",
            ]
        );
    }

    #[test]
    fn an_exercise_that_no_page_names_is_found() {
        let found = lines(&[
            ("src/page.md", "The start is `listings/exercises/ab`.\n"),
            ("listings/exercises/a/Cargo.toml", "[package]\n"),
            ("listings/exercises/ab/Cargo.toml", "[package]\n"),
        ]);
        assert_eq!(
            found,
            ["listings/exercises/a/Cargo.toml:1: no page says where `exercises/a` is"]
        );
    }

    #[test]
    fn steps_out_of_order_are_found() {
        let found = lines(&[
            (
                "src/page.md",
                "{{#include ../listings/02-b/x.html}}\n\n{{#include ../listings/01-a/x.html}}\n",
            ),
            ("listings/01-a/x.html", "x\n"),
            ("listings/02-b/x.html", "x\n"),
        ]);
        assert_eq!(
            found,
            ["src/page.md:3: `01-a` appears here for the first time, after `02-b`"]
        );
    }
}
