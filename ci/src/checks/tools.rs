//! The tools themselves: `ci/` is formatted, and its tests, the planted defects among them, pass.

use std::sync::LazyLock;

use anyhow::Result;
use regex::Regex;

use crate::book::{Book, pattern};
use crate::cargo;
use crate::finding::Finding;

static FAILED: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"panicked at (?P<path>[^\n]+?):(?P<line>\d+):\d+:\n(?P<message>[^\n]*)"));

/// Finds what rustfmt and the tests of `ci/` find.
pub fn check(book: &Book) -> Result<Vec<Finding>> {
    let ci = book.root.join("ci");
    let mut findings = Vec::new();
    if !cargo::output(cargo::cargo(&ci).args(["fmt", "--check"]))?
        .status
        .success()
    {
        findings.push(Finding::new(
            "ci/src/main.rs",
            1,
            "ci/ is not formatted as rustfmt does",
            "run `cargo fmt` in ci/",
        ));
    }
    let output = cargo::output(cargo::cargo(&ci).args(["test", "--quiet"]))?;
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        for captures in FAILED.captures_iter(&text) {
            let path = format!("ci/{}", &captures["path"]);
            findings.push(Finding::new(
                path,
                captures["line"].parse().unwrap_or(1),
                &captures["message"],
                "run `cargo test` in ci/",
            ));
        }
        if findings.is_empty() {
            findings.push(Finding::new(
                "ci/Cargo.toml",
                1,
                "the tests of ci/ do not run",
                "run `cargo test` in ci/",
            ));
        }
    }
    Ok(findings)
}
