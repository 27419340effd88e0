//! The built book in a browser: every page can be read in every theme, at every width, with the keyboard and without
//! JavaScript, and every block shows and copies its lines.
//!
//! What is looked at, and how, is in `browser.js`.

use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::Skipped;
use crate::book::{Block, Book, Page};
use crate::finding::Finding;
use crate::html::browser;
use crate::reader::walk::{self, Figure, Walk};

/// What to do about what is wrong with a page.
const LOOK: &str = "open the page in a browser";

/// Finds what a browser shows otherwise than it should. Without a browser there is nothing to look with.
pub fn check(book: &Book) -> Result<Vec<Finding>> {
    let Some(program) = browser::find() else {
        bail!(Skipped("no Chromium (set CHROME or install it)".to_owned()));
    };
    look(book, book.built()?.folder(), &program)
}

/// Looks at the pages of `book`, built in `folder`, with the browser `program`.
fn look(book: &Book, folder: &Path, program: &Path) -> Result<Vec<Finding>> {
    let addresses: Vec<String> = book.pages.iter().map(Page::address).collect();
    let question = serde_json::to_string(&addresses)?;
    let answer = browser::ask(program, folder, include_str!("browser.js"), &question)?;
    let answer: Value = serde_json::from_str(&answer).context("cannot read what the browser says")?;
    if let Some(error) = answer["error"].as_str() {
        bail!("browser.js has failed: {error}");
    }

    let walk = walk::walk(book);
    let mut findings = Vec::new();
    for told in answer["findings"].as_array().into_iter().flatten() {
        let message = told["message"].as_str().unwrap_or_default();
        let Some(page) = book.pages.iter().find(|page| told["page"] == page.address()) else {
            let help = "the style is mended here, also where it comes from mdBook";
            findings.push(Finding::new("theme/book.css", 1, message, help));
            continue;
        };
        // What is not about a figure is about the page.
        let figure = figures(&walk, page)
            .zip(0..)
            .find(|(_, index)| told["figure"] == *index);
        let line = figure.map_or(1, |((block, _), _)| block.line);
        findings.push(Finding::new(&page.path, line, message, LOOK));
    }
    for page in &book.pages {
        let shown = answer["figures"].as_array().into_iter().flatten();
        let shown: Vec<&Value> = shown.filter(|shown| shown["page"] == page.address()).collect();
        let figures: Vec<_> = figures(&walk, page).collect();
        if shown.len() != figures.len() {
            let message = format!("the browser shows {} of the {} listings", shown.len(), figures.len());
            findings.push(Finding::new(&page.path, 1, message, LOOK));
            continue;
        }
        for ((block, figure), shown) in figures.into_iter().zip(shown) {
            findings.extend(
                difference(figure, shown).map(|(what, diff)| {
                    Finding::new(&page.path, block.line, format!("{what} is not the listing"), diff)
                }),
            );
        }
    }
    Ok(findings)
}

/// The blocks of a page that are figures, in order.
fn figures<'w>(walk: &'w Walk, page: &'w Page) -> impl Iterator<Item = (&'w Block, &'w Figure)> {
    page.blocks
        .iter()
        .filter_map(|block| Some((block, walk.figures.get(&(page.path.clone(), block.line))?)))
}

/// The first text of a figure that is not what the listing has, and how it differs.
fn difference(figure: &Figure, shown: &Value) -> Option<(&'static str, String)> {
    let lines = |all: bool| -> String {
        let lines = figure.lines.iter().filter(|line| all || line.visible);
        lines.map(|line| format!("{}\n", line.text)).collect()
    };
    let texts = [
        ("visible", "what is copied", lines(false)),
        ("all", "what is copied with the hidden lines open", lines(true)),
        ("plain", "what is shown without JavaScript", lines(false)),
    ];
    texts.into_iter().find_map(|(name, what, expected)| {
        // Whether the last line ends is all the same.
        let text = shown[name].as_str().unwrap_or_default().trim_end().to_owned() + "\n";
        let expected = expected.trim_end().to_owned() + "\n";
        let diff = similar::TextDiff::from_lines(&expected, &text);
        (expected != text).then(|| {
            let mut diff = diff.unified_diff();
            (
                what,
                diff.context_radius(1).header("the listing", "the browser").to_string(),
            )
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::book::tests::small_book;
    use crate::html::{built, figure};

    const MANIFEST: &str = "[package]\nname = \"a\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\n";
    const PAGE: &str = "# Page\n\n```rust\n{{#rustdoc_include ../listings/01-a/src/main.rs:main}}\n```\n\n```rust\n{{#rustdoc_include ../listings/01-a/src/main.rs:run}}\n```\n\n## Next\n\n```rust\n{{#rustdoc_include ../listings/02-b/src/main.rs:run}}\n```\n";
    const FIRST: &str = "// ANCHOR: main\nfn main() {\n    run();\n}\n// ANCHOR_END: main\n\n// ANCHOR: run\nfn run() {\n    /* One\n    long comment. */\n\n    two();\n}\n// ANCHOR_END: run\n";
    const SECOND: &str = "fn main() {\n    run();\n}\n\n// ANCHOR: run\nfn run() {\n    // A comment.\n    /* One\n    long comment. */\n\n    let three = 3;\n}\n// ANCHOR_END: run\n";

    /// A picture that goes with the theme.
    const PICTURE: &str =
        "<rect width=\"90\" height=\"30\" fill=\"none\"/><text y=\"20\" fill=\"currentColor\">text</text>";

    /// What is found in a small book with a `picture`, the styles of the book, and `defects`. Nothing if there is no
    /// browser.
    fn found(picture: &str, defects: &str) -> Option<Vec<String>> {
        let Some(program) = browser::find() else {
            println!("not tested: there is no browser");
            return None;
        };
        let listings = [
            ("listings/01-a/Cargo.toml", MANIFEST),
            ("listings/01-a/src/main.rs", FIRST),
            ("listings/02-b/Cargo.toml", MANIFEST),
            ("listings/02-b/src/main.rs", SECOND),
        ];
        let (_folder, book) = small_book(&[&listings[..], &[("src/page.md", PAGE)]].concat());
        let walk = walk::walk(&book);
        assert_eq!(walk.findings, []);

        // The preprocessor is another program than this one: we do its work.
        let mut page = String::from("# Page\n\n");
        for html in figure::figures(&walk, &book.pages[0]).values() {
            page += html;
            page += "\n";
        }
        page += &format!("<figure><svg viewBox=\"0 0 90 30\">{picture}</svg></figure>\n");
        let styles = include_str!("../../../theme/book.css").to_owned() + defects;
        let (built, _book) = small_book(&[
            (
                "book.toml",
                "[book]\ntitle = \"Small\"\n[output.html]\nadditional-css = [\"book.css\"]\n",
            ),
            ("book.css", &styles),
            ("src/page.md", &page),
        ]);
        let folder = built.path().join("book");
        built::build(built.path(), &folder).unwrap();
        let findings = look(&book, &folder, &program).unwrap();
        Some(findings.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_book_that_can_be_read_is_no_finding() {
        if let Some(found) = found(PICTURE, "") {
            assert_eq!(found, [""; 0]);
        }
    }

    #[test]
    fn styles_that_are_in_the_way_are_found() {
        let defects = "
            figure.listing ins::before { top: 0; border-color: #008000 !important; }
            figure.listing .line { display: block; }
            .ayu .hljs-keyword { color: #444; }
            figcaption { min-width: 500px; }
            button:focus-visible { outline: none; }
        ";
        let picture = "<rect width=\"90\" height=\"30\" fill=\"#888\"/><text y=\"20\" fill=\"#777\">text</text>";
        let Some(found) = found(picture, defects) else { return };
        for expected in [
            "src/page.md:13: the mark is not beside its line, hidden lines closed: // A comment.",
            "src/page.md:3: what is copied is not the listing",
            "src/page.md:1: the page is wider than a window of 390 px, hidden lines open: figcaption ",
            "theme/book.css:1: in the theme ayu, the contrast of the text of .hljs-keyword is ",
            "src/page.md:1: picture 1 of the page keeps its colours when the theme changes",
            "theme/book.css:1: in the theme navy, the contrast of the text of <text> is ",
            "theme/book.css:1: nobody sees that figure.listing button has the focus, ",
            "theme/book.css:1: the marks keep their colour when the theme changes, ",
        ] {
            assert!(
                found.iter().any(|finding| finding.starts_with(expected)),
                "{expected}\n\n{}",
                found.join("\n")
            );
        }
    }

    #[test]
    fn hidden_lines_that_show_without_javascript_are_found() {
        let defects = "html:not(.js) pre .boring { display: inline; }";
        if let Some(found) = found(PICTURE, defects) {
            let expected = "src/page.md:3: what is shown without JavaScript is not the listing\n";
            assert!(found[0].starts_with(expected), "{}", found.join("\n"));
        }
    }
}
