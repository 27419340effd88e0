//! Broken copies: a folder of `listings/broken` is its listing and the fault it is there for, and nothing else.
//!
//! Its manifest says what it is a copy of:
//!
//! ```toml
//! [package.metadata.book]
//! from = "06-concurrent"
//! hidden = ["+use std::rc::Rc;"]
//! ```
//!
//! The two may differ by what stands in the anchors of the copy, for that is what a page shows, and by the lines of
//! `hidden`. A copy that shares but one part with a listing says `part = "listing:anchor"` in place of `from`, and has the
//! lines of that anchor.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use similar::{Algorithm, DiffOp, capture_diff_slices};

use crate::book::{Book, Source, slashes};
use crate::finding::Finding;
use crate::reader::project::{Metadata, is_our_tests, reader_manifest};

/// Finds copies in `listings/broken` that differ from their listings where they should not.
pub fn check(book: &Book) -> Vec<Finding> {
    book.listings()
        .iter()
        .filter(|name| name.starts_with("broken/"))
        .flat_map(|name| compare(book, name))
        .collect()
}

/// Compares a copy, `broken/name`, with its listing.
fn compare(book: &Book, name: &str) -> Vec<Finding> {
    let copy = Path::new("listings").join(name);
    let manifest = copy.join("Cargo.toml");
    let found = |message: String, help: &str| vec![Finding::new(&manifest, 1, message, help)];
    let metadata = Metadata::read(book, name);
    let part = metadata.part.as_ref().map(|(listing, _)| listing);
    let Some(from) = metadata.from.as_ref().or(part) else {
        return found(
            "the manifest does not say what this is a copy of".to_owned(),
            "write `from = \"LISTING\"` under [package.metadata.book]",
        );
    };
    let listing = Path::new("listings").join(from);
    let Some(original) = book.sources.get(&listing.join("Cargo.toml")) else {
        return found(
            format!("there is no listing `{from}`"),
            "correct what is under [package.metadata.book]",
        );
    };

    let mut findings = Vec::new();
    // The name apart, and what is there for us alone.
    if reader_manifest(&book.sources[&manifest].text).ok() != reader_manifest(&original.text).ok() {
        findings.push(Finding::new(
            &manifest,
            1,
            format!("this is not the manifest of `{from}`"),
            "make the dependencies the same",
        ));
    }
    match &metadata.part {
        Some((_, anchor)) => findings.extend(without_part(book, &copy, &listing, anchor)),
        None => findings.extend(differences(book, &copy, from, &metadata.hidden)),
    }
    findings
}

/// The finding for a copy whose program does not have the lines of `anchor`, outside of its own anchors.
fn without_part(book: &Book, copy: &Path, listing: &Path, anchor: &str) -> Option<Finding> {
    let listing = listing.join("src/main.rs");
    let part: Vec<&str> = book.sources.get(&listing).map_or_else(Vec::new, |source| {
        let lines = source.anchored_lines(anchor);
        lines.into_iter().map(|(_, line)| line).collect()
    });
    if part.is_empty() {
        return Some(Finding::new(
            copy.join("Cargo.toml"),
            1,
            format!("`{}` has no anchor `{anchor}`", slashes(&listing)),
            "correct `part`, under [package.metadata.book]",
        ));
    }
    let copy = copy.join("src/main.rs");
    let lines: Vec<&str> = book.sources.get(&copy).map_or_else(Vec::new, |source| {
        let lines = hidden_lines(source, &anchors(source), &BTreeSet::new());
        lines.into_iter().map(|(_, line)| line).collect()
    });
    if lines.windows(part.len()).any(|lines| lines == part) {
        return None;
    }
    Some(Finding::new(
        copy,
        1,
        format!(
            "this has not, word for word, the lines that `{anchor}` has in `{}`",
            slashes(&listing)
        ),
        "make the same change in both",
    ))
}

/// What differs between the files of a copy and those of its listing, and may not.
fn differences(book: &Book, copy: &Path, from: &str, hidden: &[String]) -> Vec<Finding> {
    let listing = Path::new("listings").join(from);
    let mut findings = Vec::new();
    let mut changes: Vec<(PathBuf, usize, String)> = Vec::new();
    for below in files(book, copy).union(&files(book, &listing)) {
        let path = copy.join(below);
        let (Some(ours), Some(theirs)) = (book.sources.get(&path), book.sources.get(&listing.join(below))) else {
            findings.push(Finding::new(
                copy.join("Cargo.toml"),
                1,
                format!("`{}` is not in both this and `{}`", slashes(below), from),
                "copy it, or remove it",
            ));
            continue;
        };
        if below.extension() == Some(OsStr::new("rs")) {
            let found = changed(ours, theirs);
            changes.extend(found.into_iter().map(|(line, change)| (path.clone(), line, change)));
        } else if ours.text != theirs.text {
            findings.push(Finding::new(
                path,
                1,
                format!("this file is not that of `{}`", from),
                "make the same change in both",
            ));
        }
    }

    let same = changes
        .iter()
        .zip(hidden)
        .take_while(|((_, _, change), line)| change == *line)
        .count();
    if same < changes.len() || same < hidden.len() {
        let list: Vec<&str> = changes.iter().map(|(_, _, change)| change.as_str()).collect();
        let (path, line, message) = match changes.get(same) {
            Some((path, line, _)) => (
                path.clone(),
                *line,
                format!("this differs from `{}` where no page shows it", from),
            ),
            None => (
                copy.join("Cargo.toml"),
                1,
                format!("`{}` is listed as hidden, and is no difference", hidden[same]),
            ),
        };
        let help = "make the same change in both, or list all such lines as `hidden` in the manifest; they are";
        findings.push(Finding::new(
            path,
            line,
            message,
            format!("{help}\n{}", list.join("\n")),
        ));
    }
    findings
}

/// The files of a listing that a copy of it has, too, relative to its folder.
fn files(book: &Book, folder: &Path) -> BTreeSet<PathBuf> {
    book.sources
        .range(folder.to_owned()..)
        .map_while(|(path, _)| path.strip_prefix(folder).ok())
        .filter(|path| !path.starts_with("out") && !is_our_tests(path))
        .filter(|path| !["Cargo.toml", "Cargo.lock"].iter().any(|name| *path == Path::new(name)))
        .map(Path::to_owned)
        .collect()
}

/// The lines that a copy of a file adds and takes away outside of its anchors, each with its place in the copy.
fn changed(copy: &Source, original: &Source) -> Vec<(usize, String)> {
    let shown = anchors(copy);
    let ours = hidden_lines(copy, &shown, &anchors(original));
    let mut theirs = hidden_lines(original, &shown, &shown);
    without_tests(&mut theirs);
    let texts = |lines: &[(usize, &str)]| -> Vec<String> { lines.iter().map(|(_, line)| (*line).to_owned()).collect() };
    let mut changes = Vec::new();
    for op in capture_diff_slices(Algorithm::Myers, &texts(&theirs), &texts(&ours)) {
        if matches!(op, DiffOp::Equal { .. }) {
            continue;
        }
        // What is taken away at the end is missed in the last line.
        let place = |index: usize| ours.get(index).or(ours.last()).map_or(1, |(line, _)| *line);
        let start = op.new_range().start;
        changes.extend(
            op.old_range()
                .map(|index| (place(start), format!("-{}", theirs[index].1))),
        );
        changes.extend(
            op.new_range()
                .map(|index| (place(index), format!("+{}", ours[index].1))),
        );
    }
    changes
}

/// The names of the anchors of a file.
fn anchors(source: &Source) -> BTreeSet<&str> {
    source.anchors.iter().map(|anchor| anchor.name.as_str()).collect()
}

/// The lines of a file that are in none of the anchors `shown`, without the `//!` lines at its top, which say what it is.
/// What only this file shows, and `other` does not have, goes with the blank line before it.
fn hidden_lines<'a>(source: &'a Source, shown: &BTreeSet<&str>, other: &BTreeSet<&str>) -> Vec<(usize, &'a str)> {
    let mut lines: Vec<(usize, &str)> = Vec::new();
    let mut inside: Vec<&str> = Vec::new();
    for (number, line) in (1..).zip(source.text.lines()) {
        let anchor = source
            .anchors
            .iter()
            .find(|anchor| [anchor.start, anchor.end].contains(&Some(number)));
        match anchor {
            Some(anchor) if anchor.start == Some(number) && shown.contains(anchor.name.as_str()) => {
                inside.push(&anchor.name);
                if !other.contains(anchor.name.as_str()) && lines.last().is_some_and(|(_, line)| line.is_empty()) {
                    lines.pop();
                }
            }
            Some(anchor) => inside.retain(|open| *open != anchor.name),
            None if !inside.is_empty() => {}
            // The top of the file.
            None if lines.is_empty() && (line.is_empty() || line.starts_with("//!")) => {}
            None => lines.push((number, line)),
        }
    }
    lines
}

/// Takes `#[cfg(test)] mod tests;`, and whatever other tests are the book's own, off the end of a program.
fn without_tests(lines: &mut Vec<(usize, &str)>) {
    while let [.., (_, "#[cfg(test)]"), (_, module)] = lines[..]
        && module.starts_with("mod ")
        && module.ends_with(';')
    {
        lines.truncate(lines.len() - 2);
        while lines.last().is_some_and(|(_, line)| line.is_empty()) {
            lines.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::book::tests::small_book;
    use crate::finding::tests::headlines;

    const MANIFEST: &str = "[package]\nname = \"a\"\n\n[dependencies]\nsmol = \"2\"\n\n[dev-dependencies]\nclients = { path = \"../x\" }\n";
    const CODE: &str = "//! Step 01.\n\n// ANCHOR: use\nuse std::fs;\n// ANCHOR_END: use\n\nfn main() {\n    serve();\n}\n\n// ANCHOR: serve\nfn serve() {}\n// ANCHOR_END: serve\n\nfn last() {}\n\n#[cfg(test)]\nmod tests;\n";
    const COPY: &str = "//! Step 01 with a fault.\n\nuse std::fs;\n\nfn main() {\n    serve();\n}\n\n// ANCHOR: serve\nfn serve() {\n    fault();\n}\n// ANCHOR_END: serve\n\nfn last() {}\n";
    const FROM: &str = "from = \"01-a\"\n";

    fn found(metadata: &str, copy: &str, page: &str) -> Vec<String> {
        found_with(
            &format!("[package]\nname = \"x\"\n\n[package.metadata.book]\n{metadata}\n[dependencies]\nsmol = \"2\"\n"),
            copy,
            page,
        )
    }

    fn found_with(manifest: &str, copy: &str, page: &str) -> Vec<String> {
        let (_folder, book) = small_book(&[
            ("src/page.md", "# Page\n"),
            ("listings/01-a/Cargo.toml", MANIFEST),
            ("listings/01-a/src/main.rs", CODE),
            ("listings/01-a/src/tests.rs", "fn test() {}\n"),
            ("listings/01-a/hello.html", "<p>Hello\n"),
            ("listings/01-a/out/run.console", "$ cargo run\n"),
            ("listings/broken/x/Cargo.toml", manifest),
            ("listings/broken/x/src/main.rs", copy),
            ("listings/broken/x/hello.html", page),
        ]);
        let lines = headlines(&check(&book)).into_iter();
        lines.map(|line| line.replace("listings/broken/x/", "")).collect()
    }

    #[test]
    fn a_copy_may_differ_in_what_its_page_shows() {
        assert_eq!(found(FROM, COPY, "<p>Hello\n"), [""; 0]);
        // In something new, too, with a blank line before it.
        let more = "\n// ANCHOR: more\nfn more() {}\n// ANCHOR_END: more\n";
        assert_eq!(found(FROM, &format!("{COPY}{more}"), "<p>Hello\n"), [""; 0]);
    }

    #[test]
    fn any_other_difference_is_found() {
        for (from, to, line) in [
            ("    serve();", "    serve();\n    serve();", 7),
            ("    serve();", "    served();", 6),
            ("use std::fs;\n\n", "", 3),
            ("fn last() {}\n", "", 14),
            ("fn last() {}\n", "fn last() {}\n\n#[cfg(test)]\nmod tests;\n", 16),
            ("\nfn main", "\n\nfn main", 5),
        ] {
            assert_ne!(COPY.replace(from, to), COPY);
            assert_eq!(
                found(FROM, &COPY.replace(from, to), "<p>Hello\n"),
                [format!(
                    "src/main.rs:{line}: this differs from `01-a` where no page shows it"
                )],
                "{to}"
            );
        }
        assert_eq!(
            found(FROM, COPY, "<p>Bye\n"),
            ["hello.html:1: this file is not that of `01-a`"]
        );
    }

    #[test]
    fn hidden_differences_are_listed_and_no_others_are() {
        let copy = COPY.replace("    serve();", "    served();");
        let right = "hidden = [\"-    serve();\", \"+    served();\"]\n";
        assert_eq!(found(&format!("{FROM}{right}"), &copy, "<p>Hello\n"), [""; 0]);
        assert_eq!(
            found(&format!("{FROM}{right}"), COPY, "<p>Hello\n"),
            ["Cargo.toml:1: `-    serve();` is listed as hidden, and is no difference"]
        );
        let wrong = "hidden = [\"-    serve();\", \"+    serves();\"]\n";
        assert_eq!(
            found(&format!("{FROM}{wrong}"), &copy, "<p>Hello\n"),
            ["src/main.rs:6: this differs from `01-a` where no page shows it"]
        );
    }

    #[test]
    fn a_copy_of_one_part_has_that_part() {
        let from = "part = \"01-a:serve\"\n";
        assert_eq!(found(from, "fn main() {}\n\nfn serve() {}\n", "<p>Bye\n"), [""; 0]);
        assert_eq!(
            found(from, COPY, "<p>Bye\n"),
            ["src/main.rs:1: this has not, word for word, the lines that `serve` has in `listings/01-a/src/main.rs`"]
        );
        assert_eq!(
            found("part = \"01-a:gone\"\n", COPY, "<p>Bye\n"),
            ["Cargo.toml:1: `listings/01-a/src/main.rs` has no anchor `gone`"]
        );
    }

    #[test]
    fn a_copy_of_nothing_and_other_dependencies_are_found() {
        assert_eq!(
            found("", COPY, "<p>Hello\n"),
            ["Cargo.toml:1: the manifest does not say what this is a copy of"]
        );
        assert_eq!(
            found("from = \"01-b\"\n", COPY, "<p>Hello\n"),
            ["Cargo.toml:1: there is no listing `01-b`"]
        );
        let manifest = "[package]\nname = \"x\"\n\n[package.metadata.book]\nfrom = \"01-a\"\n";
        assert_eq!(
            found_with(manifest, COPY, "<p>Hello\n"),
            ["Cargo.toml:1: this is not the manifest of `01-a`"]
        );
    }
}
