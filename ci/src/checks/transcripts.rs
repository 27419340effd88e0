//! Transcripts and timelines: each is run again, and shows what it showed.

use std::thread;

use anyhow::{Result, anyhow};

use crate::book::Book;
use crate::finding::Finding;
use crate::generated::timelines::Servers;
use crate::programs::transcript;
use crate::programs::workshop::Workshop;

/// Finds transcripts whose commands print something else today, and timelines that are not what is measured.
///
/// Both at the same time, for both spend most of it waiting.
pub fn check(book: &Book) -> Result<Vec<Finding>> {
    let workshop = Workshop::open(&book.root)?;
    let servers = Servers::start(book, &workshop);
    let (timelines, transcripts) = thread::scope(|scope| {
        let timelines = scope.spawn(|| servers.and_then(|servers| servers.measure(book)));
        let transcripts = transcript::verify(&workshop, &book.transcripts());
        (timelines.join(), transcripts)
    });
    let mut findings = transcripts?;
    match timelines.map_err(|_| anyhow!("the measuring of the timelines panicked"))? {
        Ok(timelines) => findings.extend(timelines.iter().filter_map(|timeline| timeline.check(&book.root))),
        Err(finding) => findings.push(finding),
    }
    Ok(findings)
}
