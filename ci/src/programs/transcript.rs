//! Transcripts: what a reader sees in one or more terminals, captured from real runs.
//!
//! An author writes the prompt lines into `listings/NN-slug/out/NAME.console`:
//!
//! ```console
//! server$ cargo run
//!
//! client$ curl -i http://127.0.0.1:7878/
//! ```
//!
//! [`bless`] runs them and writes down what is printed; [`verify`] runs them and compares.
//!
//! A command in another terminal is typed as soon as the one before it is under way: a server is
//! listening, a client has sent its request, a silent one (`curl telnet://...`) has connected. A
//! command in the same terminal is typed when the one before it has ended. `NAME$ ^C` is typed once
//! all others are quiet. Servers and silent clients that still run at the end are killed. An author
//! marks what a client prints as a race by a line `-- or --` below its prompt; every outcome is
//! recorded. All this happens in the reader's project, on a free port, shown as 7878.

mod normalise;
mod parse;
mod run;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;

use anyhow::{Context, Result, anyhow, bail};

use crate::finding::Finding;
use crate::generated::Blessed;
use crate::programs::workshop::{self, LIMIT, Workshop};
use normalise::{Mismatch, compare};
use parse::Action;
pub use parse::Transcript;
use run::{Purpose, run};

/// Runs the transcripts at `paths` (relative to the book's root, or below it), all at the same time, and
/// finds those that are not what happens.
///
/// Fails only when nothing can be run at all; what is wrong with one transcript is a finding.
pub fn verify(workshop: &Workshop, paths: &[PathBuf]) -> Result<Vec<Finding>> {
    let (runs, mut findings) = run_all(workshop, paths, Purpose::Check)?;
    for (transcript, text) in runs {
        if let Err(mismatch) = compare(&transcript.text, &text) {
            findings.push(not_what_happens(&transcript, &mismatch));
        }
    }
    findings.sort();
    Ok(findings)
}

/// Runs the transcripts at `paths` (relative to the book's root, or below it) and rewrites those that are not what happens.
///
/// A file that says the same as this run stays as it is: times alone make no difference. If one transcript can't
/// be run, none is written, and the error says at which lines.
pub fn bless(workshop: &Workshop, paths: &[PathBuf]) -> Result<Vec<Blessed>> {
    let (runs, findings) = run_all(workshop, paths, Purpose::Bless)?;
    if !findings.is_empty() {
        let lines: Vec<String> = findings.iter().map(Finding::to_string).collect();
        bail!("nothing is written, because not all could be run\n{}", lines.join("\n"));
    }
    let mut blessed = Vec::new();
    for (transcript, text) in runs {
        let mut diff = String::new();
        if let Err(mismatch) = compare(&transcript.text, &text) {
            let path = workshop.root().join(&transcript.path);
            fs::write(&path, &mismatch.text).with_context(|| format!("writing {}", path.display()))?;
            diff = mismatch.diff;
        }
        let path = transcript.path;
        blessed.push(Blessed { path, diff });
    }
    Ok(blessed)
}

/// The finding for a transcript that isn't what happens.
fn not_what_happens(transcript: &Transcript, mismatch: &Mismatch) -> Finding {
    let recorded = |command: &parse::Command| !command.recorded.concat().is_empty();
    let message = match transcript.commands.iter().any(recorded) {
        true => "this is not what happens when the commands are run",
        false => "these commands were never run",
    };
    let help = format!(
        "run `cargo book bless` if what happens is right (- in the file, + what happens):\n{}",
        mismatch.diff
    );
    Finding::new(&transcript.path, mismatch.line, message, help)
}

/// Transcripts with the text of a run, and what was found while running them.
type Runs = (Vec<(Transcript, String)>, Vec<Finding>);

/// Runs transcripts at the same time: most of the time they wait.
fn run_all(workshop: &Workshop, paths: &[PathBuf], purpose: Purpose) -> Result<Runs> {
    let root = workshop.root();
    let mut findings = Vec::new();
    let mut transcripts = Vec::new();
    for path in paths {
        let path = path.strip_prefix(root).unwrap_or(path);
        let text = fs::read_to_string(root.join(path)).with_context(|| format!("reading {}", path.display()))?;
        match Transcript::parse(path, &text) {
            Ok(transcript) => transcripts.push(transcript),
            Err(found) => findings.extend(found),
        }
    }
    if let Some(finding) = missing_curl(&transcripts) {
        transcripts.retain(|transcript| !uses_curl(transcript));
        findings.push(finding);
    }

    for transcript in &transcripts {
        if let Ok(listing) = listing(transcript) {
            workshop.build_dependencies(listing, builds(transcript))?;
        }
    }
    let results: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = transcripts
            .into_iter()
            .map(|transcript| {
                scope.spawn(move || {
                    let text = run_one(workshop, &transcript, purpose);
                    text.map(|text| (transcript, text))
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join()).collect()
    });
    let mut runs = Vec::new();
    for result in results {
        match result.map_err(|_| anyhow!("a transcript's run panicked"))? {
            Ok(run) => runs.push(run),
            Err(finding) => findings.push(finding),
        }
    }
    findings.sort();
    Ok((runs, findings))
}

/// Runs one transcript in a project of its own and gives its text.
fn run_one(workshop: &Workshop, transcript: &Transcript, purpose: Purpose) -> Result<String, Finding> {
    let name = transcript.path.file_stem().unwrap_or_default().to_string_lossy();
    let project = listing(transcript)
        .and_then(|listing| workshop.project(listing, &name))
        .map_err(|error| {
            let message = format!("the reader's project can't be made: {error:#}");
            Finding::new(&transcript.path, 1, message, "")
        })?;
    run(transcript, &project, purpose, LIMIT, workshop::free_port)
}

/// The folder of a transcript's listing, relative to the root: the one that holds `out/`.
fn listing(transcript: &Transcript) -> Result<&Path> {
    let folder = transcript.path.parent();
    folder
        .filter(|folder| folder.ends_with("out"))
        .and_then(Path::parent)
        .context("a transcript stands in the folder out/ of a listing")
}

/// The commands by which cargo builds what a transcript's own commands will need.
fn builds(transcript: &Transcript) -> BTreeSet<Vec<String>> {
    let mut builds = BTreeSet::new();
    for command in &transcript.commands {
        if let Action::Cargo(arguments) = &command.action
            && let Some("run" | "build" | "test" | "r" | "b" | "t") = arguments.first().map(String::as_str)
        {
            let release = arguments.iter().any(|a| a == "--release" || a == "-r");
            let words = ["build", "--release"];
            builds.insert(
                words[..if release { 2 } else { 1 }]
                    .iter()
                    .map(|&w| w.to_owned())
                    .collect(),
            );
        }
    }
    builds
}

/// The finding for transcripts that need curl where there is none.
fn missing_curl(transcripts: &[Transcript]) -> Option<Finding> {
    let transcript = transcripts.iter().find(|t| uses_curl(t))?;
    let error = run::check_curl().err()?;
    Some(Finding::new(
        &transcript.path,
        1,
        format!("transcripts with clients can't be run: {error:#}"),
        "install it: `apt install curl` or the like on Linux; macOS and Windows bring it",
    ))
}

/// Whether a transcript needs curl.
fn uses_curl(transcript: &Transcript) -> bool {
    let mut commands = transcript.commands.iter();
    commands.any(|command| matches!(command.action, Action::Curl(_)))
}
