//! Copies: what repeats code of another listing has not drifted from it, and exercises and answers go together.
//!
//! A listing is a copy of the one that its metadata names by `from`, an answer of its exercise. An item that
//! both have is the same in both, but for lines in an anchor, which a page shows, or in which an exercise is to differ.
//! What an exercise has from its step, its answer changes in more than numbers, texts and comments, or not at all.
//! No exercise is tested by default. (The `use` lines follow from the rest. A step repeats nothing of the one before: see
//! [`book::reader::walk`].)

use std::path::Path;
use std::sync::LazyLock;

use book::finding::Finding;
use book::manuscript::{Book, Kind, Listing, Source, pattern};
use book::reader::edit::Edit;
use book::reader::files::{numbers, reader_files};
use book::reader::items::{Item, items};
use regex::Regex;

pub fn check(book: &Book) -> Vec<Finding> {
    let steps = book.listings.values().filter(|listing| listing.kind == Kind::Step);
    let mut findings: Vec<Finding> = steps.flat_map(|step| unadapted(book, step)).collect();
    for listing in book.listings.values().filter(|listing| listing.kind != Kind::Step) {
        let exercise = (listing.kind == Kind::Answer).then(|| format!("exercises/{}", listing.slug()));
        let answer = (listing.kind == Kind::Exercise).then(|| format!("answers/{}", listing.slug()));
        let bases = [listing.metadata().from, exercise.clone()].into_iter().flatten();
        let bases: Vec<String> = bases.filter(|name| name != "new").collect();
        for name in bases.iter().chain(&answer).filter(|name| !book.listings.contains_key(*name)) {
            let message = format!("there is no listing `{name}` to go with it");
            findings.push(Finding::new(listing.manifest(), 1, message, "add it, or correct `from`"));
        }
        let is_task = || book.files_of(listing).any(|(_, source)| source.text.starts_with("//! Exercise: "));
        if listing.kind == Kind::Exercise && !is_task() {
            let help = "begin the file that the reader is to edit with the line `//! Exercise: ` and what to do";
            findings.push(Finding::new(listing.manifest(), 1, "no file of this exercise says what to do", help));
        }
        findings.extend(exercise.and_then(|exercise| unshared(book, &exercise, listing)));
        for base in bases.iter().filter_map(|name| book.listings.get(name)) {
            // What can't be read is found by others.
            let (Ok(old), Ok(files)) = (reader_files(book, base), reader_files(book, listing)) else { continue };
            let step = base.metadata().from.filter(|_| listing.kind == Kind::Answer);
            let step = step.and_then(|step| reader_files(book, book.listings.get(&step)?).ok()).unwrap_or_default();
            findings.extend(files.iter().filter_map(|(file, lines)| {
                let (path, old) = (listing.folder.join(file), old.get(file)?);
                let line = match file.extension()?.to_str()? {
                    "rs" => drift(book.sources.get(&path)?, lines, old, step.get(file).unwrap_or(&Vec::new()))?,
                    "html" if lines != old => 1,
                    // What the answer needs, its reader can't guess.
                    "toml" if listing.kind == Kind::Answer && lines != old => 1,
                    _ => return None,
                };
                let message = format!("this has drifted from `{}`, which it repeats", base.name);
                let help = "make the same change in both, or put the lines that are to differ into an anchor";
                Some(Finding::new(path, line, message, help))
            }));
        }
    }
    findings.extend(failing(book));
    findings
}

/// What `cargo test` in `listings/` would run without being asked, though it fails until a reader has done something.
fn failing(book: &Book) -> Option<Finding> {
    let path = Path::new("listings/Cargo.toml");
    let text = &book.sources.get(path)?.text;
    let workspace = toml::from_str::<toml::Table>(text).ok()?.remove("workspace")?;
    let members = workspace.get("default-members").or(workspace.get("members"))?.as_array()?;
    let is_failing = |member: &&str| ["*", "broken", "exercises"].iter().any(|begin| member.starts_with(begin));
    let member = members.iter().filter_map(toml::Value::as_str).find(is_failing)?;
    let line = text.lines().zip(1..).filter(|(text, _)| text.contains(member)).last();
    let message = format!("`{member}` is tested by default, and is to fail");
    let help = "let `default-members` have the steps, `support`, `underneath` and `answers`";
    Some(Finding::new(path, line.map_or(1, |(_, line)| line), message, help))
}

/// What a step says of itself that is true of the one that it was copied from.
fn unadapted(book: &Book, step: &Listing) -> Vec<Finding> {
    let (number, slug) = step.name.split_once('-').unwrap_or_default();
    let own = [("Cargo.toml", "name = \"", format!("{slug}\"")), ("src/main.rs", "//! Step ", format!("{number}:"))];
    let findings = own.into_iter().filter_map(|(file, key, value)| {
        let path = step.folder.join(file);
        let mut lines = book.sources.get(&path)?.text.lines().zip(1..);
        let (text, line) = lines.find(|(text, _)| text.starts_with(key))?;
        let is_wrong = !text[key.len()..].starts_with(&value);
        is_wrong.then(|| Finding::new(path, line, "this is another step's", format!("write `{key}{value}`")))
    });
    findings.collect()
}

/// An answer that is not held to the tests of its exercise.
fn unshared(book: &Book, exercise: &str, answer: &Listing) -> Option<Finding> {
    let shared = format!("#[path = \"../../../{exercise}/src/tests.rs\"]");
    let mut edited = ["src/main.rs", "src/lib.rs"].map(|file| answer.folder.join(file)).into_iter();
    let path = edited.find(|path| book.sources.contains_key(path))?;
    let message = "this answer is not held to the tests of its exercise";
    let help = format!("let it end on\n#[cfg(test)]\n{shared}\nmod tests;");
    (!book.sources[&path].text.contains(&shared)).then(|| Finding::new(path, 1, message, help))
}

/// The first line of a file that is to be as in `base`, and is not; or, where `base` has a line from its `step`, nearly.
fn drift(source: &Source, lines: &[String], base: &[String], step: &[String]) -> Option<usize> {
    let numbers = numbers(lines, source);
    let number = |line: &usize| numbers.get(*line).copied().flatten();
    let is_shown = |line: usize| number(&line).is_some_and(|line| source.is_anchored(line, |_| true));
    let edit = Edit::new(base, lines, &vec![true; lines.len()]);
    let differs = |number: &usize| {
        let line = &edit.lines[*number];
        let is_new = line.new && !line.text.is_empty();
        // What is gone is in front of the line behind it.
        let is_beside = *number > 0 && is_shown(*number - 1);
        (is_new || !line.gone.concat().is_empty() && !is_beside) && !is_shown(*number)
    };
    let is_nearly = |number: &usize, item: &Item| {
        let mut gone = edit.lines[item.lines.clone()].iter().flat_map(|line| &line.gone);
        let line = &edit.lines[*number];
        line.new && gone.any(|gone| step.contains(gone) && code(gone) == code(&line.text) && !code(gone).is_empty())
    };
    let theirs = items(base);
    let ours = items(lines).into_iter().filter(|item| item.name != "use" && !item.is_container());
    let mut ours = ours.filter(|item| item.is_in(&theirs));
    let line = ours.find_map(|item| item.lines.clone().find(|line| differs(line) || is_nearly(line, &item)))?;
    // A line of an overlay's step is in no file of the overlay's.
    Some((0..=line).rev().find_map(|line| number(&line)).unwrap_or(1))
}

/// A line without its numbers, texts and comments.
fn code(line: &str) -> String {
    static WORDS: LazyLock<Regex> = LazyLock::new(|| pattern(r#""(\\.|[^"\\])*"|\b\d\w*|//.*"#));
    WORDS.replace_all(line, "").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use book::testing::{headlines, small_book};

    const MANIFEST: &str = "[package]\nname = \"a\"\n";
    const STEP: &str = "use std::fs;\n\nfn main() {}\n\nfn handle() {\n    let mut buffer = [0; 1024];\n    read();\n    three();\n    write();\n}\n";
    const TESTS: &str = "\n#[cfg(test)]\n#[path = \"../../../exercises/x/src/tests.rs\"]\nmod tests;\n";
    const THREE: (&str, &str) = ("    three();\n", "    // ANCHOR: three\n    tree();\n    // ANCHOR_END: three\n");
    const BUFFER: (&str, &str) = ("1024", "2048");

    /// What is found in a copy of the step by each kind of listing, with these changes; the answer is of the exercise.
    fn found(changes: [&[(&str, &str)]; 3], overlay: &str) -> Vec<String> {
        let replaced = |text: &str, changes: &[(&str, &str)]| {
            changes.iter().fold(text.to_owned(), |text, (from, to)| {
                assert!(text.contains(from), "{from}");
                text.replace(from, to)
            })
        };
        let exercise = replaced(STEP, changes[0]);
        let started = format!("//! Exercise: do it.\n{exercise}");
        let manifest = format!("{MANIFEST}[package.metadata.book]\nfrom = \"01-a\"\n");
        let (_folder, book) = small_book(&[
            ("src/page.md", "# Page\n"),
            ("listings/01-a/Cargo.toml", MANIFEST),
            ("listings/01-a/src/main.rs", STEP),
            ("listings/01-a/hello.html", "<p>Hello\n"),
            ("listings/exercises/x/Cargo.toml", &manifest),
            ("listings/exercises/x/src/main.rs", &started),
            ("listings/exercises/x/hello.html", if overlay.is_empty() { "<p>Hello\n" } else { "<p>Bye\n" }),
            ("listings/answers/x/Cargo.toml", MANIFEST),
            ("listings/answers/x/src/main.rs", &format!("{}{TESTS}", replaced(&exercise, changes[1]))),
            ("listings/underneath/x/Cargo.toml", &manifest),
            ("listings/underneath/x/src/main.rs", &replaced(STEP, changes[2])),
            ("listings/broken/x/overlay.toml", "from = \"01-a\"\n"),
            ("listings/broken/x/src/main.rs", overlay),
        ]);
        headlines(&check(&book))
    }

    /// The finding in a file of a listing.
    fn drifted(place: &str, from: &str) -> String {
        format!("listings/{place}: this has drifted from `{from}`, which it repeats")
    }

    #[test]
    fn a_copy_is_the_same_but_for_what_a_page_shows() {
        assert_eq!(found([&[], &[], &[]], ""), [""; 0]);
        assert_eq!(found([&[], &[THREE], &[THREE, ("use std::fs;", "use std::io;")]], ""), [""; 0]);
        let place = "x/src/main.rs:6";
        assert_eq!(found([&[], &[THREE, BUFFER], &[]], ""), [drifted(&format!("answers/{place}"), "exercises/x")]);
        assert_eq!(found([&[], &[], &[THREE, BUFFER]], ""), [drifted(&format!("underneath/{place}"), "01-a")]);
        // What is gone, too.
        let found = found([&[], &[], &[("    read();\n", "")]], "");
        assert_eq!(found, [drifted("underneath/x/src/main.rs:7", "01-a")]);
    }

    #[test]
    fn an_answer_changes_more_than_a_number_or_nothing() {
        let shown = |buffer: &str| {
            let (from, end) =
                ("    let mut buffer = [0; 1024];\n    read();\n    three();\n", "// ANCHOR_END: three\n");
            let to = format!("    // ANCHOR: three\n    {buffer}\n    read();\n    tree();\n    {end}");
            found([&[], &[(from, &to)], &[]], "")
        };
        assert_eq!(shown("let mut buffer = [0; 1024];"), [""; 0]);
        assert_eq!(shown("let mut buffer = vec![0; 2048];"), [""; 0]);
        let place = "answers/x/src/main.rs:7";
        assert_eq!(shown("let mut buffer = [0; 2048]; // more"), [drifted(place, "exercises/x")]);
    }

    #[test]
    fn an_answer_needs_no_more_than_its_exercise() {
        let (_folder, book) = small_book(&[
            ("src/page.md", "# Page\n"),
            ("listings/exercises/x/Cargo.toml", MANIFEST),
            ("listings/exercises/x/src/lib.rs", "//! Exercise: do it.\n"),
            ("listings/answers/x/Cargo.toml", &format!("{MANIFEST}\n[dependencies]\nsmol = \"2\"\n")),
            ("listings/answers/x/src/lib.rs", TESTS),
        ]);
        assert_eq!(headlines(&check(&book)), [drifted("answers/x/Cargo.toml:1", "exercises/x")]);
    }

    #[test]
    fn an_exercise_differs_in_its_anchors() {
        assert_eq!(found([&[THREE], &[], &[]], ""), [""; 0]);
        assert_eq!(found([&[BUFFER], &[], &[]], ""), [drifted("exercises/x/src/main.rs:7", "01-a")]);
    }

    #[test]
    fn a_broken_listing_and_a_page_are_copies() {
        let overlay = STEP.replace("use std::fs;\n\nfn main() {}\n\n", "").replace("    three();\n", THREE.1);
        let pages = drifted("exercises/x/hello.html:1", "01-a");
        assert_eq!(found([&[], &[], &[]], &overlay), std::slice::from_ref(&pages));
        let drift = drifted("broken/x/src/main.rs:2", "01-a");
        assert_eq!(found([&[], &[], &[]], &overlay.replace("1024", "2048")), [drift, pages]);
    }

    #[test]
    fn a_step_has_its_own_name_and_number() {
        let (_folder, book) = small_book(&[
            ("src/page.md", "# Page\n"),
            ("listings/02-b/Cargo.toml", MANIFEST),
            ("listings/02-b/src/main.rs", "//! Step 01: one.\n"),
            ("listings/03-c/Cargo.toml", &MANIFEST.replace("\"a\"", "\"c\"")),
            ("listings/03-c/src/main.rs", "//! Step 03: three.\n"),
        ]);
        let found = ["listings/02-b/Cargo.toml:2", "listings/02-b/src/main.rs:1"];
        assert_eq!(headlines(&check(&book)), found.map(|place| format!("{place}: this is another step's")));
    }

    #[test]
    fn an_exercise_that_is_tested_by_default_is_found() {
        let found = |members: &str| {
            let manifest = format!("[workspace]\nmembers = [\"[0-9]*\", \"exercises/*\"]\n{members}");
            let (_folder, book) = small_book(&[("src/page.md", "# Page\n"), ("listings/Cargo.toml", &manifest)]);
            headlines(&check(&book))
        };
        assert_eq!(found("default-members = [\"[0-9]*\", \"answers/*\"]\n"), [""; 0]);
        for (members, line, member) in [
            ("default-members = [\"[0-9]*\", \"exercises/a\"]\n", 3, "exercises/a"),
            ("default-members = [\n    \"broken/*\",\n]\n", 4, "broken/*"),
            ("", 2, "exercises/*"),
        ] {
            let finding = format!("listings/Cargo.toml:{line}: `{member}` is tested by default, and is to fail");
            assert_eq!(found(members), [finding]);
        }
    }

    #[test]
    fn exercises_and_answers_go_together() {
        let (_folder, book) = small_book(&[
            ("src/page.md", "# Page\n"),
            ("listings/exercises/b/Cargo.toml", ""),
            ("listings/answers/c/Cargo.toml", ""),
            ("listings/exercises/a/Cargo.toml", ""),
            ("listings/answers/a/src/main.rs", "mod tests {}\n"),
        ]);
        assert_eq!(
            headlines(&check(&book)),
            [
                "listings/answers/a/src/main.rs:1: this answer is not held to the tests of its exercise",
                "listings/answers/c/Cargo.toml:1: there is no listing `exercises/c` to go with it",
                "listings/exercises/a/Cargo.toml:1: no file of this exercise says what to do",
                "listings/exercises/b/Cargo.toml:1: there is no listing `answers/b` to go with it",
                "listings/exercises/b/Cargo.toml:1: no file of this exercise says what to do",
            ]
        );
    }
}
