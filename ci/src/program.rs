//! The programs that do the work: built when they are wanted and not up to date, and then started.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::SystemTime;

pub const PAGES: Program = Program { name: "pages", profile: "dev", folder: "debug" };

pub const CHECKS: Program = Program { name: "checks", profile: "checks", folder: "checks" };

/// What the programs are built from.
const SOURCES: [&str; 5] =
    ["ci/src", "ci/Cargo.toml", "ci/Cargo.lock", "listings/support/report", "rust-toolchain.toml"];

/// A program of `ci/Cargo.toml`, behind a feature of the same name, and where cargo puts it below the target folder.
pub struct Program {
    name: &'static str,
    profile: &'static str,
    folder: &'static str,
}

impl Program {
    /// Starts the program, and ends as it ends.
    pub fn start(&self, root: &Path, arguments: &[String]) -> Result<ExitCode, String> {
        let program = self.get(root)?;
        replace(Command::new(program).args(arguments))
            .map_err(|error| format!("cannot start the program `{}`: {error}", self.name))
    }

    /// The path of the program, which is built first if it is older than its sources.
    pub fn get(&self, root: &Path) -> Result<PathBuf, String> {
        let launcher = std::env::current_exe().map_err(|error| format!("cannot find our own program: {error}"))?;
        let target = launcher.ancestors().nth(2).unwrap_or(root);
        let program = target.join(self.folder).join(format!("{}{}", self.name, std::env::consts::EXE_SUFFIX));
        if !is_current(&program, root) {
            self.build(root, &program)?;
        }
        Ok(program)
    }

    fn build(&self, root: &Path, program: &Path) -> Result<(), String> {
        // A source that changes while cargo is at it is newer than this.
        let begun = SystemTime::now();
        if !program.exists() {
            eprintln!("Building the program `{}`, once: this takes a minute or two", self.name);
        }
        let status = Command::new(cargo())
            .args(["build", "--no-default-features", "--manifest-path"])
            .arg(root.join("ci/Cargo.toml"))
            .args(["--profile", self.profile, "--features", self.name, "--bin", self.name])
            .status();
        if !status.is_ok_and(|status| status.success()) {
            return Err(format!("the program `{}` could not be built, for the reason above", self.name));
        }
        // Without the stamp, the next run asks cargo again.
        let _ = File::create(program.with_extension("stamp")).and_then(|stamp| stamp.set_modified(begun));
        Ok(())
    }
}

/// The cargo that runs us, or else the one on PATH.
pub fn cargo() -> PathBuf {
    std::env::var_os("CARGO").map_or_else(|| "cargo".into(), PathBuf::from)
}

/// Whether no source has changed since the last build began. To ask cargo would take longer than the fast checks.
fn is_current(program: &Path, root: &Path) -> bool {
    let stamp = program.with_extension("stamp").metadata().and_then(|stamp| stamp.modified());
    let is_older = |built| SOURCES.iter().all(|it| changed(&root.join(it)).is_ok_and(|changed| changed < built));
    program.exists() && stamp.is_ok_and(is_older)
}

/// When a file, or a folder and all below it, last changed. (A folder changes when something in it comes or goes.)
fn changed(path: &Path) -> io::Result<SystemTime> {
    let mut latest = path.metadata()?.modified()?;
    if path.is_dir() {
        for entry in fs::read_dir(path)? {
            latest = latest.max(changed(&entry?.path())?);
        }
    }
    Ok(latest)
}

/// On Unix another program takes over our process, so that none is left behind. Elsewhere we end as it ends.
pub fn replace(command: &mut Command) -> io::Result<ExitCode> {
    #[cfg(unix)]
    return Err(std::os::unix::process::CommandExt::exec(command));
    #[cfg(not(unix))]
    std::process::exit(command.status()?.code().unwrap_or(1))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_program_is_current_until_something_of_it_changes() {
        let root = std::env::temp_dir().join(format!("book program {}", std::process::id()));
        let report = "listings/support/report/src/lib.rs";
        let sources = ["ci/src/a/b.rs", "ci/Cargo.toml", "ci/Cargo.lock", report, "rust-toolchain.toml"];
        let program = root.join("tool");
        fs::create_dir_all(root.join("ci/src/a")).unwrap();
        fs::create_dir_all(root.join(report).parent().unwrap()).unwrap();
        for file in sources.iter().map(|file| root.join(file)).chain([program.clone(), program.with_extension("stamp")])
        {
            fs::write(file, "").unwrap();
        }
        let set = |file: &str, seconds| {
            let file = File::options().write(true).open(root.join(file)).unwrap();
            file.set_modified(SystemTime::now() + Duration::from_secs(seconds)).unwrap();
        };
        set("tool.stamp", 10);
        assert!(is_current(&program, &root));
        for source in sources {
            set(source, 20);
            assert!(!is_current(&program, &root), "{source}");
            set(source, 0);
            assert!(is_current(&program, &root), "{source}");
        }
        // That a file is gone, only its folder knows.
        fs::write(program.with_extension("stamp"), "").unwrap();
        fs::remove_file(root.join("ci/src/a/b.rs")).unwrap();
        assert!(!is_current(&program, &root));
        set("tool.stamp", 10);
        assert!(is_current(&program, &root));
        for gone in ["tool.stamp", "tool"] {
            fs::remove_file(root.join(gone)).unwrap();
            assert!(!is_current(&program, &root), "{gone}");
        }
        fs::remove_dir_all(root).unwrap();
    }
}
