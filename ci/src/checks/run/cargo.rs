//! Running cargo, and what it builds, without the settings of whoever runs us.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::LazyLock;

use anyhow::{Context, Result, ensure};
use book::manuscript::pattern;
use regex::Regex;

/// Variables meant for us, or for the cargo that runs us. How to reach the network, the toolchain and the like are kept.
static OURS: LazyLock<Regex> = LazyLock::new(|| pattern("^(CARGO_|RUST|SMOL_|LC_|LANGUAGE)"));
static KEPT: LazyLock<Regex> =
    LazyLock::new(|| pattern("^(CARGO_(BUILD_JOBS|HOME|HTTP_|INCREMENTAL|NET_|REGISTR|SOURCE_)|RUSTUP_)"));

/// A cargo that runs in `folder`, with its `target` there. It prints no colours and has nothing to read.
pub fn cargo(folder: &Path) -> Command {
    let mut command = program("cargo");
    command.current_dir(folder).stdin(Stdio::null()).env("CARGO_TARGET_DIR", "target");
    command.env("CARGO_TERM_COLOR", "never").env("CARGO_TERM_PROGRESS_WHEN", "never");
    command
}

/// A program that speaks English, and does not see the variables that were meant for us.
pub fn program(path: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(path);
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if OURS.is_match(&text) && !KEPT.is_match(&text) {
            command.env_remove(&name);
        }
    }
    command.env("LC_ALL", "C");
    command
}

/// Runs `command` to its end and gives what it printed, whether it succeeded or not.
pub fn output(command: &mut Command) -> Result<Output> {
    command.output().with_context(|| format!("cannot run {command:?}; is it installed?"))
}

/// Runs `command` and gives its standard output. One that fails is an error, with all that it printed as errors.
pub fn stdout(command: &mut Command) -> Result<String> {
    let output = output(command)?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{command:?} failed:\n{}", errors.trim_end());
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

pub fn compiler(folder: &Path) -> Result<String> {
    stdout(program("rustc").arg("-vV").current_dir(folder))
}
