//! The tools themselves: `ci/` is formatted, and its tests, the planted defects among them, pass.
//!
//! They are run again when anything of `ci/` has changed, or the compiler has, since they last passed.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use anyhow::{Context, Result};
use regex::Regex;
use walkdir::WalkDir;

use crate::book::{Book, pattern};
use crate::finding::Finding;
use crate::passed::{Fingerprint, Passed};
use crate::programs::cargo;

static FAILED: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"panicked at (?P<path>[^\n]+?):(?P<line>\d+):\d+:\n(?P<message>[^\n]*)"));

/// Finds what rustfmt and the tests of `ci/` find.
pub fn check(book: &Book) -> Result<Vec<Finding>> {
    let ci = book.root.join("ci");
    let rustc = cargo::stdout(Command::new("rustc").arg("-vV"))?;
    let mut passed = Passed::open(&book.root, "tools", Fingerprint::of(&rustc));
    let Some(key) = passed.look(&files(&ci)?) else {
        return Ok(Vec::new());
    };
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
    if findings.is_empty() {
        passed.add(key);
        passed.save()?;
    }
    Ok(findings)
}

/// Every file of `ci/` and what is in it, without what cargo writes there.
fn files(ci: &Path) -> Result<Vec<(PathBuf, Vec<u8>)>> {
    WalkDir::new(ci)
        .sort_by_file_name()
        .into_iter()
        .filter_entry(|entry| entry.file_name() != OsStr::new("target"))
        .filter(|entry| entry.as_ref().map_or(true, |entry| entry.file_type().is_file()))
        .map(|entry| {
            let path = entry?.into_path();
            let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
            Ok((path, bytes))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_change_with_any_of_them_and_not_with_what_cargo_writes() {
        let ci = tempfile::tempdir().unwrap();
        fs::write(ci.path().join("a.rs"), "one").unwrap();
        let before = files(ci.path()).unwrap();
        fs::create_dir(ci.path().join("target")).unwrap();
        fs::write(ci.path().join("target/b"), "two").unwrap();
        assert_eq!(files(ci.path()).unwrap(), before);
        fs::write(ci.path().join("a.rs"), "two").unwrap();
        assert_ne!(files(ci.path()).unwrap(), before);
    }
}
