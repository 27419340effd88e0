//! Nothing dead: every anchor, listing, transcript and picture is used, and steps first appear in their order.
//! Nothing typed: each block is included from a file that something checks, and says what language that is in.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::Path;

use walkdir::WalkDir;

use book::finding::Finding;
use book::manuscript::{Block, Book, Include, Kind, Page};

/// Finds what no page uses, steps that appear before an earlier one has, and code that is typed into a page.
pub fn check(book: &Book) -> Vec<Finding> {
    let includes: Vec<(&Path, Include)> =
        book.pages.iter().flat_map(|page| page.includes().map(|include| (page.path.as_path(), include))).collect();
    let mut findings = Vec::new();
    let mut found =
        |path: &Path, line, message: String, help: &str| findings.push(Finding::new(path, line, message, help));
    for (path, source) in &book.sources {
        let uses = || includes.iter().map(|(_, include)| include).filter(|include| include.path == *path);
        let used: BTreeSet<&str> = uses().filter_map(|include| include.anchor.as_deref()).collect();
        // Pages show those parts of a generated table that have something to say. In an exercise, an anchor says what is
        // no copy.
        let tables = ["listings/score.md", "listings/bench.md"].map(Path::new);
        let is_table = tables.contains(&path.as_path()) && !used.is_empty();
        let is_free = is_table || path.starts_with("listings/exercises");
        for anchor in source.anchors.iter().filter(|anchor| !is_free && !used.contains(anchor.name.as_str())) {
            let message = format!("no page includes anchor `{}`", anchor.name);
            found(path, anchor.start.or(anchor.end).unwrap_or(1), message, "include it, or remove its two lines");
        }
        if path.extension() == Some(OsStr::new("console")) && uses().next().is_none() {
            found(path, 1, "no page includes this transcript".to_owned(), "include it, or remove it");
        }
    }
    let is_named = |name: &str| book.pages.iter().any(|page| page.text.contains(name));
    for listing in book.listings.values().filter(|listing| listing.kind != Kind::Support) {
        let is_used = match listing.kind {
            // A reader is told where an exercise is, and opens it there.
            Kind::Exercise => is_named(&format!("`listings/{}`", listing.name)),
            _ => includes.iter().any(|(_, include)| include.path.starts_with(&listing.folder)),
        };
        if !is_used {
            let message = format!("no page shows anything of `{}`, or says where it is", listing.name);
            found(&listing.manifest(), 1, message, "include some of it (of an exercise, say `listings/...`)");
        }
    }
    let mut seen = BTreeSet::new();
    for (page, include) in &includes {
        let step = book.listing_of(&include.path).filter(|listing| listing.kind == Kind::Step);
        let Some(step) = step.map(|step| &step.name) else { continue };
        if let Some(later) = seen.last().filter(|last| **last > step && !seen.contains(step)) {
            let message = format!("`{step}` appears here for the first time, after `{later}`");
            let help = "steps appear in the order of their numbers: move the include, or renumber the steps";
            found(page, include.line, message, help);
        }
        seen.insert(step);
    }
    // Pages that are not in the summary, `lint` finds.
    let entries = WalkDir::new(book.root.join("src")).sort_by_file_name().into_iter().filter_map(Result::ok);
    let is_picture = |path: &Path| path.is_file() && path.extension() != Some(OsStr::new("md"));
    for entry in entries.filter(|entry| is_picture(entry.path()) && !is_named(&entry.file_name().to_string_lossy())) {
        let path = entry.path().strip_prefix(&book.root).unwrap_or(entry.path());
        found(path, 1, "no page shows this file".to_owned(), "include it, or remove it");
    }
    findings.extend(book.pages.iter().flat_map(typed));
    findings
}

/// Blocks that hold anything but one include, in the language of its file, with the rest of a program hidden around it.
fn typed(page: &Page) -> Vec<Finding> {
    let problem = |block: &Block| {
        let Some(include) = block.include(&page.path) else {
            let message = format!("this `{}` block is typed into the page, where nothing checks it", block.info);
            return Some((message, "let it be one {{#include ...}} of a file below listings/"));
        };
        let extension = include.path.extension()?.to_str()?;
        let language = if extension == "rs" { "rust" } else { extension };
        let is_program = ["src/main.rs", "src/lib.rs"].iter().any(|file| include.path.ends_with(file));
        if block.info != language {
            Some((format!("this fence says `{}`, and what it shows is `{language}`", block.info), "correct the fence"))
        } else if is_program && !include.has_hidden_lines() {
            Some(("the rest of this program is not there to be shown".to_owned(), "write {{#rustdoc_include ...}}"))
        } else {
            None
        }
    };
    let problems = page.blocks.iter().filter_map(|block| Some((block.line, problem(block)?)));
    problems.map(|(line, (message, help))| Finding::new(&page.path, line, message, help)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use book::testing::{headlines, small_book};

    fn lines(files: &[(&str, &str)]) -> Vec<String> {
        let (_folder, book) = small_book(files);
        headlines(&check(&book))
    }

    #[test]
    fn an_unused_anchor_is_found() {
        let main = "// ANCHOR: a\na\n// ANCHOR_END: a\n// ANCHOR: b\nb\n// ANCHOR_END: b\n";
        let page = ("src/page.md", "{{#include ../listings/01-a/src/main.rs:a}}\n");
        let found = lines(&[page, ("listings/01-a/src/main.rs", main)]);
        assert_eq!(found, ["listings/01-a/src/main.rs:4: no page includes anchor `b`"]);
    }

    #[test]
    fn a_generated_table_may_have_anchors_that_no_page_shows_if_a_page_shows_one() {
        let table =
            "<!-- ANCHOR: a -->\n| a |\n<!-- ANCHOR_END: a -->\n<!-- ANCHOR: b -->\n| b |\n<!-- ANCHOR_END: b -->\n";
        let found = |page| lines(&[("src/page.md", page), ("listings/score.md", table)]).len();
        assert_eq!([found("{{#include ../listings/score.md:a}}\n"), found("# Page\n")], [0, 2]);
    }

    #[test]
    fn an_unused_transcript_a_listing_and_a_picture_are_found() {
        let found = lines(&[
            ("src/page.md", "# Page\n"),
            ("src/img/picture.svg", "<svg/>\n"),
            ("listings/01-a/Cargo.toml", "[package]\n"),
            ("listings/01-a/out/hello.console", "$ cargo run\n"),
        ]);
        assert_eq!(
            found,
            [
                "listings/01-a/out/hello.console:1: no page includes this transcript",
                "listings/01-a/Cargo.toml:1: no page shows anything of `01-a`, or says where it is",
                "src/img/picture.svg:1: no page shows this file",
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
            ["listings/exercises/a/Cargo.toml:1: no page shows anything of `exercises/a`, or says where it is"]
        );
    }

    #[test]
    fn steps_out_of_order_are_found() {
        let found = lines(&[
            ("src/page.md", "{{#include ../listings/02-b/x.html}}\n\n{{#include ../listings/01-a/x.html}}\n"),
            ("listings/01-a/x.html", "x\n"),
            ("listings/02-b/x.html", "x\n"),
        ]);
        assert_eq!(found, ["src/page.md:3: `01-a` appears here for the first time, after `02-b`"]);
    }

    #[test]
    fn typed_code_is_found_and_included_code_is_not() {
        let page = "```rust\nfn main() {}\n```\n\n```rust\n{{#include ../a.rs}}\n```\n\n```console\n{{#include a.console}}\nmore\n```\n\n```\nx\n```\n\n\
            ```Rust\n{{#include ../a.rs}}\n```\n\n```rust\n{{#include ../listings/01-a/src/main.rs:a}}\n```\n";
        let (_folder, book) = small_book(&[("src/page.md", page)]);
        let lines: Vec<usize> = check(&book).iter().map(|finding| finding.line).collect();
        assert_eq!(lines, [1, 9, 14, 18, 22]);
    }
}
