//! The mdBook preprocessor: what happens to the pages before mdBook expands their includes.
//!
//! `book.toml` names it as `cargo book preprocess`. mdBook hands it the book on standard input and reads the book it
//! prints. It runs in every build, so in `mdbook build` and `mdbook serve` too.

use std::fs;
use std::io;

use anyhow::{Context, Result, bail};

use crate::book::{Book, Page};
use crate::checks;
use crate::html::figure;
use crate::reader::walk::{self, Walk};

/// A page that is being rewritten, and all that is known of the book.
struct Rewriting<'a> {
    page: &'a Page,
    walk: &'a Walk,
    /// The lock file of the listings.
    lock: &'a str,
    /// What takes the place of each line of the page; one more, for what follows the last.
    lines: Vec<String>,
}

/// A rewriting of one page.
type Pass = fn(&mut Rewriting<'_>) -> Result<()>;

/// The rewritings, in the order in which they run.
const PASSES: &[Pass] = &[drop_marks];

/// Those for HTML alone: other renderers get the blocks as they are.
const HTML_PASSES: &[Pass] = &[show_figures, show_ends];

/// Reads a book from standard input, checks its includes, rewrites its pages and prints it.
///
/// Refuses a book with a broken include: mdBook would render an empty block and call it a success.
pub fn run() -> Result<()> {
    let (context, mut mdbook) =
        mdbook_preprocessor::parse_input(io::stdin()).context("cannot read the book that mdBook sent")?;
    let book = Book::from_chapters(&context.root, &context.config.book.src, mdbook.chapters())?;

    let findings = checks::includes::check(&book);
    if !findings.is_empty() {
        let lines: Vec<String> = findings.iter().map(ToString::to_string).collect();
        bail!("the book is not built, because of its includes:\n{}", lines.join("\n"));
    }

    let walk = walk::walk(&book);
    let lock = fs::read_to_string(context.root.join("listings").join("Cargo.lock")).unwrap_or_default();
    let mut result = Ok(());
    mdbook.for_each_chapter_mut(|chapter| {
        let Some(path) = &chapter.source_path else { return };
        let path = context.config.book.src.join(path);
        let Some(page) = book.pages.iter().find(|page| page.path == path) else {
            return;
        };
        match rewrite(page, &walk, &lock, &context.renderer) {
            Ok(text) => chapter.content = text,
            Err(error) => result = Err(error.context(format!("cannot rewrite {}", page.path.display()))),
        }
    });
    result?;
    serde_json::to_writer(io::stdout(), &mdbook).context("cannot hand the book back to mdBook")
}

/// The Markdown of a page as `renderer` gets it. `lock` is the lock file of the listings.
pub fn rewrite(page: &Page, walk: &Walk, lock: &str, renderer: &str) -> Result<String> {
    let mut rewriting = Rewriting {
        page,
        walk,
        lock,
        lines: page.text.lines().map(str::to_owned).chain([String::new()]).collect(),
    };
    let html_passes = HTML_PASSES.iter().filter(|_| renderer == "html");
    for pass in PASSES.iter().chain(html_passes) {
        pass(&mut rewriting)?;
    }
    Ok(rewriting.lines.join("\n"))
}

/// Takes the proof marks and captions out: they are for us, not for the reader's browser.
fn drop_marks(rewriting: &mut Rewriting<'_>) -> Result<()> {
    let proofs = rewriting.page.proofs.iter().map(|proof| proof.line);
    let captions = rewriting.page.blocks.iter().filter_map(|block| block.caption.as_ref());
    for line in proofs.chain(captions.map(|caption| caption.line)) {
        let line = &mut rewriting.lines[line - 1];
        if line.trim_start().starts_with("<!--") {
            // Emptied, not removed: the lines of the chapter keep their numbers.
            line.clear();
        }
    }
    Ok(())
}

/// Makes a figure of each block that is one include.
fn show_figures(rewriting: &mut Rewriting<'_>) -> Result<()> {
    let figures = figure::figures(rewriting.walk, rewriting.page);
    for block in &rewriting.page.blocks {
        if let Some(html) = figures.get(&block.line) {
            for line in &mut rewriting.lines[block.line - 1..block.end] {
                line.clear();
            }
            rewriting.lines[block.line - 1] = html.clone();
        }
    }
    Ok(())
}

/// Puts what a step comes to where its page is done with it.
fn show_ends(rewriting: &mut Rewriting<'_>) -> Result<()> {
    let page = &rewriting.page.path;
    for end in rewriting.walk.ends.iter().filter(|end| end.page == *page) {
        let html = figure::end_html(end, rewriting.lock)?;
        let line = &mut rewriting.lines[end.line - 1];
        *line = format!("{html}\n{line}");
    }
    Ok(())
}
