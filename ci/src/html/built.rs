//! The book as HTML, as mdBook builds it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use mdbook_driver::MDBook;
use mdbook_driver::config::Config;
use scraper::Selector;
use tempfile::TempDir;

use crate::book::{self, Page};

/// A book that was built into a temporary folder, which is gone when this is dropped.
///
/// Checks get it from [`Book::built`](crate::book::Book::built), which builds once for all of them.
pub struct Built {
    folder: TempDir,
    /// The HTML of each page, by the path of its Markdown.
    html: BTreeMap<PathBuf, String>,
}

impl Built {
    /// Builds the book below `root`, less what no check reads, and gives the HTML of `pages`.
    ///
    /// Refuses what [`build`] refuses, and a page that mdBook has not built.
    pub fn new(root: &Path, pages: &[Page]) -> Result<Self> {
        let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
        let mut config = book::config(root)?;
        // Somebody waits. No check reads the page for printing, which repeats all others, or the index to search in, or
        // minds what mdBook calls its own files.
        config.set("output.html.print.enable", false)?;
        config.set("output.html.search.enable", false)?;
        config.set("output.html.hash-files", false)?;
        build_as(config, root, folder.path())?;
        let mut html = BTreeMap::new();
        for page in pages {
            let text = fs::read_to_string(folder.path().join(page.address()))
                .with_context(|| format!("{} was not built", page.path.display()))?;
            html.insert(page.path.clone(), text);
        }
        Ok(Self { folder, html })
    }

    /// The HTML of `page`, a page of this book.
    pub fn html(&self, page: &Page) -> &str {
        self.html.get(&page.path).map_or("", String::as_str)
    }

    /// The folder with all that mdBook has written: `index.html` and the rest.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}

/// Builds the HTML of the book below `root` into `destination`.
///
/// Refuses what mdBook refuses, and broken includes: the preprocessor runs here too.
pub fn build(root: &Path, destination: &Path) -> Result<()> {
    build_as(book::config(root)?, root, destination)
}

/// Builds the book below `root` as `config` says, but into `destination`.
fn build_as(mut config: Config, root: &Path, destination: &Path) -> Result<()> {
    config.build.build_dir = destination.to_owned();
    MDBook::load_with_config(root, config)?
        .build()
        .context("mdBook cannot build the book")
}

/// A selector that is known to be well formed.
pub fn selector(text: &str) -> Selector {
    Selector::parse(text).unwrap_or_else(|error| unreachable!("a selector of ours is malformed: {error}"))
}

#[cfg(test)]
mod tests {
    use std::thread;

    use crate::book::tests::small_book;

    #[test]
    fn checks_side_by_side_share_one_build() {
        let (_folder, book) = small_book(&[("src/page.md", "# Page\n")]);
        thread::scope(|scope| {
            let checks: Vec<_> = (0..4).map(|_| scope.spawn(|| book.built().unwrap())).collect();
            for check in checks {
                assert!(std::ptr::eq(check.join().unwrap(), book.built().unwrap()));
            }
        });
        assert!(book.built().unwrap().html(&book.pages[0]).contains("id=\"page\""));
    }

    #[test]
    fn a_book_that_cannot_be_built_says_why_to_each_who_asks() {
        let (folder, book) = small_book(&[("src/page.md", "# Page\n")]);
        std::fs::write(folder.path().join("book.toml"), "[book\n").unwrap();
        for _ in 0..2 {
            let error = format!("{:#}", book.built().err().unwrap());
            assert!(error.contains("book.toml"), "{error}");
        }
    }
}
