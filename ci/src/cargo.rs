//! Running cargo, and reading what it says.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// A cargo command that runs in `folder`, without colours and without what this program's own cargo has set.
pub fn cargo(folder: &Path) -> Command {
    let mut command = Command::new("cargo");
    command
        .current_dir(folder)
        .stdin(Stdio::null())
        .env("CARGO_TERM_COLOR", "never");
    for name in [
        "RUSTFLAGS",
        "CARGO_TARGET_DIR",
        "CARGO_BUILD_TARGET_DIR",
        "RUST_BACKTRACE",
    ] {
        command.env_remove(name);
    }
    command
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
    /// The command that runs it, in the folder of its package as cargo would.
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.executable);
        command
            .arg("--test-threads=8")
            .current_dir(&self.package)
            .env_remove("RUST_BACKTRACE");
        command
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
