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
pub mod process;
mod run;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, hash_map::DefaultHasher};
use std::fs::{self, File};
use std::hash::{Hash, Hasher};
use std::io;
use std::path::{Path, PathBuf};
use std::thread;

use anyhow::{Context, Result, anyhow, bail, ensure};

use crate::finding::Finding;
use crate::project::{self, ReaderProject};
use normalise::{Mismatch, compare};
use parse::{Action, Transcript};
pub use run::cargo;
use run::{Purpose, run};

/// Where transcripts are run, below the book's root.
const WORK: &str = "ci/target/transcripts";

/// A transcript that was run again.
pub struct Blessed {
    /// The file, relative to the book's root.
    pub path: PathBuf,
    /// What was changed in it, as a unified diff; empty if nothing was.
    pub diff: String,
}

/// Runs the transcripts at `paths` (relative to `root`, or below it), all at the same time, and
/// finds those that are not what happens.
///
/// Fails only when nothing can be run at all; what is wrong with one transcript is a finding.
pub fn verify(root: &Path, paths: &[PathBuf]) -> Result<Vec<Finding>> {
    let (runs, mut findings) = run_all(root, paths, Purpose::Check)?;
    for (transcript, text) in runs {
        if let Err(mismatch) = compare(&transcript.text, &text) {
            findings.push(not_what_happens(&transcript, &mismatch));
        }
    }
    findings.sort();
    Ok(findings)
}

/// Runs the transcripts at `paths` (relative to `root`, or below it) and rewrites those that are not what happens.
///
/// A file that says the same as this run stays as it is: times alone make no difference. If one transcript can't
/// be run, none is written, and the error says at which lines.
pub fn bless(root: &Path, paths: &[PathBuf]) -> Result<Vec<Blessed>> {
    let (runs, findings) = run_all(root, paths, Purpose::Bless)?;
    if !findings.is_empty() {
        let lines: Vec<String> = findings.iter().map(Finding::to_string).collect();
        bail!("nothing is written, because not all could be run\n{}", lines.join("\n"));
    }
    let mut blessed = Vec::new();
    for (transcript, text) in runs {
        let mut diff = String::new();
        if let Err(mismatch) = compare(&transcript.text, &text) {
            let path = root.join(&transcript.path);
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
fn run_all(root: &Path, paths: &[PathBuf], purpose: Purpose) -> Result<Runs> {
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

    let _lock = lock(root)?;
    let work = root.join(WORK);
    let builds = build_dependencies(root, &transcripts)?;
    let results: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = transcripts
            .into_iter()
            .map(|transcript| {
                let (work, builds) = (&work, &builds);
                scope.spawn(move || {
                    let text = run_one(root, work, builds, &transcript, purpose);
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
fn run_one(
    root: &Path,
    work: &Path,
    builds: &BTreeMap<PathBuf, PathBuf>,
    transcript: &Transcript,
    purpose: Purpose,
) -> Result<String, Finding> {
    let prepare = || -> Result<ReaderProject> {
        let listing = listing(transcript)?;
        let name = transcript.path.file_stem().unwrap_or_default();
        let below = listing.strip_prefix("listings").unwrap_or(listing);
        let dir = work.join(below).join(name).join(project::PACKAGE);
        let build = builds.get(listing).context("its dependencies are not built")?;
        let project = ReaderProject::derive(&root.join(listing), &build.join("Cargo.lock"), &dir)?;
        link(&build.join("target"), &project.dir().join("target")).context("linking the built dependencies")?;
        Ok(project)
    };
    let project = prepare().map_err(|error| {
        let message = format!("the reader's project can't be made: {error:#}");
        Finding::new(&transcript.path, 1, message, "")
    })?;
    run(transcript, &project, purpose, run::LIMIT, run::free_port)
}

/// The folder of a transcript's listing, relative to the root: the one that holds `out/`.
fn listing(transcript: &Transcript) -> Result<&Path> {
    let folder = transcript.path.parent();
    folder
        .filter(|folder| folder.ends_with("out"))
        .and_then(Path::parent)
        .context("a transcript stands in the folder out/ of a listing")
}

/// Waits until no other `cargo book` of the same book builds readers' projects. None does while the file is open.
pub fn lock(root: &Path) -> Result<File> {
    let work = root.join(WORK);
    fs::create_dir_all(&work).with_context(|| format!("creating {}", work.display()))?;
    let lock = File::create(work.join("lock")).context("creating a lock file")?;
    lock.lock().context("waiting for another `cargo book`")?;
    Ok(lock)
}

/// The folder of a project with the manifest of a reader and a program that does nothing: built there, what the
/// manifest depends on is built once for all listings that have it. The versions are those of the listings.
pub fn dependencies(root: &Path, manifest: &str) -> Result<PathBuf> {
    let mut hasher = DefaultHasher::new();
    manifest.hash(&mut hasher);
    let dir = root
        .join(WORK)
        .join("dependencies")
        .join(format!("{:016x}", hasher.finish()))
        .join(project::PACKAGE);
    let source = dir.join("src").join("main.rs");
    if !source.exists() {
        fs::create_dir_all(dir.join("src"))?;
        fs::write(source, "fn main() {}\n")?;
    }
    fs::write(dir.join("Cargo.toml"), manifest)?;
    let lock = root.join("listings").join("Cargo.lock");
    if lock.exists() {
        fs::copy(&lock, dir.join("Cargo.lock"))?;
    }
    Ok(dir)
}

/// Runs cargo in a folder of [`dependencies`].
pub fn build(dir: &Path, words: &[&str]) -> Result<()> {
    let output = cargo(dir).arg("--quiet").args(words).output();
    let output = output.context("starting cargo")?;
    ensure!(
        output.status.success(),
        "the dependencies of a listing can't be built (in {}):\n{}",
        dir.display(),
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}

/// Builds what the listings depend on, once for each manifest, so that no transcript shows it.
/// Gives the project that was built for each listing.
fn build_dependencies(root: &Path, transcripts: &[Transcript]) -> Result<BTreeMap<PathBuf, PathBuf>> {
    let mut folders = BTreeMap::new();
    let mut builds: BTreeMap<PathBuf, BTreeSet<Vec<&str>>> = BTreeMap::new();
    for transcript in transcripts {
        let Ok(listing) = listing(transcript) else {
            continue;
        };
        let path = root.join(listing).join("Cargo.toml");
        let text = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
        let manifest = project::reader_manifest(&text).with_context(|| format!("in {}", path.display()))?;
        let dir = match folders.get(listing) {
            Some(dir) => PathBuf::clone(dir),
            None => dependencies(root, &manifest)?,
        };
        folders.insert(listing.to_owned(), dir.clone());
        // Checking alone, at least: that prunes the lock file.
        let commands = builds.entry(dir).or_insert_with(|| [vec!["check"]].into());
        for command in &transcript.commands {
            if let Action::Cargo(arguments) = &command.action {
                let mut words = match arguments.first().map(String::as_str) {
                    Some("run" | "build" | "test" | "r" | "b" | "t") => vec!["build"],
                    _ => continue,
                };
                if arguments.iter().any(|a| a == "--release" || a == "-r") {
                    words.push("--release");
                }
                commands.insert(words);
            }
        }
    }
    for (dir, commands) in &builds {
        for words in commands {
            build(dir, words)?;
        }
    }
    Ok(folders)
}

/// Makes `to` a copy of what cargo has built in `from`, except for the package itself. The files are
/// linked: nothing writes to those of a dependency, and their times, which cargo goes by, are kept.
pub fn link(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let name = entry.file_name();
        let text = name.to_string_lossy().replace('-', "_");
        if text.contains("web_server") || text == "incremental" || text == ".cargo_lock" {
            continue;
        }
        if entry.file_type()?.is_dir() {
            link(&entry.path(), &to.join(name))?;
        } else {
            fs::hard_link(entry.path(), to.join(name))?;
        }
    }
    Ok(())
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
