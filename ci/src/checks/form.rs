//! Form: what Markdown, or we, would take for something else without a word. Marks are of a kind that the book knows,
//! tags are closed, tables have as many cells in each row, a fence fits the file it shows, a transcript can be read.

use std::path::Path;
use std::sync::LazyLock;

use pulldown_cmark::{Event, Parser};
use regex::Regex;

use crate::book::{Book, Page, line_of, listing_of, pattern};
use crate::finding::Finding;
use crate::programs::transcript::Transcript;

/// The opening or the closing of a tag, in HTML.
static TAG: LazyLock<Regex> = LazyLock::new(|| pattern(r"<(?P<end>/?)(?P<name>[a-z][a-z0-9]*)\b[^>]*>"));

/// The line below the heads of a table.
static DELIMITER: LazyLock<Regex> = LazyLock::new(|| pattern(r"^\|(\s*:?-+:?\s*\|)+$"));

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
    for page in &book.pages {
        let problems = lines(page).into_iter().chain(tags(page)).chain(fences(page));
        findings.extend(problems.map(|(line, message, help)| Finding::new(&page.path, line, message, help)));
    }
    findings
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
    fn a_transcript_that_cannot_be_read_is_found() {
        let session = "$ cargo run\n\n$ wget http://127.0.0.1:7878/\n";
        let (_folder, book) = small_book(&[("src/page.md", "# Page\n"), ("listings/01-a/out/a.console", session)]);
        let findings = check(&book);
        assert_eq!(findings.len(), 1, "{findings:#?}");
        assert_eq!(findings[0].line, 3);
    }
}
