//! Transcripts and timelines: each is run again, and shows what it showed.

use anyhow::Result;

use crate::book::Book;
use crate::finding::Finding;
use crate::generated::timelines;
use crate::programs::transcript;
use crate::programs::workshop::Workshop;

/// Finds transcripts whose commands print something else today, and timelines that are not what is measured.
pub fn check(book: &Book) -> Result<Vec<Finding>> {
    let workshop = Workshop::open(&book.root)?;
    let verify = || transcript::verify(&workshop, &book.transcripts());
    let (timelines, mut findings) = timelines::measure_beside(book, &workshop, verify)?;
    match timelines {
        Ok(timelines) => findings.extend(timelines.iter().filter_map(|timeline| timeline.check(&book.root))),
        Err(finding) => findings.push(finding),
    }
    Ok(findings)
}
