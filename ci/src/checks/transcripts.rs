//! Transcripts: each is run again, and shows what it showed.

use anyhow::Result;

use crate::book::Book;
use crate::finding::Finding;
use crate::transcript;

/// Finds transcripts whose commands print something else today.
pub fn check(book: &Book) -> Result<Vec<Finding>> {
    transcript::verify(&book.root, &book.transcripts())
}
