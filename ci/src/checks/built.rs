//! The book as mdBook builds it: its HTML, and its Markdown with the includes expanded.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use anyhow::{Context, Result};
use book::manuscript::page::address;
use book::manuscript::{self, Block, Book, Page};
use book::page;
use book::page::preprocess::Rewritten;
use book::reader::walk::Walk;
use mdbook_driver::MDBook;
use mdbook_driver::builtin_preprocessors::LinkPreprocessor;
use mdbook_preprocessor::{Preprocessor, PreprocessorContext};
use scraper::Selector;
use tempfile::TempDir;

/// A book that was built into a temporary folder, which is gone when this is dropped.
pub struct Built {
    /// All that mdBook has written: `index.html` and the rest.
    pub folder: TempDir,
    /// By the paths of the pages, as are the blocks, with their includes expanded by mdBook alone.
    pub html: BTreeMap<PathBuf, String>,
    pub blocks: BTreeMap<PathBuf, Vec<Block>>,
    /// What mdBook has warned of, though it went on.
    pub warnings: Vec<String>,
}

impl Built {
    pub fn new(book: &Book, walk: &Walk) -> Result<Self> {
        let root = &book.root;
        let expanding = thread::spawn({
            let root = root.clone();
            move || blocks(&root)
        });
        let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
        let mut config = manuscript::config(root)?;
        // The page for printing repeats all others, which takes half of the time; the index to search in, the other half.
        config.set("output.html.print.enable", false)?;
        config.set("output.html.search.enable", false)?;
        let log = tempfile::NamedTempFile::new()?;
        let listener = tracing_subscriber::fmt().with_max_level(tracing::Level::WARN).with_ansi(false).without_time();
        let listener = listener.with_level(false).with_target(false).with_writer(Arc::new(log.reopen()?)).finish();
        tracing::subscriber::with_default(listener, || {
            page::build(config, root, folder.path(), Rewritten::walked(book, walk, "html")?)
        })?;
        let warnings = fs::read_to_string(log.path())?.lines().map(str::to_owned).collect();
        let read = |page: &Page| {
            let html = fs::read_to_string(folder.path().join(address(&page.path)));
            Ok((page.path.clone(), html.with_context(|| format!("{} was not built", page.path.display()))?))
        };
        let html = book.pages.iter().map(read).collect::<Result<_>>()?;
        let blocks = expanding.join().expect("a panic is printed already")?;
        Ok(Self { folder, html, blocks, warnings })
    }
}

/// The blocks of each page, as mdBook's own preprocessor for includes expands them.
fn blocks(root: &Path) -> Result<BTreeMap<PathBuf, Vec<Block>>> {
    let book = MDBook::load_with_config(root, manuscript::config(root)?)?;
    let context = PreprocessorContext::new(root.to_owned(), book.config.clone(), "markdown".to_owned());
    let chapters = LinkPreprocessor::new().run(&context, book.book)?;
    let src = &book.config.book.src;
    let pages =
        chapters.chapters().filter_map(|it| Some(Page::new(src.join(it.source_path.as_ref()?), it.content.clone())));
    Ok(pages.map(|page| (page.path, page.blocks)).collect())
}

/// A selector that is known to be well formed.
pub fn selector(text: &str) -> Selector {
    Selector::parse(text).unwrap_or_else(|error| unreachable!("a selector of ours is malformed: {error}"))
}
