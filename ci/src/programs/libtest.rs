//! What a test program prints, read back.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use regex::Regex;

use crate::book::pattern;

static RESULT: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?m)^test (?P<name>\S+)(?: - should panic)? \.\.\. (?P<result>ok|FAILED|ignored)"));
static PANIC: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"thread '(?P<test>[^']+)' (?:\(\d+\) )?panicked at (?P<path>[^\n]+?):(?P<line>\d+):\d+:\r?\n(?P<message>[^\r\n]*)",
    )
});

/// A test, and what became of it.
#[derive(Debug, PartialEq, Eq)]
pub struct Test {
    /// The name of the function, without its module.
    pub name: String,
    /// Its name with the modules it is in: `tests::it_works`.
    pub path: String,
    pub outcome: Outcome,
}

/// What became of a test.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    Passed,
    Ignored,
    /// With the first panic of its thread. There is none where a test fails by what it returns.
    Failed(Option<Panic>),
}

/// A panic.
#[derive(Debug, PartialEq, Eq)]
pub struct Panic {
    /// Relative to the root of the book, if it is below it.
    pub path: PathBuf,
    /// Counted from 1.
    pub line: usize,
    /// The first line of what it says.
    pub message: String,
}

/// Reads what a test program of a package below `listings/` has printed. Tests that had no result are not in it.
pub fn read(printed: &str) -> Vec<Test> {
    RESULT
        .captures_iter(printed)
        .map(|result| {
            let name = &result["name"];
            Test {
                name: name.rsplit("::").next().unwrap_or(name).to_owned(),
                path: name.to_owned(),
                outcome: match &result["result"] {
                    "ok" => Outcome::Passed,
                    "ignored" => Outcome::Ignored,
                    _ => Outcome::Failed(panic_of(name, printed)),
                },
            }
        })
        .collect()
}

/// The first panic in the thread of `test`.
fn panic_of(test: &str, printed: &str) -> Option<Panic> {
    let panic = PANIC.captures_iter(printed).find(|panic| &panic["test"] == test)?;
    Some(Panic {
        // A program says its paths relative to its workspace, and those of other packages from the root of the disk.
        path: Path::new("listings").join(panic["path"].replace('\\', "/")),
        line: panic["line"].parse().unwrap_or(1),
        message: panic["message"].to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_test_has_its_outcome_and_its_panic() {
        let printed = "test tests::a ... ok\ntest tests::b ... FAILED\ntest tests::c ... ignored, slow\ntest d ... FAILED\n\n---- tests::b stdout ----\n\nthread 'other' (1) panicked at x.rs:1:1:\nno\n\nthread 'tests::b' (2) panicked at 01-a/src/tests.rs:7:5:\nit does not\nmore\n\ntest result: FAILED. 1 passed; 2 failed\n";
        let test = |path: &str, outcome| Test {
            name: path.trim_start_matches("tests::").to_owned(),
            path: path.to_owned(),
            outcome,
        };
        let panic = Panic {
            path: "listings/01-a/src/tests.rs".into(),
            line: 7,
            message: "it does not".to_owned(),
        };
        assert_eq!(
            read(printed),
            [
                test("tests::a", Outcome::Passed),
                test("tests::b", Outcome::Failed(Some(panic))),
                test("tests::c", Outcome::Ignored),
                test("d", Outcome::Failed(None)),
            ]
        );
    }
}
