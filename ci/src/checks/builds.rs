//! Builds: what the reader has typed, and what they can download, builds and passes its tests as the pages say.
//!
//! The sessions are not run again as a whole, with servers and clients. [`replay`](super::replay) holds what was typed to
//! be the listing, file by file, and [`transcripts`](super::transcripts) runs each session in that. What neither can see
//! is whether it builds where a reader builds it: in a project that was made by `cargo new`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::book::Book;
use crate::finding::Finding;
use crate::programs::cargo;
use crate::programs::workshop;
use crate::reader::project::{self, Files};
use crate::reader::replay::{self, Done};
use crate::reader::walk::text;

/// Where the projects are made, below the book's root: outside of any workspace.
const WORK: &str = "ci/target/replay";

/// Finds listings that do not build or pass their tests as the pages say, typed or downloaded.
pub fn check(book: &Book) -> Result<Vec<Finding>> {
    let replay = replay::replay(book, &replay::read(book)?);
    if !replay.findings.is_empty() {
        // There is nothing to build before the pages can be followed.
        return Ok(replay.findings);
    }
    build(&book.root, &replay.done)
}

fn build(root: &Path, listings: &[Done]) -> Result<Vec<Finding>> {
    let _lock = workshop::lock(root)?;
    let work = root.join(WORK);
    if work.exists() {
        fs::remove_dir_all(&work).with_context(|| format!("emptying {}", work.display()))?;
    }
    fs::create_dir_all(&work)?;

    let mut findings = Vec::new();
    let mut projects: BTreeMap<&str, &Files> = BTreeMap::new();
    let mut prepared: BTreeMap<String, Prepared> = BTreeMap::new();
    for done in listings {
        let folder = work.join(&done.project);
        if !projects.contains_key(done.project.as_str()) {
            findings.extend(make(&work, done)?);
        }
        if let Some(before) = projects.insert(&done.project, &done.files) {
            for gone in before.keys().filter(|file| !done.files.contains_key(*file)) {
                fs::remove_file(folder.join(gone))?;
            }
        }
        for (file, lines) in &done.files {
            write(&folder.join(file), &text(lines))?;
        }
        let manifest = done
            .files
            .get(Path::new("Cargo.toml"))
            .context("a project without Cargo.toml")?;
        let manifest = project::reader_manifest(&text(manifest))?;
        if !prepared.contains_key(&manifest) {
            let target = work.join("targets").join(prepared.len().to_string());
            prepared.insert(manifest.clone(), Prepared::new(root, &manifest, target)?);
        }
        let prepared = &prepared[&manifest];
        fs::copy(&prepared.lock, folder.join("Cargo.lock"))?;
        findings.extend(typed(done, &folder, &prepared.target)?);
        findings.extend(downloaded(done, &work, &prepared.target)?);
    }
    Ok(findings)
}

/// What projects with the same dependencies share.
struct Prepared {
    /// The lock file. Typed today, a project gets the newest versions; the book is held to those that it was written with.
    lock: PathBuf,
    /// The target folder, with all but the project itself built.
    target: PathBuf,
}

impl Prepared {
    fn new(root: &Path, manifest: &str, target: PathBuf) -> Result<Self> {
        let built = workshop::dependencies(root, manifest)?;
        for words in ["check", "build"] {
            workshop::build(&built, &[words])?;
        }
        workshop::link(&built.join("target"), &target).context("linking the built dependencies")?;
        Ok(Self {
            lock: built.join("Cargo.lock"),
            target,
        })
    }
}

/// Makes the project, and finds what `cargo new` makes else than the replay has begun with.
fn make(work: &Path, done: &Done) -> Result<Option<Finding>> {
    cargo::stdout(workshop::cargo(work).args(["new", &done.project]))?;
    for (file, lines) in project::new_files(&done.project) {
        let path = work.join(&done.project).join(file);
        let made = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
        if made.lines().ne(lines.iter().map(String::as_str)) {
            return Ok(Some(Finding::new(
                "ci/src/reader/project.rs",
                1,
                format!(
                    "`cargo new {}` makes another {} than `new_files` says",
                    done.project,
                    path.display()
                ),
                made,
            )));
        }
    }
    Ok(None)
}

fn write(path: &Path, text: &str) -> Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, text).with_context(|| format!("writing {}", path.display()))
}

/// Runs in `folder` what the sessions of the listing run with cargo, and finds what is not as they show it.
fn typed(done: &Done, folder: &Path, target: &Path) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    let mut outcomes: BTreeMap<Vec<String>, (Outcome, String)> = BTreeMap::new();
    let (page, line) = &done.place;
    let build = vec!["build".to_owned()];
    let commands = done.commands.iter().map(|(page, line, typed)| {
        let words = typed.command.split_whitespace().skip(1).map(|word| match word {
            // The server would not come to an end.
            "run" => "build".to_owned(),
            word => word.to_owned(),
        });
        let expected = Outcome::shown(&typed.printed);
        (
            page,
            line,
            &*typed.command,
            words.collect::<Vec<String>>(),
            Some(expected),
        )
    });
    for (page, line, command, words, expected) in commands.chain([(page, line, "cargo build", build, None)]) {
        if !outcomes.contains_key(&words) {
            let mut cargo = workshop::cargo(folder);
            cargo.args(&words).arg("--offline").env("CARGO_TARGET_DIR", target);
            outcomes.insert(words.clone(), outcome(&mut cargo)?);
        }
        let (outcome, output) = &outcomes[&words];
        let expected = expected.unwrap_or_else(|| Outcome {
            success: true,
            ..outcome.clone()
        });
        if *outcome != expected {
            findings.push(Finding::new(
                page,
                *line,
                format!(
                    "`{command}` does not do in the reader's project what the page says: {}",
                    done.listing
                ),
                format!("{}\n{output}", outcome.diff(&expected)),
            ));
        }
    }
    Ok(findings)
}

/// Builds what was downloaded, where it was unpacked, with the versions that came along.
fn downloaded(done: &Done, work: &Path, target: &Path) -> Result<Option<Finding>> {
    if done.archive.is_empty() {
        return Ok(None);
    }
    let folder = work.join("downloads");
    for (path, text) in &done.archive {
        write(&folder.join(path), text)?;
    }
    let mut cargo = workshop::cargo(&folder.join(&done.listing));
    cargo
        .args(["build", "--locked", "--offline"])
        .env("CARGO_TARGET_DIR", target);
    let (outcome, output) = outcome(&mut cargo)?;
    let (page, line) = &done.place;
    let message = format!("{} does not build when it is downloaded", done.listing);
    Ok((!outcome.success).then(|| Finding::new(page, *line, message, output)))
}

/// What a cargo command comes to, as far as it is the same on every machine.
#[derive(Clone, Debug, Default, PartialEq)]
struct Outcome {
    success: bool,
    /// The warnings and errors, and the lines of our files that they are about.
    diagnostics: BTreeSet<String>,
    /// The tests, and how each ended. They end in any order.
    tests: BTreeSet<String>,
}

impl Outcome {
    /// What a session shows below a command.
    fn shown(printed: &[String]) -> Self {
        let mut outcome = Self {
            success: !printed.iter().any(|line| line.starts_with("error")),
            ..Self::default()
        };
        for line in printed {
            outcome.read(line);
        }
        outcome
    }

    fn read(&mut self, line: &str) {
        let is_sum = line.contains(") generated ")
            || line.starts_with("error: could not compile")
            || line.starts_with("error: test failed");
        let is_diagnostic = ["warning", "error"].iter().any(|level| line.starts_with(level)) && !is_sum;
        if line.starts_with("test ") && line.contains(" ... ") {
            self.tests.insert(line.to_owned());
        } else if is_diagnostic || line.trim_start().starts_with("--> src") {
            self.diagnostics.insert(line.trim().to_owned());
        }
    }

    /// What is different from what was expected.
    fn diff(&self, expected: &Self) -> String {
        similar::TextDiff::from_lines(&expected.to_string(), &self.to_string())
            .unified_diff()
            .header("the page says", "what happens")
            .to_string()
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.success { "it succeeds\n" } else { "it fails\n" })?;
        let mut lines = self.diagnostics.iter().chain(&self.tests);
        lines.try_for_each(|line| writeln!(f, "{line}"))
    }
}

/// Runs `command` to its end: what it comes to, and what it printed.
fn outcome(command: &mut Command) -> Result<(Outcome, String)> {
    let output = cargo::output(command)?;
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    let mut outcome = Outcome {
        success: output.status.success(),
        ..Outcome::default()
    };
    for line in text.lines() {
        outcome.read(line);
    }
    Ok((outcome, text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::html::reading::Typed;
    use crate::reader::project::PACKAGE;

    const MAIN: &str = "fn main() {}\n\n#[test]\nfn it_works() {}\n";

    /// A listing with this program, whose page has a session with this command, and what a check of it finds.
    fn found(main: &str, command: &str, printed: &str, archive: &[(&str, &str)]) -> Vec<String> {
        let root = tempfile::tempdir().unwrap();
        let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
        let mut files = project::new_files(PACKAGE);
        files.insert("src/main.rs".into(), lines(main));
        let typed = Typed {
            command: command.to_owned(),
            printed: lines(printed),
        };
        let done = Done {
            listing: "01-a".to_owned(),
            project: PACKAGE.to_owned(),
            files,
            commands: vec![("src/page.md".into(), 7, typed)],
            place: ("src/page.md".into(), 9),
            archive: archive
                .iter()
                .map(|(path, text)| (format!("01-a/{path}"), (*text).to_owned()))
                .collect(),
        };
        let findings = build(root.path(), &[done]).unwrap();
        findings.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_does_as_its_page_says_is_no_finding() {
        let printed = "   Compiling web-server\n\nrunning 1 test\ntest it_works ... ok\n";
        assert_eq!(found(MAIN, "cargo test", printed, &[]), [""; 0]);
        // A program that listens for ever is built, and not run.
        assert_eq!(
            found("fn main() {\n    loop {}\n}\n", "cargo run", "Listening\n", &[]),
            [""; 0]
        );
    }

    #[test]
    fn a_warning_that_the_page_does_not_show_is_found() {
        let main = "fn main() {\n    let a = 1;\n}\n";
        let found = found(main, "cargo check", "    Checking web-server\n", &[]);
        assert_eq!(found.len(), 1);
        assert!(
            found[0].starts_with(
                "src/page.md:7: `cargo check` does not do in the reader's project what the page says: 01-a"
            )
        );
        assert!(
            found[0].contains("+warning: unused variable: `a`") && found[0].contains("+--> src/main.rs:2:9"),
            "{}",
            found[0]
        );
    }

    #[test]
    fn a_test_that_ends_otherwise_is_found() {
        let main = MAIN.replace("it_works() {}", "it_works() {\n    panic!();\n}");
        let found = found(&main, "cargo test", "test it_works ... ok\n", &[]);
        assert_eq!(found.len(), 1);
        for part in [
            "-it succeeds",
            "+it fails",
            "-test it_works ... ok",
            "+test it_works ... FAILED",
        ] {
            assert!(found[0].contains(part), "{part}\n{}", found[0]);
        }
    }

    #[test]
    fn what_does_not_compile_is_found_though_no_session_builds_it() {
        let found = found("fn main() {\n    no_such();\n}\n", "cargo new web-server", "", &[]);
        assert!(
            found[0].starts_with("src/page.md:9: `cargo build` does not do"),
            "{}",
            found[0]
        );
        assert!(
            found[0].contains("+it fails") && found[0].contains("E0425"),
            "{}",
            found[0]
        );
    }

    #[test]
    fn a_download_that_does_not_build_is_found() {
        let manifest = "[package]\nname = \"web-server\"\nversion = \"0.1.0\"\nedition = \"2024\"\n";
        let lock = "version = 4\n\n[[package]]\nname = \"web-server\"\nversion = \"0.1.0\"\n";
        let files = [("Cargo.toml", manifest), ("Cargo.lock", lock), ("src/main.rs", MAIN)];
        assert_eq!(found(MAIN, "cargo check", "", &files), [""; 0]);

        let message = "src/page.md:9: 01-a does not build when it is downloaded";
        let missing = found(MAIN, "cargo check", "", &files[..2]);
        assert!(missing[0].starts_with(message), "{}", missing[0]);
        // The lock file must be as cargo would write it.
        let other = lock.replace("0.1.0", "0.2.0");
        let stale = found(MAIN, "cargo check", "", &[files[0], ("Cargo.lock", &other), files[2]]);
        assert!(
            stale[0].starts_with(message) && stale[0].contains("--locked"),
            "{}",
            stale[0]
        );
    }
}
