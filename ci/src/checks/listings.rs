//! Finds listings that are not formatted, that clippy warns of, and whose tests fail; and proof marks, lines of a score
//! and exercises whose tests did not run and end as they should.
//!
//! What a step is there to warn of, its manifest allows (`[lints.rust]`), and a transcript of it shows.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use book::finding::Finding;
use book::manuscript::{Book, Kind, Listing, pattern};
use regex::Regex;
use serde_json::Value;

use crate::cache::{Cache, hash};
use crate::check::Context;
use crate::generators::score;
use crate::run::libtest;
use crate::run::process::Process;
use crate::run::{cargo, side_by_side};

/// How long the tests of a listing may take, all listings side by side. They take half a minute.
const LIMIT: Duration = Duration::from_secs(300);

/// Finds what rustfmt and clippy find in the workspace in `listings/`, and then, what the tests do.
pub fn check(context: &Context) -> Result<Vec<Finding>> {
    let book = &context.book;
    let workspace = book.root.join("listings");
    let mut findings = unformatted(book, &workspace)?;
    let mut clippy = cargo::cargo(&workspace);
    clippy.args(["clippy", "--workspace", "--all-targets", "--keep-going", "--", "-Dwarnings"]);
    let clippy = cargo::output(&mut clippy)?;
    let errors = String::from_utf8_lossy(&clippy.stderr);
    let complaints = errors_in(&errors);
    ensure!(clippy.status.success() || !complaints.is_empty(), "clippy failed:\n{errors}");
    if !complaints.is_empty() {
        findings.extend(complaints);
        return Ok(findings);
    }
    let mut build = cargo::cargo(&workspace);
    build.args(["test", "--workspace", "--no-run", "--message-format=json-render-diagnostics"]);
    let programs = test_programs(book, &cargo::stdout(&mut build)?);
    let cache = Cache::open(&book.root, "listings", &cargo::compiler(&workspace)?)?;
    let results = side_by_side(programs.into_iter().collect(), |(name, mut programs)| {
        programs.sort(); // cargo names them in any order
        let (passed, findings) = run(book, &cache, &book.listings[name], &programs)?;
        Ok(((name, passed), findings))
    });
    let (passed, found): (BTreeMap<_, _>, Vec<_>) =
        results.into_iter().collect::<Result<Vec<_>>>()?.into_iter().unzip();
    findings.extend(found.into_iter().flatten());
    findings.extend(unproven(book, &passed));
    Ok(findings)
}

/// What rustfmt would write otherwise. The files of broken listings are no part of the workspace.
fn unformatted(book: &Book, workspace: &Path) -> Result<Vec<Finding>> {
    static DIFF: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?m)^Diff in (?P<path>.+?):(?P<line>\d+):$"));
    let broken = book.listings.values().filter(|listing| listing.kind == Kind::Broken);
    let overlays =
        broken.flat_map(|listing| book.files_of(listing).map(|(path, _)| book.root.join(&listing.folder).join(path)));
    let overlays = overlays.filter(|path| path.extension().is_some_and(|end| end == "rs"));
    let mut fmt = cargo::cargo(workspace);
    fmt.args(["fmt", "--all", "--check", "--"]).args(overlays);
    let output = cargo::output(&mut fmt)?;
    let text = String::from_utf8_lossy(&output.stdout);
    let diffs = DIFF.captures_iter(&text).map(|diff| {
        let path = Path::new(&diff["path"]);
        let path = path.strip_prefix(&book.root).unwrap_or(path);
        let help = "run `cargo fmt` in listings/, or `rustfmt` on a file of a broken listing";
        Finding::new(path, diff["line"].parse().unwrap_or(1), "this is not formatted as rustfmt does it", help)
    });
    // What can't be parsed can't be compiled either, except in an overlay.
    let errors = String::from_utf8_lossy(&output.stderr);
    let findings: Vec<Finding> = diffs.chain(errors_in(&errors)).collect();
    ensure!(output.status.success() || !findings.is_empty(), "{fmt:?} failed:\n{errors}");
    Ok(findings)
}

/// The errors in what the compiler prints, each once, with all that it says of them. Paths are those in the workspace.
pub fn errors_in(printed: &str) -> BTreeSet<Finding> {
    static ERROR: LazyLock<Regex> = LazyLock::new(|| {
        pattern(r"(?m)^error(?:\[\w+\])?: (?P<message>.+)\n +--> (?P<path>.+?):(?P<line>\d+):\d+\n(?P<rest>(?:.+\n)*)")
    });
    let errors = ERROR.captures_iter(printed).map(|error| {
        let path = Path::new("listings").join(&error["path"]);
        Finding::new(path, error["line"].parse().unwrap_or(1), &error["message"], &error["rest"])
    });
    errors.collect()
}

/// The test programs that cargo says that it has built, by the names of their listings.
fn test_programs<'a>(book: &'a Book, messages: &str) -> BTreeMap<&'a str, Vec<PathBuf>> {
    let mut programs: BTreeMap<&str, Vec<PathBuf>> = BTreeMap::new();
    for message in messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()) {
        let manifest = Path::new(message["manifest_path"].as_str().unwrap_or_default());
        let listing = manifest.strip_prefix(&book.root).ok().and_then(|manifest| book.listing_of(manifest));
        if let (Some(listing), Some(program)) = (listing, message["executable"].as_str())
            && message["profile"]["test"] == true
        {
            programs.entry(&listing.name).or_default().push(program.into());
        }
    }
    programs
}

/// Runs the test programs of a listing, if they did not pass before as they are, with the files in their folder. Gives the
/// names of the tests that passed, with their modules, and what is wrong with the others.
fn run(book: &Book, cache: &Cache, listing: &Listing, programs: &[PathBuf]) -> Result<(Vec<String>, Vec<Finding>)> {
    let files: Vec<_> = book.files_of(listing).map(|(path, source)| (path, &source.text)).collect();
    let programs_read = programs.iter().map(fs::read).collect::<Result<Vec<_>, _>>()?;
    let inputs = hash(&(&listing.name, files, programs_read));
    if let Some(passed) = cache.get(&inputs) {
        return Ok((passed.lines().map(str::to_owned).collect(), Vec::new()));
    }
    // Those that `cargo test` leaves out have a process of their own.
    let mut processes = Vec::new();
    for (program, flag) in programs.iter().flat_map(|program| [(program, None), (program, Some("--ignored"))]) {
        let mut command = cargo::program(program);
        command.arg("--test-threads=8").args(flag).current_dir(book.root.join(&listing.folder));
        processes.push(Process::start(command, true).with_context(|| format!("running {}", program.display()))?);
    }
    let (mut tests, mut findings) = (Vec::new(), Vec::new());
    for process in processes {
        process.wait_until(LIMIT, |_| false);
        let printed = process.printed();
        let text = String::from_utf8_lossy(&[&printed.out[..], &printed.errors[..]].concat()).into_owned();
        let ran = libtest::read(&text, &listing.folder);
        if !text.contains("\ntest result: ok.") && ran.iter().all(|(_, failure)| failure.is_none()) {
            let message = format!("the tests do not end with a result in {} s", LIMIT.as_secs());
            findings.push(Finding::new(listing.manifest(), 1, message, text));
        }
        tests.extend(ran);
    }
    let (failed, passed): (Vec<_>, Vec<_>) = tests.into_iter().partition(|(_, failure)| failure.is_some());
    if listing.kind == Kind::Exercise && failed.is_empty() && findings.is_empty() {
        let message = "no test fails: this exercise is done already, or its tests do not run";
        findings.push(Finding::new(listing.manifest(), 1, message, "take away what the reader is to write"));
    }
    findings.extend(failed.into_iter().filter_map(|(name, panic)| judge(listing, &name, panic?)));
    let passed: Vec<String> = passed.into_iter().map(|(name, _)| name).collect();
    if findings.is_empty() {
        cache.add(&inputs, &passed.join("\n"))?;
    }
    Ok((passed, findings))
}

/// What is wrong with a test that fails. Those of an exercise are to fail by an assertion of their own, or where the reader
/// finds a `todo!()`: the message is all that the reader has to go by.
fn judge(listing: &Listing, name: &str, panic: Finding) -> Option<Finding> {
    let (mut wrong, mut help) = ("fails", "run `cargo test` in the folder of the listing");
    if listing.kind == Kind::Exercise {
        let is_good = match panic.path.strip_prefix(&listing.folder) {
            Ok(file) if file.ends_with("tests.rs") => !panic.message.starts_with("called `"),
            file => file.is_ok() && panic.message.starts_with("not yet implemented"),
        };
        if is_good {
            return None;
        }
        (wrong, help) = ("fails by no assertion of its own", "let it assert what is missing, with a message");
    }
    let message = format!("test `{name}` of `{}` {wrong}: {}", listing.name, panic.message);
    Some(Finding { message, help: help.to_owned(), ..panic })
}

/// Proof marks, and lines of a score, whose test did not run and pass.
fn unproven(book: &Book, passed: &BTreeMap<&str, Vec<String>>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut prove = |path: &Path, line, listing: &str, test: &str| {
        // A mark may leave out the module, or the outer ones.
        let is_it =
            |name: &String| name.strip_suffix(test).is_some_and(|outer| outer.is_empty() || outer.ends_with("::"));
        if !passed.get(listing).is_some_and(|passed| passed.iter().any(is_it)) {
            let message = format!("the proof of this, `{test}` of `{listing}`, did not run and pass");
            let help = "mend the listing. Change this line only if the book is to say something else from now on";
            findings.push(Finding::new(path, line, message, help));
        }
    };
    for page in &book.pages {
        page.proofs.iter().for_each(|proof| prove(&page.path, proof.line, &proof.listing, &proof.name));
    }
    for listing in book.listings.values().filter(|listing| listing.kind != Kind::Support) {
        let path = score::path(&listing.folder);
        score::cells(book, &listing.name).iter().for_each(|cell| prove(&path, cell.line, &listing.name, &cell.test()));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use book::testing::{headlines, small_book};

    const WORKSPACE: (&str, &str) = ("listings/Cargo.toml", "[workspace]\nmembers = [\"[0-9]*\"]\nresolver = \"3\"\n");
    const MANIFEST: &str = "[package]\nname = \"a\"\nversion = \"0.1.0\"\nedition = \"2024\"\n";

    fn found(files: &[(&str, &str)]) -> Vec<String> {
        let page = ("src/page.md", "# Page\n");
        let manifest = ("listings/01-a/Cargo.toml", MANIFEST);
        let files: Vec<_> = [WORKSPACE, page, manifest].iter().chain(files).copied().collect();
        let (_folder, book) = small_book(&files);
        let mut found = headlines(&check(&Context::new(book)).unwrap());
        found.sort();
        found
    }

    #[test]
    fn a_failing_test_and_the_page_that_cites_it_are_found() {
        let main = "fn main() {}\n\n#[test]\nfn holds() {\n    assert!(std::env::args().count() == 0, \"it does not\");\n}\n\n#[test]\nfn stands() {}\n";
        assert_eq!(
            found(&[
                ("src/page.md", "<!-- proof: 01-a holds -->\n<!-- proof: 01-a stands -->\n"),
                ("listings/01-a/src/main.rs", main),
            ]),
            [
                "listings/01-a/src/main.rs:5: test `holds` of `01-a` fails: it does not",
                "src/page.md:1: the proof of this, `holds` of `01-a`, did not run and pass",
            ]
        );
    }

    #[test]
    fn what_has_passed_is_run_again_when_a_file_beside_it_changes() {
        let main = "fn main() {}\n\n#[test]\nfn reads() {\n    assert_eq!(std::fs::read_to_string(\"a.html\").unwrap(), \"good\\n\");\n}\n";
        let page = ("src/page.md", "<!-- proof: 01-a reads -->\n");
        let html = ("listings/01-a/a.html", "good\n");
        let manifest = ("listings/01-a/Cargo.toml", MANIFEST);
        let (folder, book) = small_book(&[WORKSPACE, page, manifest, ("listings/01-a/src/main.rs", main), html]);
        let context = Context::new(book);
        // The second time, the proof has run and passed all the same.
        for _ in 0..2 {
            assert_eq!(check(&context).unwrap(), []);
        }
        fs::write(folder.path().join(html.0), "bad\n").unwrap();
        let book = Book::load(folder.path()).unwrap();
        assert_eq!(check(&Context::new(book)).unwrap().len(), 2);
    }

    #[test]
    fn tests_that_end_without_a_result_are_found() {
        let main = "fn main() {}\n\n#[test]\nfn ends() {\n    std::process::exit(1);\n}\n";
        assert_eq!(
            found(&[("listings/01-a/src/main.rs", main)]),
            ["listings/01-a/Cargo.toml:1: the tests do not end with a result in 300 s"]
        );
    }

    #[test]
    fn a_line_of_a_score_that_fails_or_does_not_run_is_found() {
        let score = "clients::score! {\n    silent: stays,\n    slow: others_wait,\n    reset: harms_nobody,\n}\n";
        let main = "fn main() {}\n\n#[cfg(test)]\nmod score {\n    mod silent {\n        #[test]\n        fn stays() {}\n    }\n    mod reset {\n        #[test]\n        fn harms_nobody() {\n            panic!(\"it ends\");\n        }\n    }\n}\n";
        assert_eq!(
            found(&[("listings/01-a/src/main.rs", main), ("listings/01-a/src/score.rs", score)]),
            [
                "listings/01-a/src/main.rs:12: test `score::reset::harms_nobody` of `01-a` fails: it ends",
                "listings/01-a/src/score.rs:3: the proof of this, `slow::others_wait` of `01-a`, did not run and pass",
                "listings/01-a/src/score.rs:4: the proof of this, `reset::harms_nobody` of `01-a`, did not run and pass",
            ]
        );
    }

    #[test]
    fn bad_format_and_a_warning_are_found_and_what_the_manifest_allows_is_not() {
        let main = "fn main() {\n  let x = 1;\n}\n";
        assert_eq!(
            found(&[
                ("listings/01-a/src/main.rs", main),
                ("listings/broken/b/overlay.toml", "from = \"01-a\"\n"),
                ("listings/broken/b/src/main.rs", "fn main() { }\n"),
            ]),
            [
                "listings/01-a/src/main.rs:1: this is not formatted as rustfmt does it",
                "listings/01-a/src/main.rs:2: unused variable: `x`",
                "listings/broken/b/src/main.rs:1: this is not formatted as rustfmt does it",
            ]
        );
        let manifest = format!("{MANIFEST}\n[lints.rust]\nunused_variables = \"allow\"\n");
        let main = main.replace("  let", "    let");
        assert_eq!(found(&[("listings/01-a/Cargo.toml", &manifest), ("listings/01-a/src/main.rs", &main)]), [""; 0]);
    }

    #[test]
    fn an_exercise_that_warns_is_found_though_it_is_not_tested_by_default() {
        let workspace =
            WORKSPACE.1.replace("[\"[0-9]*\"]", "[\"[0-9]*\", \"exercises/*\"]\ndefault-members = [\"[0-9]*\"]");
        assert_eq!(
            found(&[
                (WORKSPACE.0, &workspace),
                ("listings/01-a/src/main.rs", "fn main() {}\n"),
                ("listings/exercises/b/Cargo.toml", &MANIFEST.replace("\"a\"", "\"b\"")),
                ("listings/exercises/b/src/lib.rs", "fn idle() {}\n"),
            ]),
            ["listings/exercises/b/src/lib.rs:1: function `idle` is never used"]
        );
    }

    #[test]
    fn a_start_fails_by_an_assertion_of_its_own_or_a_todo() {
        let (_folder, book) = small_book(&[("src/page.md", ""), ("listings/exercises/a/src/tests.rs", "")]);
        let exercise = &book.listings["exercises/a"];
        let is_bad = |path: &str, message: &str| {
            judge(exercise, "tests::adds", Finding::new(exercise.folder.join(path), 7, message, "")).is_some()
        };
        assert!(!is_bad("src/tests.rs", "2 and 2 are 4"));
        assert!(!is_bad("src/main.rs", "not yet implemented: add"));
        assert!(is_bad("src/main.rs", "index out of bounds"));
        assert!(is_bad("src/tests.rs", "called `Option::unwrap()` on a `None` value"));
    }

    #[test]
    fn an_exercise_must_fail_and_its_answer_must_pass() {
        let tests = "#[test]\nfn adds() {\n    assert_eq!(super::add(2, 2), 4);\n}\n";
        let right = "fn add(a: u8, b: u8) -> u8 {\n    a + b\n}\n";
        let wrong = "fn add(a: u8, b: u8) -> u8 {\n    a * b + 1\n}\n";
        let found = |start: &str, answer: &str| {
            let start = format!("pub {start}\n#[cfg(test)]\nmod tests;\n");
            let path = "#[path = \"../../../exercises/a/src/tests.rs\"]";
            let answer = format!("pub {answer}\n#[cfg(test)]\n{path}\nmod tests;\n");
            found(&[
                ("listings/Cargo.toml", &WORKSPACE.1.replace("[0-9]*", "exercises/*\", \"answers/*")),
                ("listings/exercises/a/Cargo.toml", MANIFEST),
                ("listings/exercises/a/src/lib.rs", &start),
                ("listings/exercises/a/src/tests.rs", tests),
                ("listings/answers/a/Cargo.toml", &MANIFEST.replace("\"a\"", "\"b\"")),
                ("listings/answers/a/src/lib.rs", &answer),
            ])
        };
        assert_eq!(found(wrong, right), [""; 0]);
        assert_eq!(
            found(right, wrong),
            [
                "listings/exercises/a/Cargo.toml:1: no test fails: this exercise is done already, or its tests do not run",
                "listings/exercises/a/src/tests.rs:3: test `tests::adds` of `answers/a` fails: assertion `left == right` failed",
            ]
        );
    }
}
