//! The workshop: where the reader's projects are made and run, with what they depend on built beforehand.

use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs::{self, File};
use std::hash::{BuildHasher, Hash, Hasher, RandomState};
use std::io;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use crate::programs::process::{Process, Streams};
use crate::reader::project::{self, ReaderProject};

/// How long a command may take. No command of the book takes a quarter of it.
pub const LIMIT: Duration = Duration::from_secs(60);

/// The port the book's servers listen on.
pub const PORT: u16 = 7878;

/// What our servers print once they accept connections.
pub const LISTENING: &str = "Listening on";

/// Where it is, below the book's root.
const WORK: &str = "ci/target/transcripts";

/// The workshop of a book. While one process has it open, others wait for it.
pub struct Workshop {
    root: PathBuf,
    /// The projects whose dependencies are built, with the words by which cargo was told to build them.
    built: Mutex<BTreeMap<PathBuf, BTreeSet<Vec<String>>>>,
    /// Held as long as this lives.
    _lock: File,
}

impl Workshop {
    /// Opens the workshop of the book in `root`; waits while another process has it open.
    pub fn open(root: &Path) -> Result<Self> {
        let lock = lock(root)?;
        Ok(Self {
            root: root.to_owned(),
            built: Mutex::default(),
            _lock: lock,
        })
    }

    /// The folder with `book.toml`.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Builds what `listing` (a folder relative to the root) depends on, by each of `commands` (`["build"]`), so that
    /// no later run of cargo shows it. Listings that depend on the same share a build.
    pub fn build_dependencies(&self, listing: &Path, commands: BTreeSet<Vec<String>>) -> Result<()> {
        // One at a time: cargo uses the whole machine by itself.
        let mut built = self.built.lock().unwrap_or_else(PoisonError::into_inner);
        let dir = dependencies_folder(&self.root, &self.manifest(listing)?);
        if !built.contains_key(&dir) {
            dependencies(&self.root, &self.manifest(listing)?)?;
        }
        let done = built.entry(dir.clone()).or_default();
        // Checking, at least: that prunes the lock file.
        for words in [vec!["check".to_owned()]].into_iter().chain(commands) {
            if done.insert(words.clone()) {
                build(&dir, &words)?;
            }
        }
        Ok(())
    }

    /// Makes the reader's project of `listing` anew, for the use that `name` says, with its dependencies as
    /// [`build_dependencies`](Self::build_dependencies) has left them.
    pub fn project(&self, listing: &Path, name: &str) -> Result<ReaderProject> {
        let below = listing.strip_prefix("listings").unwrap_or(listing);
        let dir = self.root.join(WORK).join(below).join(name).join(project::PACKAGE);
        let build = dependencies_folder(&self.root, &self.manifest(listing)?);
        let project = ReaderProject::derive(&self.root.join(listing), &build.join("Cargo.lock"), &dir)?;
        link(&build.join("target"), &project.dir().join("target")).context("linking the built dependencies")?;
        Ok(project)
    }

    /// What the reader's `Cargo.toml` says at `listing`.
    fn manifest(&self, listing: &Path) -> Result<String> {
        let path = self.root.join(listing).join("Cargo.toml");
        let text = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
        project::reader_manifest(&text).with_context(|| format!("in {}", path.display()))
    }
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
    let dir = dependencies_folder(root, manifest);
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

/// Where that folder is.
fn dependencies_folder(root: &Path, manifest: &str) -> PathBuf {
    let mut hasher = DefaultHasher::new();
    manifest.hash(&mut hasher);
    let name = format!("{:016x}", hasher.finish());
    root.join(WORK).join("dependencies").join(name).join(project::PACKAGE)
}

/// Runs cargo in a folder of [`dependencies`].
pub fn build(dir: &Path, words: &[impl AsRef<OsStr>]) -> Result<()> {
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

/// cargo in `dir`, as the reader has it: with no flags for the compiler in its configuration.
pub fn cargo(dir: &Path) -> Command {
    let mut program = crate::programs::cargo::cargo(dir);
    // Set and empty, it outdoes what is configured.
    program.env("CARGO_ENCODED_RUSTFLAGS", "");
    program
}

/// Waits until no other project is compiled: compiling takes as long as it takes a reader then, and no cargo says that
/// it waits for another. It is our turn until what this gives is dropped.
pub fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Starts the server of `project` by `cargo run`, and gives it with its port when it listens there.
///
/// Refuses a project that does not compile, and one that does not say that it listens.
pub fn start_server(project: &ReaderProject) -> Result<(Process, u16)> {
    let mut at = PORT;
    for _ in 0..5 {
        let port = free_port()?;
        project.move_port(at, port)?;
        at = port;
        let _turn = turn();
        let mut command = cargo(project.dir());
        command.args(["run", "--quiet"]).env("CARGO_NET_OFFLINE", "true");
        let process = Process::start(command, Streams::Together).context("starting cargo")?;
        process.wait_until(LIMIT, |printed| printed.says(LISTENING));
        let text = String::from_utf8_lossy(&process.printed().out).into_owned();
        if text.contains(LISTENING) {
            return Ok((process, port));
        }
        ensure!(
            taken(&text),
            "the server in {} does not listen:\n{text}",
            project.dir().display()
        );
    }
    bail!("no port of this machine is free")
}

/// Picks a port that is free now. It has four digits, as 7878 has, so that the compiler's columns
/// don't move; and nobody in this process is given it again.
pub fn free_port() -> Result<u16> {
    static GIVEN: LazyLock<Mutex<BTreeSet<u16>>> = LazyLock::new(Mutex::default);
    for attempt in 0..1000_u64 {
        // The standard library's only source of random numbers.
        let random = RandomState::new().hash_one(attempt);
        let port = 1024 + (random % (10_000 - 1024)) as u16;
        let mut given = GIVEN.lock().unwrap_or_else(PoisonError::into_inner);
        if port != PORT && !given.contains(&port) && TcpListener::bind(("127.0.0.1", port)).is_ok() {
            given.insert(port);
            return Ok(port);
        }
    }
    bail!("no port of four digits is free")
}

/// Whether a server says that its port is somebody else's.
pub fn taken(printed: &str) -> bool {
    // The numbers of Linux, macOS and Windows.
    ["AddrInUse", "os error 98", "os error 48", "os error 10048"]
        .iter()
        .any(|sign| printed.contains(sign))
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
