//! Finds transcripts whose commands print something else when they are run again. `cargo book bless` writes down what
//! happens.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context as _, Result};
use book::finding::Finding;
use book::manuscript::{Book, Listing, slashes};
use book::reader::files::{self, Files, reader_files};
use book::reader::walk::Walk;

use crate::cache::{Cache, hash};
use crate::check::{Context, Skipped};
use crate::generators::Generated;
use crate::run::normalise::keep_same;
use crate::run::session::Session;
use crate::run::transcript::{Command, Transcript};
use crate::run::workshop::{LIMIT, Workshop};
use crate::run::{cargo, side_by_side};

pub fn check(context: &Context) -> Result<Vec<Finding>> {
    let (files, mut findings) = capture(context, |_| {})?;
    findings.extend(files.iter().filter_map(|file| file.check(&context.book.root)));
    Ok(findings)
}

/// Runs transcripts that have not passed as they are. Gives what happens instead of what is in the files, and what can't
/// be run, and tells `progress` what it has done. It is [`Skipped`] where the operating system words things otherwise.
pub fn capture(context: &Context, progress: fn(String)) -> Result<(Vec<Generated>, Vec<Finding>)> {
    if !cfg!(target_os = "linux") {
        return Err(Skipped("transcripts show what Linux prints, and are run there".to_owned()).into());
    }
    let (book, walk) = (&context.book, context.walk()?);
    // Without curl, nothing that needs it passes.
    let curl = cargo::stdout(cargo::program("curl").arg("--version")).ok();
    let judge = (cargo::compiler(&book.root)?, curl, fs::read_to_string(book.root.join("listings/Cargo.lock")).ok());
    let cache = Cache::open(&book.root, "transcripts", &judge)?;
    let (mut made, mut findings) = (Vec::new(), Vec::new());
    let read = |path: &PathBuf| Recording::read(book, walk, path).map_err(|finding| findings.push(finding)).ok();
    let paths = book.sources.keys().filter(|path| path.extension() == Some(OsStr::new("console")));
    let recordings = paths.filter_map(read);
    let recordings: Vec<_> = recordings.filter(|recording| cache.get(&recording.inputs).is_none()).collect();
    if recordings.is_empty() {
        return Ok((made, findings));
    }
    let (workshop, begun) = (Workshop::open(book)?, Instant::now());
    let report = |what, recording: &Recording| {
        let path = slashes(&recording.transcript.path);
        progress(format!("{what:<12} {:>6.2} s  {path}", begun.elapsed().as_secs_f32()));
    };
    // Everything is compiled before anything is measured.
    let compiled = recordings.iter().map(|recording| {
        let session = recording.compile(&workshop);
        report("compiled", recording);
        (recording, session)
    });
    let results = side_by_side(compiled.collect(), |(recording, session): (_, Result<Session, Finding>)| {
        let text = session?.finish();
        report("run", recording);
        text
    });
    for (recording, result) in recordings.iter().zip(results) {
        match result.map(|text| keep_same(recording.text, &text)) {
            Ok(text) if text == recording.text => cache.add(&recording.inputs, "")?,
            Ok(text) => made.push(Generated { path: recording.transcript.path.clone(), text }),
            Err(finding) => findings.push(finding),
        }
    }
    Ok((made, findings))
}

/// A transcript, and what it is a recording of.
struct Recording<'a> {
    transcript: Transcript,
    text: &'a str,
    listing: &'a Listing,
    /// What the reader has by then.
    files: Files,
    inputs: u64,
}

impl<'a> Recording<'a> {
    fn read(book: &'a Book, walk: &Walk, path: &Path) -> Result<Self, Finding> {
        let text = &book.sources[path].text;
        let transcript = Transcript::parse(path, text)?;
        let found = |error| Finding::new(path, 1, "there is no project to run this in", format!("{error:#}"));
        let listing = book.listing_of(path).context("it stands in no listing").map_err(found)?;
        // Perhaps no page shows it yet.
        let files = walk.sessions.get(path).cloned();
        let files = files.map_or_else(|| reader_files(book, listing), Ok).map_err(found)?;
        let inputs = hash(&(path, text, &listing.name, &files));
        Ok(Self { transcript, text, listing, files, inputs })
    }

    fn compile(&self, workshop: &Workshop) -> Result<Session<'_>, Finding> {
        let path = &self.transcript.path;
        let place = Path::new(&self.listing.name).join(path.file_stem().unwrap_or_default());
        let name = files::project(workshop.book, self.listing);
        let builds: Vec<_> = self.transcript.commands.iter().filter_map(Command::build).collect();
        let project = workshop.project(&place, &name, &self.files, &builds);
        let project = project
            .map_err(|error| Finding::new(path, 1, "the project to run this in can't be made", format!("{error:#}")))?;
        Session::begin(&self.transcript, project, LIMIT)
    }
}

#[cfg(test)]
mod tests;
