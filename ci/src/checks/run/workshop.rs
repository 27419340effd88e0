//! The workshop: where the reader's projects are written, built and run. What they depend on is built once for all.

use std::fs::{self, File};
use std::hash::{BuildHasher, RandomState};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use book::manuscript::Book;
use book::reader::files::{Files, to_text};

use crate::run::cargo;

/// How long a command may take. No command of the book takes a quarter of it.
pub const LIMIT: Duration = Duration::from_secs(60);

/// The port that the book's servers listen on.
pub const PORT: &str = "7878";

/// What our servers print once they accept connections.
pub const LISTENING: &str = "Listening on";

/// The workshop of a book. While one process has it open, others wait for it.
pub struct Workshop<'a> {
    pub book: &'a Book,
    folder: PathBuf,
    _lock: File,
}

/// A project of the reader's, in a folder of its own.
pub struct Project {
    pub folder: PathBuf,
    pub target: PathBuf,
    /// The port that its server listens on, where the book says [`PORT`].
    pub port: u16,
}

impl<'a> Workshop<'a> {
    pub fn open(book: &'a Book) -> Result<Self> {
        let folder = book.root.join("ci/target/readers");
        write(&folder.join("lock"), "")?;
        let lock = File::open(folder.join("lock"))?;
        lock.lock().context("waiting for another `cargo book`")?;
        Ok(Self { book, folder, _lock: lock })
    }

    pub fn empty(&self, name: impl AsRef<Path>) -> Result<PathBuf> {
        let folder = self.folder.join(name);
        // If nothing is there yet, nothing is to be removed.
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).with_context(|| format!("creating {}", folder.display()))?;
        Ok(folder)
    }

    /// An empty folder for the project `name`, in the folder `place` with nothing else in it.
    pub fn place(&self, place: &Path, name: &str) -> Result<Project> {
        let folder = self.empty(place)?.join(name);
        fs::create_dir(&folder)?;
        Ok(Project { folder, target: self.folder.join("target"), port: free_port()? })
    }

    /// Writes the reader's project `name` into the folder `place`, with what it depends on built as each of `commands`
    /// builds it: a cargo that runs in it then compiles nothing but the project itself.
    pub fn project(&self, place: &Path, name: &str, files: &Files, commands: &[&[String]]) -> Result<Project> {
        let project = self.place(place, name)?;
        if let Ok(lock) = fs::read_to_string(self.book.root.join("listings/Cargo.lock")) {
            write(&project.folder.join("Cargo.lock"), &lock)?;
        }
        // The commands are run with a program that does nothing.
        let manifest = files.get(Path::new("Cargo.toml")).context("the listing has no Cargo.toml")?;
        write(&project.folder.join("Cargo.toml"), &to_text(manifest))?;
        write(&project.folder.join("src/main.rs"), "fn main() {}\n")?;
        for command in commands {
            cargo::stdout(project.cargo().args(*command))?;
        }
        for (file, lines) in files {
            write(&project.folder.join(file), &to_text(lines).replace(PORT, &project.port.to_string()))?;
        }
        Ok(project)
    }
}

impl Project {
    /// cargo in this project, as the reader has it.
    pub fn cargo(&self) -> Command {
        let mut cargo = cargo::cargo(&self.folder);
        // Set and empty, it overrides the flags for the compiler that are configured.
        cargo.env("CARGO_ENCODED_RUSTFLAGS", "").env("CARGO_TARGET_DIR", &self.target);
        // A project is built here once, and nobody looks into it with a debugger. That changes nothing of what is printed.
        cargo.env("CARGO_INCREMENTAL", "0").env("CARGO_PROFILE_DEV_DEBUG", "line-tables-only");
        cargo
    }
}

/// Writes a file, in a folder that need not be there yet.
pub fn write(path: &Path, text: &str) -> Result<()> {
    fs::create_dir_all(path.parent().unwrap_or(path))?;
    fs::write(path, text).with_context(|| format!("writing {}", path.display()))
}

/// A port that is free now, and not given again soon. It has four digits, as the book's has, so that columns don't move.
fn free_port() -> Result<u16> {
    static NEXT: LazyLock<AtomicU64> = LazyLock::new(|| AtomicU64::new(RandomState::new().hash_one(0) / 2));
    let mut ports = (0..2000).map(|_| 8000 + (NEXT.fetch_add(1, Ordering::Relaxed) % 2000) as u16);
    ports.find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok()).context("no port of four digits is free")
}
