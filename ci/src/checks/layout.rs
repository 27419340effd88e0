//! Layout: what lies beside the pages is where it has to be, and says what it has to: the settings of the book, the
//! manifests and the lock file of the listings, the paths that the documents name.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use regex::Regex;

use crate::book::{Book, is_step, listing_of, pattern};
use crate::finding::Finding;

/// Where a link leads.
static TARGET: LazyLock<Regex> = LazyLock::new(|| pattern(r"\]\(([^)\s]+)\)"));

/// A path in the repository that is meant as it stands, without a NAME or a * in it.
static OWN_PATH: LazyLock<Regex> = LazyLock::new(|| pattern(r"`((?:ci|theme)/[a-z0-9_./-]*)`"));

const SETTINGS: &str = "book.toml";

/// The command that `book.toml` names for our preprocessor.
const PREPROCESSOR: &str = "cargo book preprocess";

/// The versions of the crates that the listings use.
const LOCK: &str = "listings/Cargo.lock";

/// Our styles, as `book.toml` names them.
const STYLES: &str = "theme/book.css";

/// Finds settings, listings and paths that are not as the book needs them.
pub fn check(book: &Book) -> Vec<Finding> {
    let mut findings = settings(&fs::read_to_string(book.root.join(SETTINGS)).unwrap_or_default());
    findings.extend(listings(book));
    findings.extend(documents(book));
    findings
}

/// Settings without which nobody gets the book that is checked here: we run our preprocessor ourselves.
fn settings(text: &str) -> Vec<Finding> {
    let settings: toml::Table = text.parse().unwrap_or_default();
    let get = |path: &[&str]| {
        let (first, rest) = path.split_first()?;
        rest.iter().try_fold(settings.get(*first)?, |value, key| value.get(key))
    };
    let mut findings = Vec::new();
    if get(&["preprocessor", "book", "command"]).and_then(toml::Value::as_str) != Some(PREPROCESSOR) {
        let line = text.lines().position(|line| line.trim() == "[preprocessor.book]");
        findings.push(Finding::new(
            SETTINGS,
            line.map_or(1, |index| index + 1),
            "mdBook would not run our preprocessor, and show blocks without figures",
            format!("write, under [preprocessor.book], command = \"{PREPROCESSOR}\""),
        ));
    }
    let styles = get(&["output", "html", "additional-css"]).and_then(toml::Value::as_array);
    if !styles.is_some_and(|styles| styles.iter().any(|style| style.as_str() == Some(STYLES))) {
        findings.push(Finding::new(
            SETTINGS,
            1,
            "the book is built without our styles: nothing marks the lines that are new",
            format!("write, under [output.html], additional-css = [\"{STYLES}\"]"),
        ));
    }
    findings
}

/// Folders that no command finds, since they have no manifest, and steps that go by different names.
fn listings(book: &Book) -> Vec<Finding> {
    let mut findings = Vec::new();
    if !book.sources.is_empty() && !book.root.join(LOCK).exists() {
        findings.push(Finding::new(
            LOCK,
            1,
            "this is not there: readers would get other crates than we test with",
            "take it from version control, or run `cargo test` in listings/ and add it",
        ));
    }
    let folders: BTreeSet<String> = book.sources.keys().filter_map(|path| listing_of(path)).collect();
    for name in folders {
        let folder = Path::new("listings").join(&name);
        let manifest = folder.join("Cargo.toml");
        let Some(source) = book.sources.get(&manifest) else {
            findings.push(Finding::new(
                manifest,
                1,
                format!("`{name}` has no manifest, so nothing compiles or tests it"),
                "add one, or remove the folder",
            ));
            continue;
        };
        let Some((number, slug)) = name.split_once('-').filter(|_| is_step(&name)) else {
            continue;
        };
        let package = format!("name = \"{slug}\"");
        if !source.text.lines().any(|line| line == package) {
            let line = source.text.lines().position(|line| line.starts_with("name"));
            findings.push(Finding::new(
                manifest,
                line.map_or(1, |index| index + 1),
                format!("the package of this step is not named `{slug}`"),
                format!("write {package}"),
            ));
        }
        let main = folder.join("src").join("main.rs");
        let opening = format!("//! Step {number}: ");
        if book
            .sources
            .get(&main)
            .is_some_and(|main| !main.text.starts_with(&opening))
        {
            findings.push(Finding::new(
                main,
                1,
                format!("this does not begin with `{}`", opening.trim_end()),
                "say there which step it is, and what is new in it",
            ));
        }
    }
    findings
}

/// Links and paths of the files beside the book that lead nowhere.
fn documents(book: &Book) -> Vec<Finding> {
    let mut findings = Vec::new();
    for name in ["README.md", "CONTRIBUTING.md"] {
        let text = fs::read_to_string(book.root.join(name)).unwrap_or_default();
        let headings: Vec<String> = text
            .lines()
            .filter(|line| line.starts_with('#'))
            .map(|line| id(line.trim_start_matches('#')))
            .collect();
        for (index, line) in text.lines().enumerate() {
            let targets = TARGET.captures_iter(line);
            let (targets, paths) = (
                targets.map(|found| found.extract::<1>().1[0]),
                OWN_PATH.captures_iter(line),
            );
            let paths = paths.map(|found| found.extract::<1>().1[0]);
            for target in targets.filter(|target| !target.contains(':')).chain(paths) {
                let (file, fragment) = target.split_once('#').unwrap_or((target, ""));
                let heading_is_there =
                    fragment.is_empty() || !file.is_empty() || headings.iter().any(|id| id == fragment);
                if !book.root.join(file).exists() || !heading_is_there {
                    findings.push(Finding::new(
                        name,
                        index + 1,
                        format!("`{target}` is not there"),
                        "correct the path, from the root of the repository, or the name of the heading",
                    ));
                }
            }
        }
    }
    findings
}

/// The id that a heading gets, where the file is shown.
fn id(heading: &str) -> String {
    let kept = heading
        .trim()
        .chars()
        .filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::book::tests::small_book;

    #[test]
    fn what_is_found_in_the_files_beside_the_pages() {
        let (_folder, book) = small_book(&[
            ("src/page.md", "# Page\n"),
            ("listings/Cargo.lock", ""),
            ("listings/01-a/Cargo.toml", "[package]\nname = \"a\"\n"),
            ("listings/01-a/src/main.rs", "//! Step 01: one.\n"),
            ("listings/02-b/Cargo.toml", "[package]\nname = \"bb\"\n"),
            ("listings/02-b/src/main.rs", "//! Step 01: one.\n"),
            ("listings/03-c/src/main.rs", "//! Step 03: three.\n"),
        ]);
        let findings: Vec<String> = check(&book)
            .iter()
            .filter(|finding| finding.path.starts_with("listings"))
            .map(|finding| finding.to_string().lines().next().unwrap().to_owned())
            .collect();
        assert_eq!(
            findings,
            [
                "listings/02-b/Cargo.toml:2: the package of this step is not named `b`",
                "listings/02-b/src/main.rs:1: this does not begin with `//! Step 02:`",
                "listings/03-c/Cargo.toml:1: `03-c` has no manifest, so nothing compiles or tests it",
            ]
        );
    }

    #[test]
    fn links_of_the_files_beside_the_book_are_followed() {
        let text = "# A file\n\nSee [it](#a-file), [that](#no), [one](src/page.md), [two](src/two.md), [far](https://a.b/c).\n\
            `ci/a.rs`, `ci/NAME.rs` and `ci/b.rs`.\n";
        let (_folder, book) = small_book(&[("src/page.md", "# Page\n"), ("README.md", text), ("ci/a.rs", "")]);
        let found: Vec<String> = documents(&book)
            .iter()
            .map(|finding| format!("{}: {}", finding.line, finding.message))
            .collect();
        assert_eq!(
            found,
            [
                "3: `#no` is not there",
                "3: `src/two.md` is not there",
                "4: `ci/b.rs` is not there"
            ]
        );
    }

    #[test]
    fn a_missing_lock_file_is_found() {
        let (_folder, book) = small_book(&[
            ("src/page.md", "# Page\n"),
            ("listings/01-a/Cargo.toml", "name = \"a\"\n"),
        ]);
        assert_eq!(listings(&book)[0].path, Path::new("listings/Cargo.lock"));
    }

    #[test]
    fn settings_that_show_another_book_are_found() {
        let right = "[preprocessor.book]\ncommand = \"cargo book preprocess\"\n[output.html]\nadditional-css = [\"theme/book.css\"]\n";
        assert_eq!(settings(right), []);
        let lines = |text: &str| settings(text).iter().map(|finding| finding.line).collect::<Vec<_>>();
        assert_eq!(lines(&format!("\n{}", right.replace("cargo book", "cargo boook"))), [2]);
        assert_eq!(lines(&right.replace("book.css", "other.css")), [1]);
        assert_eq!(lines(""), [1, 1]);
    }
}
