//! Exercises: each has an answer, and the two differ only in what the reader edits. That a start fails its tests is for
//! the `listings` check, which runs them and asks [`judge`].

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;

use crate::book::{Book, Source};
use crate::finding::Finding;
use crate::programs::cargo::TestProgram;
use crate::programs::libtest::{self, Outcome, Test};

const EXERCISES: &str = "listings/exercises";
const ANSWERS: &str = "listings/answers";
const WORKSPACE: &str = "listings/Cargo.toml";

/// What the reader edits, and what differs between a start and its answer.
const EDITED: [&str; 2] = ["src/main.rs", "src/lib.rs"];

/// How long the tests of a start may take. A reader waits for them.
const LIMIT: Duration = Duration::from_secs(60);

/// Finds exercises without an answer and answers without an exercise, files that differ between the two though the
/// reader is not to edit them, and a workspace in which `cargo test` would run the tests of exercises.
pub fn check(book: &Book) -> Vec<Finding> {
    let starts = packages(book, EXERCISES);
    let answers = packages(book, ANSWERS);
    let mut findings = Vec::new();
    for name in starts.keys().chain(answers.keys()).collect::<BTreeSet<_>>() {
        match (starts.get(name), answers.get(name)) {
            (Some(start), Some(answer)) => findings.extend(differences(name, start, answer)),
            (Some(_), None) => findings.push(Finding::new(
                Path::new(EXERCISES).join(name).join("Cargo.toml"),
                1,
                "this exercise has no answer",
                format!("solve a copy of it, in {ANSWERS}/{name}"),
            )),
            (None, _) => findings.push(Finding::new(
                Path::new(ANSWERS).join(name).join("Cargo.toml"),
                1,
                "this is the answer to no exercise",
                format!("put where the reader starts into {EXERCISES}/{name}, or remove the folder"),
            )),
        }
    }
    findings.extend(workspace(book));
    findings
}

/// The files of a package, by their paths in it.
type Files<'a> = BTreeMap<&'a Path, &'a Source>;

/// The packages below `folder`, by their names.
fn packages<'a>(book: &'a Book, folder: &str) -> BTreeMap<String, Files<'a>> {
    let mut packages: BTreeMap<String, Files<'_>> = BTreeMap::new();
    for (path, source) in &book.sources {
        let Ok(below) = path.strip_prefix(folder) else { continue };
        let mut parts = below.iter();
        if let Some(name) = parts.next() {
            let files = packages.entry(name.to_string_lossy().into_owned()).or_default();
            files.insert(parts.as_path(), source);
        }
    }
    packages.retain(|_, files| files.contains_key(Path::new("Cargo.toml")));
    packages
}

/// What differs between a start and its answer, and what both lack.
fn differences(name: &str, start: &Files<'_>, answer: &Files<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let at = |folder: &str, file: &Path| Path::new(folder).join(name).join(file);

    for (folder, files, word) in [(EXERCISES, start, "//! Exercise: "), (ANSWERS, answer, "//! Answer: ")] {
        for path in EDITED.map(Path::new) {
            if files.get(path).is_some_and(|source| !source.text.starts_with(word)) {
                findings.push(Finding::new(
                    at(folder, path),
                    1,
                    format!("the first line does not begin with `{word}`"),
                    "say there what the reader is to do, or what the answer does",
                ));
            }
        }
    }

    let is_test = |path: &Path| path == Path::new("src/tests.rs") || path.starts_with("tests");
    if !start.keys().any(|path| is_test(path)) {
        findings.push(Finding::new(
            at(EXERCISES, Path::new("Cargo.toml")),
            1,
            "this exercise has no tests",
            "write src/tests.rs, which fails until the exercise is done",
        ));
    }

    let edited = EDITED.map(Path::new);
    let all: BTreeSet<&Path> = start.keys().chain(answer.keys()).copied().collect();
    for path in all {
        if path == Path::new("Cargo.toml") || edited.contains(&path) || path.starts_with("out") {
            continue;
        }
        let line = match (start.get(path), answer.get(path)) {
            (Some(one), Some(other)) if one.text == other.text => continue,
            (Some(one), Some(other)) => first_difference(&one.text, &other.text),
            _ => 1,
        };
        let folder = if start.contains_key(path) { EXERCISES } else { ANSWERS };
        findings.push(Finding::new(
            at(folder, path),
            line,
            "this file is not the same in the exercise and in its answer",
            "copy one over the other: the reader edits src/main.rs or src/lib.rs and nothing else",
        ));
    }

    let manifest = Path::new("Cargo.toml");
    if let (Some(one), Some(other)) = (start.get(manifest), answer.get(manifest))
        && dependencies(&one.text) != dependencies(&other.text)
    {
        findings.push(Finding::new(
            at(ANSWERS, manifest),
            1,
            "the answer has other dependencies than the exercise",
            "give both the same: the reader does not edit Cargo.toml",
        ));
    }
    findings
}

/// The first line, counted from 1, in which two texts differ.
fn first_difference(one: &str, other: &str) -> usize {
    let same = one.lines().zip(other.lines()).take_while(|(one, other)| one == other);
    same.count() + 1
}

/// The tables of a manifest that say what a package depends on.
fn dependencies(manifest: &str) -> Option<Vec<Option<toml::Value>>> {
    let table: toml::Table = toml::from_str(manifest).ok()?;
    let names = ["dependencies", "dev-dependencies", "target"];
    Some(names.map(|name| table.get(name).cloned()).to_vec())
}

/// A `default-members` that is anything but the members without the exercises.
fn workspace(book: &Book) -> Option<Finding> {
    let source = book.sources.get(Path::new(WORKSPACE))?;
    let table: toml::Table = toml::from_str(&source.text).ok()?;
    let list = |key: &str| -> Option<BTreeSet<&str>> {
        let members = table.get("workspace")?.get(key)?.as_array()?;
        Some(members.iter().filter_map(toml::Value::as_str).collect())
    };
    let mut members = list("members")?;
    if !members.remove("exercises/*") || list("default-members") == Some(members) {
        return None;
    }
    let line = source.text.lines().position(|line| line.starts_with("default-members"));
    Some(Finding::new(
        WORKSPACE,
        line.unwrap_or(0) + 1,
        "`default-members` are not all members but `exercises/*`",
        "name them all: `cargo test` in listings/ tests the default members, and has to pass",
    ))
}

/// Runs the test programs of an exercise that nobody has solved, and finds what is wrong with how they fail. `package`
/// is its folder.
///
/// At least one test has to fail, and each that fails does so by an assertion of its own, or where the reader finds a
/// `todo!()`: its message is all that the reader has to go by.
pub fn judge(root: &Path, package: &Path, programs: &[TestProgram]) -> Result<Vec<Finding>> {
    judge_within(LIMIT, root, package, programs)
}

fn judge_within(limit: Duration, root: &Path, package: &Path, programs: &[TestProgram]) -> Result<Vec<Finding>> {
    let folder = package.strip_prefix(root).unwrap_or(package);
    let mut tests = Vec::new();
    for program in programs {
        let Some(printed) = program.run(limit)? else {
            return Ok(vec![Finding::new(
                folder.join("src/tests.rs"),
                1,
                format!(
                    "before the exercise is done, its tests do not end in {} s",
                    limit.as_secs()
                ),
                "let them fail at once, by an assertion that says what is missing",
            )]);
        };
        tests.extend(libtest::read(&printed));
    }
    let edited = EDITED.iter().find(|name| package.join(name).is_file());
    Ok(complaints(folder, edited.unwrap_or(&EDITED[0]), &tests))
}

/// What is wrong with how the tests of the exercise in `folder` end, of which the reader edits the file `edited`.
fn complaints(folder: &Path, edited: &str, tests: &[Test]) -> Vec<Finding> {
    let failed: Vec<_> = tests
        .iter()
        .filter_map(|test| match &test.outcome {
            Outcome::Failed(panic) => Some((&test.name, panic)),
            _ => None,
        })
        .collect();
    if failed.is_empty() {
        return vec![Finding::new(
            folder.join(edited),
            1,
            "no test fails by an assertion: this exercise is done already, or its tests do not run",
            "take away what the reader is to write; `cargo test` in its folder says more",
        )];
    }
    failed
        .into_iter()
        .filter_map(|(name, panic)| {
            let (path, line, message): (PathBuf, _, _) = match panic {
                Some(panic) => (panic.path.clone(), panic.line, panic.message.as_str()),
                None => (folder.join("src/tests.rs"), 1, "no message"),
            };
            let in_tests = path == folder.join("src/tests.rs") || path.starts_with(folder.join("tests"));
            let by_assertion = in_tests && panic.is_some() && !message.starts_with("called `");
            let by_todo = path.starts_with(folder) && message.starts_with("not yet implemented");
            (!by_assertion && !by_todo).then(|| {
                Finding::new(
                    path,
                    line,
                    format!("test `{name}` of this exercise fails, but by no assertion of its own: {message}"),
                    "let the test assert what the exercise is about, with a message that says what is missing",
                )
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::book::tests::small_book;
    use crate::finding::tests::headlines;
    use crate::programs::cargo;
    use crate::programs::libtest::Panic;

    const WORKSPACE: &str = "[workspace]\nmembers = [\"[0-9]*\", \"answers/*\", \"exercises/*\"]\ndefault-members = [\"[0-9]*\", \"answers/*\"]\n";
    const MANIFEST: &str = "[package]\nname = \"a\"\n";
    const START: &str = "//! Exercise: add.\n";
    const ANSWER: &str = "//! Answer: it adds.\n";
    const TESTS: &str = "#[test]\nfn adds() {}\n";

    fn found(files: &[(&str, &str)]) -> Vec<String> {
        let (_folder, book) = small_book(files);
        headlines(&check(&book))
    }

    /// A good exercise, and its answer.
    const GOOD: [(&str, &str); 7] = [
        ("src/page.md", "# Page\n"),
        ("listings/exercises/a/Cargo.toml", MANIFEST),
        ("listings/exercises/a/src/main.rs", START),
        ("listings/exercises/a/src/tests.rs", TESTS),
        ("listings/answers/a/Cargo.toml", MANIFEST),
        ("listings/answers/a/src/main.rs", ANSWER),
        ("listings/answers/a/src/tests.rs", TESTS),
    ];

    /// The good exercise with `other` in place of what the good one has there, or besides.
    fn found_with(other: &[(&str, &str)]) -> Vec<String> {
        found(&GOOD.iter().chain(other).copied().collect::<Vec<_>>())
    }

    #[test]
    fn a_good_exercise_is_no_finding() {
        assert_eq!(found_with(&[("listings/Cargo.toml", WORKSPACE)]), [""; 0]);
    }

    #[test]
    fn an_exercise_without_an_answer_and_an_answer_without_an_exercise_are_found() {
        assert_eq!(
            found_with(&[
                ("listings/exercises/b/Cargo.toml", MANIFEST),
                ("listings/answers/c/Cargo.toml", MANIFEST),
            ]),
            [
                "listings/exercises/b/Cargo.toml:1: this exercise has no answer",
                "listings/answers/c/Cargo.toml:1: this is the answer to no exercise",
            ]
        );
    }

    #[test]
    fn tests_that_differ_are_found_where_they_differ() {
        assert_eq!(
            found_with(&[("listings/answers/a/src/tests.rs", "#[test]\nfn subtracts() {}\n")]),
            ["listings/exercises/a/src/tests.rs:2: this file is not the same in the exercise and in its answer"]
        );
    }

    #[test]
    fn a_file_that_only_one_of_them_has_is_found() {
        assert_eq!(
            found_with(&[("listings/answers/a/hello.html", "<p>\n")]),
            ["listings/answers/a/hello.html:1: this file is not the same in the exercise and in its answer"]
        );
    }

    #[test]
    fn other_dependencies_are_found_and_another_name_is_not() {
        let manifest = "[package]\nname = \"a-answer\"\n";
        assert_eq!(found_with(&[("listings/answers/a/Cargo.toml", manifest)]), [""; 0]);

        let manifest = format!("{manifest}[dependencies]\nsmol = \"2\"\n");
        assert_eq!(
            found_with(&[("listings/answers/a/Cargo.toml", &manifest)]),
            ["listings/answers/a/Cargo.toml:1: the answer has other dependencies than the exercise"]
        );
    }

    #[test]
    fn an_exercise_without_a_task_or_without_tests_is_found() {
        assert_eq!(
            found(&[
                ("src/page.md", "# Page\n"),
                ("listings/exercises/a/Cargo.toml", MANIFEST),
                ("listings/exercises/a/src/lib.rs", "fn add() {}\n"),
                ("listings/answers/a/Cargo.toml", MANIFEST),
                ("listings/answers/a/src/lib.rs", ANSWER),
            ]),
            [
                "listings/exercises/a/src/lib.rs:1: the first line does not begin with `//! Exercise: `",
                "listings/exercises/a/Cargo.toml:1: this exercise has no tests",
            ]
        );
    }

    #[test]
    fn a_workspace_that_tests_the_exercises_is_found() {
        for workspace in [
            WORKSPACE
                .replace("\"answers/*\"]\nd", "\"answers/*\", \"exercises/*\"]\nd")
                .replace("default-members = [", "default-members = [\"exercises/*\", "),
            WORKSPACE.replace("default-members = [\"[0-9]*\", ", "default-members = ["),
        ] {
            assert_eq!(
                found_with(&[("listings/Cargo.toml", &workspace)]),
                ["listings/Cargo.toml:3: `default-members` are not all members but `exercises/*`"]
            );
        }
        let (members, _) = WORKSPACE.split_once("default").unwrap();
        assert_eq!(found_with(&[("listings/Cargo.toml", members)]).len(), 1);
    }

    /// What is said of an exercise with one test, which ends so.
    fn complaint(outcome: Outcome) -> Vec<String> {
        let test = Test {
            name: "adds".to_owned(),
            path: "tests::adds".to_owned(),
            outcome,
        };
        let folder = Path::new("listings/exercises/a");
        headlines(&complaints(folder, "src/lib.rs", &[test]))
    }

    fn failed(path: &str, message: &str) -> Outcome {
        Outcome::Failed(Some(Panic {
            path: path.into(),
            line: 7,
            message: message.to_owned(),
        }))
    }

    #[test]
    fn a_start_fails_by_an_assertion_or_a_todo() {
        assert_eq!(
            complaint(failed("listings/exercises/a/src/tests.rs", "2 and 2 are 4")),
            [""; 0]
        );
        assert_eq!(
            complaint(failed("listings/exercises/a/tests/adds.rs", "2 and 2 are 4")),
            [""; 0]
        );
        assert_eq!(
            complaint(failed("listings/exercises/a/src/lib.rs", "not yet implemented")),
            [""; 0]
        );
    }

    #[test]
    fn a_start_that_hangs_is_found() {
        let (folder, _) = small_book(&[
            ("src/page.md", "# Page\n"),
            (
                "listings/exercises/a/Cargo.toml",
                "[package]\nname = \"a\"\n[workspace]\n",
            ),
            (
                "listings/exercises/a/src/lib.rs",
                "#[test]\nfn waits() {\n    loop {\n        std::thread::park();\n    }\n}\n",
            ),
        ]);
        let package = folder.path().join("listings/exercises/a");
        let built = cargo::messages(cargo::cargo(&package).args(["test", "--no-run", "--message-format=json"]));
        let programs = built.unwrap().tests;
        assert_eq!(programs.len(), 1);

        let found = judge_within(Duration::from_secs(1), folder.path(), &package, &programs).unwrap();

        let lines: Vec<_> = found.iter().map(|finding| finding.to_string()).collect();
        assert_eq!(lines.len(), 1);
        let place = "listings/exercises/a/src/tests.rs:1: before the exercise is done, its tests do not end in 1 s";
        assert!(lines[0].starts_with(place), "{}", lines[0]);
    }

    #[test]
    fn a_start_that_passes_is_found() {
        let passes = "listings/exercises/a/src/lib.rs:1: no test fails by an assertion: this exercise is done already, or its tests do not run";
        assert_eq!(complaint(Outcome::Passed), [passes]);
        assert_eq!(complaint(Outcome::Ignored), [passes]);
    }

    #[test]
    fn a_start_that_fails_otherwise_is_found() {
        let how = "test `adds` of this exercise fails, but by no assertion of its own";
        let (tests, clients) = (
            "listings/exercises/a/src/tests.rs",
            "listings/support/clients/src/client.rs",
        );
        for (path, message) in [
            (clients, "no end of the reply after 30s"),
            ("listings/exercises/a/src/lib.rs", "index out of bounds"),
            (tests, "called `Result::unwrap()` on an `Err` value: Refused"),
        ] {
            assert_eq!(
                complaint(failed(path, message)),
                [format!("{path}:7: {how}: {message}")]
            );
        }
        assert_eq!(
            complaint(Outcome::Failed(None)),
            [format!("{tests}:1: {how}: no message")]
        );
    }
}
