//! The programs that the book needs besides Rust, in the versions that `ci/` itself is built on.

use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};

/// The version of mdBook that serves this book. It is the version of `mdbook-driver` in `ci/Cargo.lock` too, so that
/// what `serve` shows is what `test` has checked.
const MDBOOK_VERSION: &str = "0.5.4";

/// What tools are compiled with: the dev profile of `ci/Cargo.toml`, as cargo takes it from the environment, because
/// `cargo install` does not read that file. Only crates compiled alike are shared, and sharing halves the wait.
const PROFILE: &[(&str, &str)] = &[("CARGO_PROFILE_DEV_DEBUG", "0"), ("CARGO_PROFILE_DEV_OPT_LEVEL", "1")];

/// A program that cargo can install: the name of its package, which is its own name as well, and the version we want.
struct Tool {
    name: &'static str,
    version: &'static str,
}

const MDBOOK: Tool = Tool {
    name: "mdbook",
    version: MDBOOK_VERSION,
};

const LINKCHECK: Tool = Tool {
    name: "mdbook-linkcheck2",
    version: "0.13.0",
};

/// What there is under a name.
#[derive(Debug, PartialEq, Eq)]
enum Found {
    /// The program, in the version we want.
    Right,
    /// The program in another version, which is this.
    Other(String),
    /// No such program.
    Nothing,
}

/// Gives an mdBook of [`MDBOOK_VERSION`]: the one on PATH, or else the one in `ci/target/tools`, where it is installed
/// first if need be. Says so when it does that. Refuses when the installation fails.
pub fn mdbook(root: &Path) -> Result<PathBuf> {
    MDBOOK.get(root)
}

/// Gives an mdbook-linkcheck2, as [`mdbook`] gives an mdBook.
pub fn linkcheck(root: &Path) -> Result<PathBuf> {
    LINKCHECK.get(root)
}

impl Tool {
    fn get(&self, root: &Path) -> Result<PathBuf> {
        let tools = root.join("ci").join("target").join("tools");
        let file = format!("{}{}", self.name, std::env::consts::EXE_SUFFIX);
        let own = tools.join("bin").join(file);

        let on_path = self.look_at(Path::new(self.name));
        if on_path == Found::Right {
            return Ok(self.name.into());
        }
        if self.look_at(&own) == Found::Right {
            return Ok(own);
        }
        eprintln!("{}", self.announcement(&on_path));
        self.install(root, &tools)?;
        match self.look_at(&own) {
            Found::Right => Ok(own),
            _ => bail!("{} was installed but does not run as v{}", own.display(), self.version),
        }
    }

    /// Runs `PROGRAM --version` and judges the answer.
    fn look_at(&self, program: &Path) -> Found {
        match Command::new(program).arg("--version").output() {
            Ok(output) if output.status.success() => self.judge(&String::from_utf8_lossy(&output.stdout)),
            _ => Found::Nothing,
        }
    }

    /// Is this what the version we want says about itself? `mdbook v0.5.4`, and nothing that only begins so.
    fn judge(&self, says: &str) -> Found {
        let word = says.split_whitespace().nth(1).unwrap_or_default();
        match word.strip_prefix('v').unwrap_or(word) {
            "" => Found::Nothing,
            version if version == self.version => Found::Right,
            version => Found::Other(version.to_owned()),
        }
    }

    /// The one line before the wait.
    fn announcement(&self, on_path: &Found) -> String {
        let Tool { name, version } = self;
        let found = match on_path {
            Found::Other(other) => format!("found {name} v{other}"),
            _ => format!("found no {name}"),
        };
        format!(
            "{found}; this book needs v{version}: installing it into ci/target/tools, once, which takes a minute or more"
        )
    }

    /// Installs the tool below `tools`, with the target folder of `ci/`, so that crates compiled for `ci/` serve again.
    fn install(&self, root: &Path, tools: &Path) -> Result<()> {
        let Tool { name, version } = self;
        let status = Command::new(cargo())
            .args(["install", name, "--version", version, "--locked", "--debug", "--root"])
            .arg(tools)
            .current_dir(root)
            .env("CARGO_TARGET_DIR", root.join("ci").join("target"))
            .envs(PROFILE.iter().copied())
            .env("PATH", path_with(&tools.join("bin")))
            .status();
        match status {
            Ok(status) if status.success() => Ok(()),
            Ok(_) => bail!(
                "{name} could not be installed, for the reason cargo gives above; with no network, put v{version} on PATH"
            ),
            Err(error) if error.kind() == ErrorKind::NotFound => bail!(
                "{name} could not be installed: there is no cargo on PATH; install Rust, or put {name} v{version} on PATH"
            ),
            Err(error) => bail!("{name} could not be installed: cargo does not start: {error}"),
        }
    }
}

/// The cargo that runs us, or else the one on PATH.
fn cargo() -> OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

/// PATH with one folder more. With it cargo has no cause to ask the reader to put that folder there.
fn path_with(folder: &Path) -> OsString {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain([folder.to_owned()]);
    std::env::join_paths(folders).unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn ci() -> &'static Path {
        Path::new(env!("CARGO_MANIFEST_DIR"))
    }

    #[test]
    fn the_program_and_the_library_are_one_version() {
        let lock = fs::read_to_string(ci().join("Cargo.lock")).unwrap();
        let mut lines = lock.lines();
        lines.find(|line| *line == r#"name = "mdbook-driver""#).unwrap();
        assert_eq!(lines.next(), Some(format!(r#"version = "{MDBOOK_VERSION}""#).as_str()));
    }

    #[test]
    fn mdbook_is_compiled_with_the_profile_of_ci() {
        let manifest = fs::read_to_string(ci().join("Cargo.toml")).unwrap();
        let profiles: Vec<_> = manifest.lines().filter(|line| line.starts_with("[profile.")).collect();
        assert_eq!(profiles, ["[profile.dev]"]);
        let settings: Vec<_> = manifest
            .lines()
            .skip_while(|line| *line != "[profile.dev]")
            .skip(1)
            .take_while(|line| !line.starts_with('['))
            .map(|line| line.split('#').next().unwrap_or_default().trim())
            .filter_map(|line| line.split_once(" = "))
            .map(|(key, value)| {
                let key = key.replace('-', "_").to_uppercase();
                (format!("CARGO_PROFILE_DEV_{key}"), value.trim_matches('"').to_owned())
            })
            .collect();
        let given: Vec<_> = PROFILE
            .iter()
            .map(|(key, value)| (key.to_string(), value.to_string()))
            .collect();
        assert_eq!(settings, given);
    }

    #[test]
    fn only_the_pinned_version_is_taken() {
        let other = |version: &str| Found::Other(version.to_owned());
        assert_eq!(MDBOOK.judge("mdbook v0.5.4\n"), Found::Right);
        assert_eq!(LINKCHECK.judge("mdbook-linkcheck2 0.13.0\n"), Found::Right);
        assert_eq!(MDBOOK.judge("mdbook v0.4.52\n"), other("0.4.52"));
        assert_eq!(MDBOOK.judge("mdbook v0.5.40\n"), other("0.5.40"));
        assert_eq!(MDBOOK.judge("mdbook v0.5.4-beta\n"), other("0.5.4-beta"));
        assert_eq!(MDBOOK.judge(""), Found::Nothing);
    }

    #[test]
    fn a_program_that_is_not_there_is_not_found() {
        assert_eq!(MDBOOK.look_at(&ci().join("no-such-program")), Found::Nothing);
    }

    #[test]
    fn the_announcement_is_one_line_and_names_what_was_found() {
        let none = MDBOOK.announcement(&Found::Nothing);
        let other = MDBOOK.announcement(&Found::Other("0.4.52".to_owned()));
        assert!(none.starts_with("found no mdbook; this book needs v0.5.4:"), "{none}");
        assert!(other.starts_with("found mdbook v0.4.52;"), "{other}");
        assert!(!none.contains('\n') && !other.contains('\n'));
    }
}
