//! The listings: formatted, warned about as they should be, their tests passed (those of exercises failed), and the
//! tests that pages cite run.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::thread;
use std::time::Duration;

use anyhow::Result;
use regex::Regex;

use crate::book::{Book, listing_of, pattern, slashes};
use crate::checks::exercises;
use crate::finding::Finding;
use crate::generated::score;
use crate::programs::cargo::{self, TestProgram};
use crate::programs::libtest::{self, Outcome, Panic, Test};
use crate::reader::project::Metadata;

static UNFORMATTED: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?m)^Diff in (?P<path>.+?):(?P<line>\d+):$"));

/// How long the tests of a listing may take, all listings side by side. They take half a minute.
const LIMIT: Duration = Duration::from_secs(300);

/// Finds what rustfmt, clippy and the tests of the workspace in `listings/` find, proofs that did not run, and exercises
/// that do not fail as they should.
pub fn check(book: &Book) -> Result<Vec<Finding>> {
    let workspace = book.root.join("listings");
    let mut findings = unformatted(&book.root, &workspace)?;
    findings.extend(warnings(book, &workspace)?);
    if findings.iter().any(|finding| finding.message.starts_with("error")) {
        return Ok(findings);
    }
    let built =
        cargo::messages(cargo::cargo(&workspace).args(["test", "--workspace", "--no-run", "--message-format=json"]))?;
    let (starts, programs): (Vec<_>, Vec<_>) = built
        .tests
        .into_iter()
        .partition(|program| listing(&book.root, program).starts_with("exercises/"));
    let results = side_by_side(&programs, |program| run(&book.root, program))?;
    findings.extend(results.iter().flat_map(|tests| tests.failures.clone()));
    findings.extend(unproven(book, &results));
    // An exercise may have several test programs, of which one has to fail.
    let mut exercises: BTreeMap<PathBuf, Vec<TestProgram>> = BTreeMap::new();
    for program in starts {
        exercises.entry(program.package.clone()).or_default().push(program);
    }
    let exercises: Vec<_> = exercises.into_iter().collect();
    let judged = side_by_side(&exercises, |(package, programs)| {
        exercises::judge(&book.root, package, programs)
    })?;
    findings.extend(judged.into_iter().flatten());
    Ok(findings)
}

/// The listing that a test program belongs to.
fn listing(root: &Path, program: &TestProgram) -> String {
    let folder = program.package.strip_prefix(root).unwrap_or(&program.package);
    listing_of(&folder.join("Cargo.toml")).unwrap_or_default()
}

/// What rustfmt would write otherwise.
fn unformatted(root: &Path, workspace: &Path) -> Result<Vec<Finding>> {
    let output = cargo::output(cargo::cargo(workspace).args(["fmt", "--all", "--check"]))?;
    let text = String::from_utf8_lossy(&output.stdout);
    Ok(UNFORMATTED
        .captures_iter(&text)
        .map(|captures| {
            let path = Path::new(&captures["path"]);
            Finding::new(
                path.strip_prefix(root).unwrap_or(path),
                captures["line"].parse().unwrap_or(1),
                "not formatted as rustfmt does",
                "run `cargo fmt` in listings/",
            )
        })
        .collect())
}

/// What clippy says, less the warnings that a listing is there to show: its manifest names them, in
/// `package.metadata.book.warnings`, and each must come, exactly as often as it is named.
fn warnings(book: &Book, workspace: &Path) -> Result<Vec<Finding>> {
    let said = cargo::messages(cargo::cargo(workspace).args([
        "clippy",
        "--workspace",
        "--all-targets",
        "--message-format=json",
    ]))?;
    let mut wanted = BTreeMap::new();
    for name in book.listings() {
        let manifest = Path::new("listings").join(&name).join("Cargo.toml");
        wanted.insert(workspace.join(&name), (manifest, Metadata::read(book, &name).warnings));
    }

    let mut findings = BTreeSet::new();
    // Package, lint, place.
    let mut met = BTreeSet::new();
    for diagnostic in said.diagnostics {
        let expected = wanted
            .get(&diagnostic.package)
            .is_some_and(|(_, codes)| codes.contains(&diagnostic.code));
        if expected {
            // The program and its tests are compiled apart, and say the same thing twice: a place counts once.
            met.insert((diagnostic.package, diagnostic.code, diagnostic.place));
            continue;
        }
        let (path, line) = diagnostic.place.unwrap_or_else(|| (PathBuf::from("Cargo.toml"), 1));
        let code = if diagnostic.code.is_empty() {
            String::new()
        } else {
            format!("[{}]", diagnostic.code)
        };
        findings.insert(Finding::new(
            Path::new("listings").join(path),
            line,
            format!("{}{code}: {}", diagnostic.level, diagnostic.message),
            "`cargo clippy --all-targets` in listings/ says more",
        ));
    }
    for (folder, (manifest, codes)) in wanted {
        for code in codes.iter().collect::<BTreeSet<_>>() {
            let times = codes.iter().filter(|other| *other == code).count();
            let came = met
                .iter()
                .filter(|(package, other, _)| *package == folder && other == code)
                .count();
            if came != times {
                findings.insert(Finding::new(
                    &manifest,
                    1,
                    format!("this listing must warn of `{code}` {times} times, and does {came} times"),
                    "mend the listing, or `package.metadata.book.warnings` in its manifest",
                ));
            }
        }
    }
    Ok(findings.into_iter().collect())
}

/// What became of the tests of one program.
struct Tests {
    /// `03-block-on`, or `support/clients`.
    listing: String,
    /// The names of the tests that passed, with their modules.
    passed: BTreeSet<String>,
    failures: Vec<Finding>,
}

impl Tests {
    /// Whether `test` of `listing` is among those that passed. It may go without its module, or the outer ones of them.
    fn prove(&self, listing: &str, test: &str) -> bool {
        let is_it = |name: &String| {
            name.strip_suffix(test)
                .is_some_and(|rest| rest.is_empty() || rest.ends_with("::"))
        };
        self.listing == listing && self.passed.iter().any(is_it)
    }
}

/// Does `work`, which runs a test program or several, for all `items` at once: most of their time, they wait.
fn side_by_side<I: Sync, T: Send>(items: &[I], work: impl Fn(&I) -> Result<T> + Sync) -> Result<Vec<T>> {
    let work = &work;
    thread::scope(|scope| {
        let running: Vec<_> = items.iter().map(|item| scope.spawn(move || work(item))).collect();
        running
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    })
}

fn run(root: &Path, program: &TestProgram) -> Result<Tests> {
    let folder = program.package.strip_prefix(root).unwrap_or(&program.package);
    let mut tests = Tests {
        listing: listing(root, program),
        passed: BTreeSet::new(),
        failures: Vec::new(),
    };
    let Some(text) = program.run(LIMIT)? else {
        tests.failures.push(Finding::new(
            folder.join("Cargo.toml"),
            1,
            format!("the tests do not end in {} s", LIMIT.as_secs()),
            format!(
                "run `cargo test` in {}, and give what hangs a deadline",
                slashes(folder)
            ),
        ));
        return Ok(tests);
    };
    for Test { name, path, outcome } in libtest::read(&text) {
        match outcome {
            Outcome::Passed => drop(tests.passed.insert(path)),
            Outcome::Ignored => {}
            Outcome::Failed(panic) => {
                let panic = panic.unwrap_or_else(|| Panic {
                    path: folder.join("src/tests.rs"),
                    line: 1,
                    message: "no message".to_owned(),
                });
                tests.failures.push(Finding::new(
                    panic.path,
                    panic.line,
                    format!("test `{name}` fails: {}", panic.message),
                    format!("run `cargo test {name}` in {}", slashes(folder)),
                ));
            }
        }
    }
    if !text.contains("\ntest result: ok.") && tests.failures.is_empty() {
        let lines: Vec<&str> = text.lines().collect();
        tests.failures.push(Finding::new(
            folder.join("Cargo.toml"),
            1,
            "the tests end otherwise than well",
            lines[lines.len().saturating_sub(5)..].join("\n"),
        ));
    }
    Ok(tests)
}

/// Proof marks and lines of a score whose test did not run and pass.
fn unproven(book: &Book, results: &[Tests]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for page in &book.pages {
        for proof in &page.proofs {
            let passed = results.iter().any(|tests| tests.prove(&proof.listing, &proof.test));
            if !passed {
                findings.push(Finding::new(
                    &page.path,
                    proof.line,
                    format!(
                        "the proof of this, `{}` of `{}`, did not run and pass",
                        proof.test, proof.listing
                    ),
                    "mend the test, or what the page says",
                ));
            }
        }
    }
    for listing in book.listings() {
        for cell in score::cells(book, &listing) {
            if !results.iter().any(|tests| tests.prove(&listing, &cell.test())) {
                findings.push(Finding::new(
                    score::path(&listing),
                    cell.line,
                    format!("the test of this line, `{}`, did not run and pass", cell.test()),
                    "correct the verdict; and `main.rs` must end on `#[cfg(test)]` and `mod score;`",
                ));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::book::tests::small_book;
    use crate::finding::tests::headlines;

    const WORKSPACE: (&str, &str) = (
        "listings/Cargo.toml",
        "[workspace]\nmembers = [\"[0-9]*\"]\nresolver = \"3\"\n",
    );
    const MANIFEST: &str = "[package]\nname = \"a\"\nversion = \"0.1.0\"\nedition = \"2024\"\n";

    fn found(files: &[(&str, &str)]) -> Vec<String> {
        let files: Vec<_> = [WORKSPACE].iter().chain(files).copied().collect();
        let (_folder, book) = small_book(&files);
        let mut found = headlines(&check(&book).unwrap());
        found.sort();
        found
    }

    #[test]
    fn a_failing_test_and_the_page_that_cites_it_are_found() {
        let main = "fn main() {}\n\n#[test]\nfn holds() {\n    assert!(std::env::args().count() == 0, \"it does not\");\n}\n\n#[test]\nfn stands() {}\n";
        assert_eq!(
            found(&[
                (
                    "src/page.md",
                    "<!-- proof: 01-a holds -->\n<!-- proof: 01-a stands -->\n"
                ),
                ("listings/01-a/Cargo.toml", MANIFEST),
                ("listings/01-a/src/main.rs", main),
            ]),
            [
                "listings/01-a/src/main.rs:5: test `holds` fails: it does not",
                "src/page.md:1: the proof of this, `holds` of `01-a`, did not run and pass",
            ]
        );
    }

    #[test]
    fn tests_that_end_without_a_result_are_found() {
        let main = "fn main() {}\n\n#[test]\nfn ends() {\n    std::process::exit(1);\n}\n";
        assert_eq!(
            found(&[
                ("src/page.md", "# Page\n"),
                ("listings/01-a/Cargo.toml", MANIFEST),
                ("listings/01-a/src/main.rs", main),
            ]),
            ["listings/01-a/Cargo.toml:1: the tests end otherwise than well"]
        );
    }

    #[test]
    fn a_score_whose_tests_do_not_run_is_found() {
        let score = "clients::score! {\n    silent: stays,\n    slow: others_wait,\n}\n";
        let main = "fn main() {}\n\n#[cfg(test)]\nmod score {\n    mod silent {\n        #[test]\n        fn stays() {}\n    }\n}\n";
        assert_eq!(
            found(&[
                ("src/page.md", "# Page\n"),
                ("listings/01-a/Cargo.toml", MANIFEST),
                ("listings/01-a/src/main.rs", main),
                ("listings/01-a/src/score.rs", score),
            ]),
            ["listings/01-a/src/score.rs:3: the test of this line, `slow::others_wait`, did not run and pass"]
        );
    }

    #[test]
    fn bad_format_and_an_unexpected_warning_are_found() {
        assert_eq!(
            found(&[
                ("src/page.md", "# Page\n"),
                ("listings/01-a/Cargo.toml", MANIFEST),
                ("listings/01-a/src/main.rs", "fn main() {\n  let x = 1;\n}\n"),
            ]),
            [
                "listings/01-a/src/main.rs:1: not formatted as rustfmt does",
                "listings/01-a/src/main.rs:2: warning[unused_variables]: unused variable: `x`",
            ]
        );
    }

    #[test]
    fn a_listing_that_must_warn_warns_exactly_so() {
        let manifest = format!("{MANIFEST}\n[package.metadata.book]\nwarnings = [\"unused_must_use\"]\n");
        let files = |main| {
            [
                ("src/page.md", "# Page\n"),
                ("listings/01-a/Cargo.toml", manifest.as_str()),
                ("listings/01-a/src/main.rs", main),
            ]
        };
        assert_eq!(found(&files("async fn f() {}\n\nfn main() {\n    f();\n}\n")), [""; 0]);
        assert_eq!(
            found(&files("fn main() {}\n")),
            ["listings/01-a/Cargo.toml:1: this listing must warn of `unused_must_use` 1 times, and does 0 times"]
        );
        assert_eq!(
            found(&files("async fn f() {}\n\nfn main() {\n    f();\n    f();\n}\n")),
            ["listings/01-a/Cargo.toml:1: this listing must warn of `unused_must_use` 1 times, and does 2 times"]
        );
    }

    #[test]
    fn an_exercise_must_fail_and_its_answer_must_pass() {
        let workspace = WORKSPACE.1.replace("[0-9]*", "exercises/*\", \"answers/*");
        let answer = MANIFEST.replace("\"a\"", "\"b\"");
        let library = |code: &str| format!("{code}\n\n#[test]\nfn adds() {{\n    assert_eq!(add(2, 2), 4);\n}}\n");
        let right = library("pub fn add(a: u8, b: u8) -> u8 {\n    a + b\n}");
        let wrong = library("pub fn add(a: u8, b: u8) -> u8 {\n    a * b + 1\n}");
        let found = |start: &str, solved: &str| {
            found(&[
                ("listings/Cargo.toml", workspace.as_str()),
                ("src/page.md", "# Page\n"),
                ("listings/exercises/a/Cargo.toml", MANIFEST),
                ("listings/exercises/a/src/lib.rs", "//! Add.\n"),
                ("listings/exercises/a/tests/adds.rs", start),
                ("listings/answers/a/Cargo.toml", answer.as_str()),
                ("listings/answers/a/src/lib.rs", solved),
            ])
        };

        assert_eq!(found(&wrong, &right), [""; 0]);
        assert_eq!(
            found(&right, &wrong),
            [
                "listings/answers/a/src/lib.rs:7: test `adds` fails: assertion `left == right` failed",
                "listings/exercises/a/src/lib.rs:1: no test fails by an assertion: this exercise is done already, or its tests do not run",
            ]
        );
    }
}
