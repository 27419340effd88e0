//! What the preprocessor makes of a page: figures, boxes, downloads. And the book as HTML, as mdBook builds it.

use std::path::Path;

use anyhow::{Context, Result};
use mdbook_driver::MDBook;
use mdbook_driver::config::Config;

use preprocess::Rewritten;

pub mod archive;
pub mod figure;
pub mod preprocess;

/// Builds the HTML of the book below `root` into `destination`. Its pages are those that our preprocessor has rewritten
/// already: the command that `book.toml` has for it is a cargo, and a cargo inside a cargo could wait for itself.
pub fn build(mut config: Config, root: &Path, destination: &Path, pages: Rewritten) -> Result<()> {
    config.build.build_dir = destination.to_owned();
    let is_ours = config.contains_key("preprocessor.book");
    let mut book = MDBook::load_with_config(root, config)?;
    if is_ours {
        book.with_preprocessor(pages);
    }
    book.build().context("mdBook cannot build the book")
}
