//! Who is measured.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A server, as it is started.
pub struct Contender {
    /// What the tables and pictures call it.
    pub name: &'static str,
    /// Its package and its program, which have one name.
    package: &'static str,
    folder: &'static str,
    /// What stands behind the address.
    pub arguments: &'static [&'static str],
    /// Whether it may use only one core.
    pub is_on_one_core: bool,
    /// Whether it has all pages: `/sleep`, `/compute`.
    pub has_all_pages: bool,
}

/// One that may use all cores, and has all pages.
pub const fn contender(
    name: &'static str,
    package: &'static str,
    folder: &'static str,
) -> Contender {
    Contender {
        name,
        package,
        folder,
        arguments: &[],
        is_on_one_core: false,
        has_all_pages: true,
    }
}

/// The contenders, in the order of the tables.
const CONTENDERS: &[Contender] = &[
    contender("one at a time", "one-at-a-time", "contenders/one-at-a-time"),
    contender("8 threads", "thread-pool", "contenders/thread-pool"),
    contender(
        "thread each",
        "thread-per-connection",
        "contenders/thread-per-connection",
    ),
    contender(
        "task each",
        "task-per-connection",
        "contenders/task-per-connection",
    ),
    Contender {
        is_on_one_core: true,
        ..contender("ours, 1 core", "web-server", "14-web-server")
    },
    contender("ours, all cores", "web-server", "14-web-server"),
    Contender {
        arguments: &["--threads", "1"],
        is_on_one_core: true,
        ..contender("axum, 1 core", "axum-server", "contenders/axum")
    },
    contender("axum, all cores", "axum-server", "contenders/axum"),
    Contender {
        has_all_pages: false,
        ..contender("epoll loop", "epoll-loop", "contenders/epoll")
    },
];

/// A contender whose program is built.
pub struct Program {
    pub contender: &'static Contender,
    pub path: PathBuf,
    /// The folder in which it finds its pages.
    pub folder: PathBuf,
}

/// Builds the contenders' programs as releases. One whose folder is not there is left out, and named.
///
/// # Errors
///
/// If one can't be built. Why, cargo has printed.
pub fn build(listings: &Path) -> io::Result<Vec<Program>> {
    let is_there = |contender: &&Contender| {
        let is_there = listings.join(contender.folder).exists();
        if !is_there {
            eprintln!("{} is left out: no {}", contender.name, contender.folder);
        }
        is_there
    };
    let contenders: Vec<_> = CONTENDERS.iter().filter(is_there).collect();
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut build = Command::new(cargo);
    build.current_dir(listings).args(["build", "--release"]);
    for contender in &contenders {
        build.args(["--package", contender.package]);
    }
    if !build.status()?.success() {
        return Err(io::Error::other("the contenders could not be built"));
    }
    // We are a release of the same workspace.
    let releases = std::env::current_exe()?;
    let programs = contenders.into_iter().map(|contender| Program {
        contender,
        path: releases.with_file_name(contender.package),
        folder: listings.join(contender.folder),
    });
    Ok(programs.collect())
}
