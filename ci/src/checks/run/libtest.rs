//! What a test program prints, read back.

use std::path::Path;
use std::sync::LazyLock;

use book::finding::Finding;
use book::manuscript::{normalize, pattern};
use regex::Regex;

static RESULT: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?m)^test (?P<name>\S+)(?: - should panic)? \.\.\. (?P<result>ok|FAILED)"));
static PANIC: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"thread '(?P<test>[^']+)' (?:\(\d+\) )?panicked at (?P<path>[^\n]+?):(?P<line>\d+):\d+:\r?\n(?P<text>[^\r\n]*)",
    )
});

/// The tests in what a test program of the listing in `folder` has printed: their names, with modules, and for those that
/// fail, where they panic first and the first line of what they say.
pub fn read(printed: &str, folder: &Path) -> Vec<(String, Option<Finding>)> {
    let tests = RESULT.captures_iter(printed).map(|result| {
        let panic = PANIC.captures_iter(printed).find(|panic| panic["test"] == result["name"]);
        let failure = (&result["result"] == "FAILED").then(|| match panic {
            Some(panic) => {
                // Relative to the workspace; other packages' paths begin at the root of the disk.
                let path = normalize(&Path::new("listings").join(panic["path"].replace('\\', "/")));
                Finding::new(path, panic["line"].parse().unwrap_or(1), &panic["text"], "")
            }
            None => Finding::new(folder.join("src/main.rs"), 1, "it returns an error", ""),
        });
        (result["name"].to_owned(), failure)
    });
    tests.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_test_has_its_outcome_and_its_panic() {
        let printed = "test tests::a ... ok\ntest tests::b ... FAILED\ntest tests::c ... ignored, slow\ntest d ... FAILED\n\n---- tests::b stdout ----\n\nthread 'other' (1) panicked at x.rs:1:1:\nno\n\nthread 'tests::b' (2) panicked at 01-a/src/tests.rs:7:5:\nit does not\nmore\n\ntest result: FAILED. 1 passed; 2 failed\n";
        let test = |name: &str, failure| (name.to_owned(), failure);
        let panic = |path: &str, line, message: &str| Some(Finding::new(path, line, message, ""));
        assert_eq!(
            read(printed, Path::new("listings/01-a")),
            [
                test("tests::a", None),
                test("tests::b", panic("listings/01-a/src/tests.rs", 7, "it does not")),
                test("d", panic("listings/01-a/src/main.rs", 1, "it returns an error")),
            ]
        );
    }
}
