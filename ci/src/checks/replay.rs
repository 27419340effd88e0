//! Replay: whoever does what the built pages say, from `cargo new` on, has each listing in front of them.

use anyhow::Result;

use crate::book::Book;
use crate::finding::Finding;
use crate::reader::replay;

/// Finds where a reader of the HTML is stuck, and what they have else than the page says.
pub fn check(book: &Book) -> Result<Vec<Finding>> {
    Ok(replay::replay(book, &replay::read(book)?).findings)
}
