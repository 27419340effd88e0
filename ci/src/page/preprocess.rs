//! The mdBook preprocessor: what happens to the pages before mdBook expands their includes.
//!
//! `book.toml` names it as `cargo book preprocess`: it runs in every build, in `mdbook build` and `mdbook serve` too.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use mdbook_preprocessor::book::Book as Chapters;
use mdbook_preprocessor::{Preprocessor, PreprocessorContext};

use crate::manuscript::{Book, Page, includes};
use crate::page::figure;
use crate::reader::walk::{self, Walk};

/// Our preprocessor, for a mdBook in this process: the pages as they are rewritten, by their paths.
pub struct Rewritten(BTreeMap<PathBuf, String>);

impl Rewritten {
    /// The pages as `renderer` gets them. Refuses a wrong include: mdBook would show an empty block, and be content.
    pub fn new(book: &Book, renderer: &str) -> Result<Self> {
        let findings: Vec<String> = includes::check(book).iter().map(ToString::to_string).collect();
        ensure!(findings.is_empty(), "the book is not built, because of its includes:\n{}", findings.join("\n"));
        Self::walked(book, &walk::walk(book), renderer)
    }

    /// The pages of a book whose includes are right, and that somebody has walked through.
    pub fn walked(book: &Book, walk: &Walk, renderer: &str) -> Result<Self> {
        let lock = fs::read_to_string(book.root.join("listings").join("Cargo.lock")).unwrap_or_default();
        let rewritten = |page: &Page| {
            let text = rewrite(page, walk, &lock, renderer);
            Ok((page.path.clone(), text.with_context(|| format!("cannot rewrite {}", page.path.display()))?))
        };
        book.pages.iter().map(rewritten).collect::<Result<_>>().map(Self)
    }
}

impl Preprocessor for Rewritten {
    fn name(&self) -> &str {
        "book"
    }

    fn run(&self, context: &PreprocessorContext, mut chapters: Chapters) -> Result<Chapters> {
        chapters.for_each_chapter_mut(|chapter| {
            let path = chapter.source_path.as_ref().map(|path| context.config.book.src.join(path));
            if let Some(text) = path.and_then(|path| self.0.get(&path)) {
                chapter.content.clone_from(text);
            }
        });
        Ok(chapters)
    }
}

/// Reads a book from standard input, rewrites it, and prints it: for a mdBook that has started us.
pub fn run() -> Result<()> {
    let (context, chapters) =
        mdbook_preprocessor::parse_input(io::stdin()).context("cannot read the book that mdBook sent")?;
    let book = Book::from_chapters(&context.root, &context.config.book.src, chapters.chapters());
    let chapters = Rewritten::new(&book, &context.renderer)?.run(&context, chapters)?;
    serde_json::to_writer(io::stdout(), &chapters).context("cannot hand the book back to mdBook")
}

/// The Markdown of a page as `renderer` gets it. `lock` is the lock file of the listings.
fn rewrite(page: &Page, walk: &Walk, lock: &str, renderer: &str) -> Result<String> {
    // One more, for what follows the last. None is removed: the lines of the chapter keep their numbers.
    let mut lines: Vec<String> = page.text.lines().map(str::to_owned).chain([String::new()]).collect();
    // Proof marks and captions are for us, not for the reader's browser.
    let captions = page.blocks.iter().filter_map(|block| block.caption.as_ref());
    for mark in page.proofs.iter().map(|proof| proof.line).chain(captions.map(|caption| caption.line)) {
        lines[mark - 1].clear();
    }
    for removal in &page.removals {
        lines[removal.line - 1] = removal.sentence();
    }
    // Other renderers get the blocks as they are.
    if renderer == "html" {
        for (block, html) in figure::figures(walk, page) {
            lines[block.line - 1..block.end].iter_mut().for_each(String::clear);
            lines[block.line - 1] = html;
        }
        for end in walk.ends.iter().rev().filter(|end| end.page == page.path) {
            let line = &mut lines[end.line - 1];
            *line = format!("\n{}\n{line}", figure::end_html(end, lock)?);
        }
    }
    Ok(lines.join("\n"))
}
