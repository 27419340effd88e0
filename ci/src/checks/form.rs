//! Form: what Markdown, or we, would take for something else without a word. Marks are of a kind that the book knows,
//! tags are closed, tables have as many cells in each row, a fence fits the file it shows, a transcript can be read.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use pulldown_cmark::{Event, Parser};
use regex::Regex;

use crate::book::{Book, Page, is_step, line_of, listing_of, pattern};
use crate::finding::Finding;
use crate::programs::transcript::Transcript;

/// The opening or the closing of a tag, in HTML.
static TAG: LazyLock<Regex> = LazyLock::new(|| pattern(r"<(?P<end>/?)(?P<name>[a-z][a-z0-9]*)\b[^>]*>"));

/// Where a link leads.
static TARGET: LazyLock<Regex> = LazyLock::new(|| pattern(r"\]\(([^)\s]+)\)"));

/// A path in the repository that is meant as it stands, without a NAME or a * in it.
static OWN_PATH: LazyLock<Regex> = LazyLock::new(|| pattern(r"`((?:ci|theme)/[a-z0-9_./-]*)`"));

/// The line below the heads of a table.
static DELIMITER: LazyLock<Regex> = LazyLock::new(|| pattern(r"^\|(\s*:?-+:?\s*\|)+$"));

const SETTINGS: &str = "book.toml";

/// The command that `book.toml` names for our preprocessor.
const PREPROCESSOR: &str = "cargo book preprocess";

/// The versions of the crates that the listings use.
const LOCK: &str = "listings/Cargo.lock";

/// Our styles, as `book.toml` names them.
const STYLES: &str = "theme/book.css";

/// Tags that nothing closes.
const VOID: &[&str] = &["br", "hr", "img", "input", "wbr"];

/// Finds what would be shown otherwise than it is meant, or not at all.
pub fn check(book: &Book) -> Vec<Finding> {
    let mut findings: Vec<Finding> = book
        .transcripts()
        .iter()
        .filter_map(|path| Transcript::parse(path, &book.sources[path].text).err())
        .flatten()
        .collect();
    findings.extend(settings(
        &fs::read_to_string(book.root.join(SETTINGS)).unwrap_or_default(),
    ));
    findings.extend(listings(book));
    findings.extend(documents(book));
    for page in &book.pages {
        let problems = lines(page).into_iter().chain(tags(page)).chain(fences(page));
        findings.extend(problems.map(|(line, message, help)| Finding::new(&page.path, line, message, help)));
    }
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

/// A line, what is wrong with it, and what to do.
type Problem = (usize, String, String);

/// What can be seen in the lines of a page, one by one: those outside of its blocks.
fn lines(page: &Page) -> Vec<Problem> {
    let mut problems = Vec::new();
    // The number of cells of the table that goes on, and how many of its lines have gone by.
    let mut table: Option<(usize, usize)> = None;
    for (index, line) in page.text.lines().enumerate() {
        let number = index + 1;
        let mut find = |message: String, help: &str| problems.push((number, message, help.to_owned()));
        if page
            .blocks
            .iter()
            .any(|block| (block.line..=block.end).contains(&number))
        {
            continue;
        }
        if line.contains("<!--") && !["<!-- proof", "<!-- caption"].iter().any(|mark| line.starts_with(mark)) {
            find(
                "this comment is neither a proof mark nor a caption".to_owned(),
                "write <!-- proof: LISTING TEST_NAME --> or <!-- caption: TEXT -->, at the beginning of a line",
            );
        }
        if line.contains("{{") && !page.directives.iter().any(|directive| directive.line == number) {
            find(
                "`{{` begins nothing here, and would be shown".to_owned(),
                "write {{#include FILE:ANCHOR}}",
            );
        }
        if let Some(strange) = line.chars().find(|c| "“”‘’".contains(*c)) {
            find(
                format!("`{strange}` is typed"),
                "write \" or ': mdBook makes the right ones of them, and in code they would be wrong",
            );
        }
        if let Some(strange) = line
            .chars()
            .find(|c| "\u{a0}\u{ad}\u{200b}\u{200d}\u{2060}\u{feff}".contains(*c))
        {
            find(
                format!("U+{:04X} stands here, and nobody sees it", u32::from(strange)),
                "remove it",
            );
        }
        if let Some(note) = ["TODO", "FIXME"].iter().find(|note| line.contains(**note)) {
            find(
                format!("{note} is for us, and readers would see it"),
                "do it, or take it out",
            );
        }
        table = line.starts_with('|').then(|| match table {
            None => (cells(line), 1),
            Some((heads, before)) => {
                if before == 1 && !DELIMITER.is_match(line.trim_end()) {
                    find(
                        "this is no table: the line below its heads is missing".to_owned(),
                        "put | --- | below the first line, with as many as it has cells",
                    );
                } else if cells(line) != heads {
                    find(
                        format!("this row has {} cells, and the table {heads} columns", cells(line)),
                        "give it as many; a | that is not between cells is written \\|",
                    );
                }
                (heads, before + 1)
            }
        });
    }
    problems
}

/// The number of cells in a row of a table. A bar in backticks parts cells as well.
fn cells(row: &str) -> usize {
    row.trim_end().replace("\\|", "").matches('|').count() - 1
}

/// Tags that are not closed, or close nothing: what follows would be within them.
fn tags(page: &Page) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut open: Vec<(String, usize)> = Vec::new();
    let unclosed = |(name, line): (String, usize)| {
        (
            line,
            format!("<{name}> is not closed"),
            format!("write </{name}> where it ends: what follows would be within it"),
        )
    };
    for (event, range) in Parser::new(&page.text).into_offset_iter() {
        let (Event::Html(html) | Event::InlineHtml(html)) = event else {
            continue;
        };
        for tag in TAG.captures_iter(&html) {
            let name = tag["name"].to_owned();
            let offset = range.start + tag.get(0).map_or(0, |tag| tag.start());
            let line = line_of(&page.text, offset);
            if name == "pre" && tag["end"].is_empty() {
                problems.push((
                    line,
                    "a block is typed as HTML, where nothing checks it".to_owned(),
                    "put the text into a file below listings/ and include that, between ``` and ```".to_owned(),
                ));
            }
            if tag["end"].is_empty() {
                if !VOID.contains(&name.as_str()) {
                    // A fold in itself is a fold that was not closed: the book has none within another.
                    if let Some(at) = open.iter().position(|(other, _)| *other == name) {
                        problems.extend(open.drain(at..).map(unclosed));
                    }
                    open.push((name, line));
                }
            } else if let Some(at) = open.iter().rposition(|(other, _)| *other == name) {
                problems.extend(open.drain(at..).skip(1).map(unclosed));
            } else {
                problems.push((line, format!("</{name}> closes nothing"), "remove it".to_owned()));
            }
        }
    }
    problems.extend(open.into_iter().map(unclosed));
    problems
}

/// Fences that do not fit what their block shows: it would not be compiled, or not as the reader has it.
fn fences(page: &Page) -> Vec<Problem> {
    let mut problems = Vec::new();
    for block in &page.blocks {
        let Some(include) = block.include(&page.path) else {
            continue;
        };
        let Some(extension) = include.path.extension().and_then(|extension| extension.to_str()) else {
            continue;
        };
        let is_broken = listing_of(&include.path).is_some_and(|listing| listing.starts_with("broken/"));
        let is_tests = include.path.ends_with(Path::new("src/tests.rs"));
        let fence = match extension {
            "rs" if is_broken || is_tests => "rust,ignore",
            "rs" => "rust,no_run",
            "console" | "html" | "toml" => extension,
            _ => continue,
        };
        if block.info != fence {
            problems.push((
                block.line,
                format!("this fence says `{}`, and what it shows is `{fence}`", block.info),
                format!("write ```{fence}"),
            ));
        }
        // Nobody has the rest of our tests before them.
        let with_hidden_lines = extension == "rs" && !is_tests;
        if include.with_hidden_lines != with_hidden_lines {
            let directive = ["include", "rustdoc_include"][usize::from(with_hidden_lines)];
            problems.push((
                include.line,
                format!("this has to be `{directive}`"),
                "`rustdoc_include` is for the Rust of a program, and brings the rest of the file along; \
                 `include` is for all else"
                    .to_owned(),
            ));
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::book::tests::small_book;

    /// What is found in a page with these lines below its heading.
    fn found(page: &str) -> Vec<String> {
        let page = Page::new("src/page.md".into(), format!("# Page\n\n{page}"));
        let problems = lines(&page).into_iter().chain(tags(&page)).chain(fences(&page));
        problems
            .map(|(line, message, _)| format!("{line}: {message}"))
            .collect()
    }

    #[test]
    fn a_page_in_order_is_no_finding() {
        let page = "Say `Box<dyn Future>`.\n<!-- proof: 01-a works -->\n\n| a | b |\n| --- | :-: |\n| `x\\|y` | 2 |\n\n\
            <details>\n<summary><code>x</code><br></summary>\n\n<!-- caption: See -->\n\n```rust,no_run\n\
            {{#rustdoc_include ../listings/01-a/src/main.rs:a}}\n```\n\n</details>\n\n\
            ```rust,ignore\n{{#include ../listings/01-a/src/tests.rs:a}}\n```\n\n\
            ```console\n{{#include ../listings/01-a/out/a.console}}\n```\n";
        assert_eq!(found(page), [""; 0]);
    }

    #[test]
    fn marks_of_no_kind_are_found() {
        assert_eq!(
            found("<!-- prof: 01-a works -->\n<!--proof: 01-a works-->\n{{include x}}\n{{#include x}\n"),
            [
                "3: this comment is neither a proof mark nor a caption",
                "4: this comment is neither a proof mark nor a caption",
                "5: `{{` begins nothing here, and would be shown",
                "6: `{{` begins nothing here, and would be shown",
            ]
        );
    }

    #[test]
    fn characters_that_do_not_belong_into_a_page_are_found() {
        assert_eq!(
            found("C can’t.\nA\u{200b}B\nTODO: more\n"),
            [
                "3: `’` is typed",
                "4: U+200B stands here, and nobody sees it",
                "5: TODO is for us, and readers would see it",
            ]
        );
    }

    #[test]
    fn tables_that_are_none_and_rows_that_do_not_fit_are_found() {
        assert_eq!(
            found("| a | b |\n| c | d |\n\n| a | b |\n| --- | --- |\n| c d |\n"),
            [
                "4: this is no table: the line below its heads is missing",
                "8: this row has 1 cells, and the table 2 columns",
            ]
        );
    }

    #[test]
    fn tags_that_are_not_closed_are_found() {
        let fold = "<details>\n<summary>One <code>x</summary>\n\nText.\n\n";
        assert_eq!(
            found(&format!("{fold}{}</details>\n</figure>\n", fold.replace("<code>", ""))),
            [
                "4: <code> is not closed",
                "3: <details> is not closed",
                "14: </figure> closes nothing",
            ]
        );
        assert_eq!(found("<figure>\n"), ["3: <figure> is not closed"]);
        assert_eq!(
            found("<pre>\nx\n</pre>\n"),
            ["3: a block is typed as HTML, where nothing checks it"]
        );
    }

    #[test]
    fn fences_that_do_not_fit_are_found() {
        let block = |fence: &str, directive: &str, file: &str| {
            found(&format!("```{fence}\n{{{{#{directive} ../listings/{file}}}}}\n```\n"))
        };
        assert_eq!(
            block("rust,ignore", "rustdoc_include", "01-a/src/main.rs:a"),
            ["3: this fence says `rust,ignore`, and what it shows is `rust,no_run`"]
        );
        assert_eq!(
            block("rust,no_run", "rustdoc_include", "broken/a/src/main.rs:a"),
            ["3: this fence says `rust,no_run`, and what it shows is `rust,ignore`"]
        );
        assert_eq!(
            block("rust,no_run", "include", "01-a/src/main.rs:a"),
            ["4: this has to be `rustdoc_include`"]
        );
        assert_eq!(
            block("console", "rustdoc_include", "01-a/out/a.console"),
            ["4: this has to be `include`"]
        );
    }

    #[test]
    fn what_is_found_in_the_files_beside_the_pages() {
        let (_folder, book) = small_book(&[
            ("src/page.md", "# Page\n"),
            ("listings/Cargo.lock", ""),
            ("listings/01-a/Cargo.toml", "[package]\nname = \"a\"\n"),
            ("listings/01-a/src/main.rs", "//! Step 01: one.\n"),
            (
                "listings/01-a/out/a.console",
                "$ cargo run\n\n$ wget http://127.0.0.1:7878/\n",
            ),
            ("listings/02-b/Cargo.toml", "[package]\nname = \"bb\"\n"),
            ("listings/02-b/src/main.rs", "//! Step 01: one.\n"),
            ("listings/03-c/src/main.rs", "//! Step 03: three.\n"),
        ]);
        let findings: Vec<String> = check(&book)
            .iter()
            .filter(|finding| finding.path.starts_with("listings"))
            .map(|finding| finding.to_string().lines().next().unwrap().to_owned())
            .collect();
        assert_eq!(findings.len(), 4, "{findings:#?}");
        assert!(
            findings[0].starts_with("listings/01-a/out/a.console:3: "),
            "{}",
            findings[0]
        );
        assert_eq!(
            findings[1..],
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
