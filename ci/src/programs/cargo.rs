//! Running cargo, and reading what it says.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::programs::process::{Process, Streams};

/// What a program is told by variables of these names is not for the cargo, the compiler and the programs that we run.
const OURS: &[&str] = &["CARGO_", "RUST", "SMOL_", "LC_", "LANGUAGE"];

/// But these stay: how to reach the network, which toolchain to take, and how much of the machine.
const KEPT: &[&str] = &[
    "CARGO_BUILD_JOBS",
    "CARGO_HOME",
    "CARGO_HTTP_",
    "CARGO_INCREMENTAL",
    "CARGO_NET_",
    "CARGO_REGISTR",
    "CARGO_SOURCE_",
    "RUSTUP_",
];

/// A cargo that runs in `folder`, that of a workspace or of a package alone, with its `target` there.
///
/// It has no colours, nothing to read, and none of the settings of whoever runs us, or of the cargo that runs us.
pub fn cargo(folder: &Path) -> Command {
    let mut command = Command::new("cargo");
    command
        .current_dir(folder)
        .stdin(Stdio::null())
        .env("LC_ALL", "C")
        .env("CARGO_TERM_COLOR", "never")
        .env("CARGO_TERM_PROGRESS_WHEN", "never")
        .env("CARGO_TARGET_DIR", "target");
    undisturbed(&mut command);
    command
}

/// Keeps from `command` what the environment says to programs like it, but for what `command` has been told itself.
fn undisturbed(command: &mut Command) {
    let told: Vec<_> = command.get_envs().map(|(name, _)| name.to_owned()).collect();
    for (name, _) in std::env::vars_os() {
        if disturbs(&name.to_string_lossy()) && !told.contains(&name) {
            command.env_remove(&name);
        }
    }
}

/// Whether a variable of this name is for whoever runs us, and not for what we run.
fn disturbs(name: &str) -> bool {
    let has_prefix = |prefixes: &[&str]| prefixes.iter().any(|prefix| name.starts_with(prefix));
    has_prefix(OURS) && !has_prefix(KEPT)
}

/// Runs `command` to its end and gives what it printed, whether it succeeded or not.
pub fn output(command: &mut Command) -> Result<Output> {
    command
        .output()
        .with_context(|| format!("cannot run {command:?}; is it installed?"))
}

/// Runs `command` and gives its standard output; an error carries the last lines of its standard error.
pub fn stdout(command: &mut Command) -> Result<String> {
    let output = output(command)?;
    if !output.status.success() {
        let stderr = String::from_utf8_lossy(&output.stderr);
        let tail: Vec<&str> = stderr.lines().rev().take(8).collect();
        bail!(
            "{command:?} failed:\n{}",
            tail.into_iter().rev().collect::<Vec<_>>().join("\n")
        );
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// A warning or an error of the compiler.
#[derive(Debug)]
pub struct Diagnostic {
    /// The folder of the package it is about.
    pub package: PathBuf,
    /// `warning` or `error`.
    pub level: String,
    /// The name of the lint or the number of the error: `unused_must_use`, `E0425`. Empty where it has none.
    pub code: String,
    /// What it says.
    pub message: String,
    /// Where, with the path as cargo gives it: relative to the workspace.
    pub place: Option<(PathBuf, usize)>,
}

/// A test program that cargo has built.
#[derive(Debug)]
pub struct TestProgram {
    /// The folder of its package.
    pub package: PathBuf,
    /// The program.
    pub executable: PathBuf,
}

impl TestProgram {
    /// Runs it in the folder of its package, as cargo would, and gives what it has printed. If it has not ended after
    /// `limit`, it is killed, and this gives nothing.
    pub fn run(&self, limit: Duration) -> Result<Option<String>> {
        let mut command = Command::new(&self.executable);
        command.arg("--test-threads=8").current_dir(&self.package);
        // RUST_BACKTRACE would change what is printed, and SMOL_THREADS what happens.
        undisturbed(&mut command);
        let process = Process::start(command, Streams::Apart)
            .with_context(|| format!("cannot run {}", self.executable.display()))?;
        let has_ended = process.wait(limit);
        let printed = process.printed();
        let text = [&printed.out[..], &printed.errors[..]].concat();
        Ok(has_ended.then(|| String::from_utf8_lossy(&text).into_owned()))
    }
}

/// What `cargo --message-format=json` says: diagnostics, and test programs.
#[derive(Debug, Default)]
pub struct Messages {
    pub diagnostics: Vec<Diagnostic>,
    pub tests: Vec<TestProgram>,
}

/// Runs `command`, which must carry `--message-format=json`, and reads its messages.
///
/// A failure without a diagnostic (no network, a broken manifest) is an error.
pub fn messages(command: &mut Command) -> Result<Messages> {
    let output = output(command)?;
    let mut messages = Messages::default();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let Ok(value) = serde_json::from_str::<Value>(line) else {
            continue;
        };
        let Some(package) = value["manifest_path"]
            .as_str()
            .and_then(|path| Path::new(path).parent())
        else {
            continue;
        };
        match value["reason"].as_str() {
            Some("compiler-message") => messages.diagnostics.extend(diagnostic(package, &value["message"])),
            Some("compiler-artifact") if value["profile"]["test"] == true => {
                if let Some(executable) = value["executable"].as_str() {
                    messages.tests.push(TestProgram {
                        package: package.to_owned(),
                        executable: executable.into(),
                    });
                }
            }
            _ => {}
        }
    }
    if !output.status.success() && !messages.diagnostics.iter().any(|d| d.level == "error") {
        bail!(
            "{command:?} failed:\n{}",
            String::from_utf8_lossy(&output.stderr).trim_end()
        );
    }
    Ok(messages)
}

/// Reads one message; the closing "1 warning emitted" is none.
fn diagnostic(package: &Path, message: &Value) -> Option<Diagnostic> {
    let spans = message["spans"].as_array()?;
    let code = message["code"]["code"].as_str().unwrap_or_default();
    if spans.is_empty() && code.is_empty() {
        return None;
    }
    let place = spans.iter().find(|span| span["is_primary"] == true).and_then(|span| {
        Some((
            PathBuf::from(span["file_name"].as_str()?),
            usize::try_from(span["line_start"].as_u64()?).ok()?,
        ))
    });
    Some(Diagnostic {
        package: package.to_owned(),
        level: message["level"].as_str()?.to_owned(),
        code: code.to_owned(),
        message: message["message"].as_str()?.to_owned(),
        place,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_disturbs_is_kept_away_and_what_is_needed_is_not() {
        for name in [
            "CARGO_TARGET_DIR",
            "CARGO_MANIFEST_DIR",
            "RUSTFLAGS",
            "RUST_BACKTRACE",
            "SMOL_THREADS",
            "LC_ALL",
        ] {
            assert!(disturbs(name), "{name}");
        }
        for name in ["CARGO_HOME", "CARGO_HTTP_PROXY", "RUSTUP_TOOLCHAIN", "PATH", "HOME"] {
            assert!(!disturbs(name), "{name}");
        }
        let cargo = cargo(Path::new("."));
        let told: Vec<_> = cargo.get_envs().collect();
        assert!(told.contains(&("LC_ALL".as_ref(), Some("C".as_ref()))));
        assert!(told.contains(&("CARGO_TARGET_DIR".as_ref(), Some("target".as_ref()))));
    }
}
