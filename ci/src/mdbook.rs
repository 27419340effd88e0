//! `cargo book serve`: mdBook, in the version that `ci/` is built on, shows the book and rebuilds it on every change.

use std::env;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use crate::program::{PAGES, cargo, replace};

/// That of `mdbook-driver` in `ci/Cargo.lock` too, so that what `serve` shows is what `test` has checked.
const VERSION: &str = "0.5.4";

/// The dev profile of `ci/Cargo.toml`, as `cargo install` takes it: only crates that are compiled alike are shared.
const PROFILE: [(&str, &str); 2] = [("CARGO_PROFILE_DEV_DEBUG", "0"), ("CARGO_PROFILE_DEV_DEBUG_ASSERTIONS", "false")];

/// Serves the book that lies in `root` until it is interrupted.
pub fn serve(root: &Path, arguments: &[String]) -> Result<ExitCode, String> {
    let (port, open) = parse(arguments)?;
    if let Err(error) = TcpListener::bind(("127.0.0.1", port)) {
        let other = port.checked_add(1).unwrap_or(3000);
        return Err(format!("cannot use port {port} ({error}): `cargo book serve --port {other}` takes another"));
    }
    let preprocessor = PAGES.get(root)?.display().to_string().replace('\\', "/");
    let program = mdbook(root)?;
    let mut mdbook = Command::new(&program);
    mdbook
        .args(["serve", "--hostname", "127.0.0.1", "--port", &port.to_string()])
        // A cargo at each rebuild would only find that there is nothing to compile.
        .env("MDBOOK_PREPROCESSOR__BOOK__COMMAND", format!("\"{preprocessor}\" preprocess"));
    // There is no browser in CI, and none on a Unix without a screen.
    let is_set = |name| env::var_os(name).is_some();
    let has_screen = cfg!(any(windows, target_os = "macos")) || is_set("DISPLAY") || is_set("WAYLAND_DISPLAY");
    if open && has_screen && !is_set("CI") {
        mdbook.arg("--open");
    }
    replace(&mut mdbook).map_err(|error| format!("{} does not start: {error}", program.display()))
}

/// The port that the arguments ask for, and whether a browser may be opened.
fn parse(arguments: &[String]) -> Result<(u16, bool), String> {
    let (mut port, mut open) = (3000, true);
    let mut words = arguments.iter().flat_map(|argument| argument.split('='));
    while let Some(word) = words.next() {
        match word {
            "--no-open" => open = false,
            "--port" => {
                let number = words.next().and_then(|number| number.parse().ok()).filter(|number| *number > 0);
                port = number.ok_or("--port needs a number from 1 to 65535")?;
            }
            _ => {
                return Err(format!("`{word}` means nothing to `cargo book serve`; `cargo book help` lists what does"));
            }
        }
    }
    Ok((port, open))
}

/// The mdBook on PATH, or else the one in `ci/target/tools`, where it is installed first if need be.
fn mdbook(root: &Path) -> Result<PathBuf, String> {
    let target = root.join("ci/target");
    let program = target.join("tools/bin").join(format!("mdbook{}", env::consts::EXE_SUFFIX));
    if let Some(program) = [PathBuf::from("mdbook"), program.clone()].into_iter().find(|program| is_right(program)) {
        return Ok(program);
    }
    eprintln!("The book needs mdBook v{VERSION}: installing it into ci/target/tools, once, which takes about a minute");
    let status = Command::new(cargo())
        .args(["install", "mdbook", "--version", VERSION, "--locked", "--debug", "--root"])
        .arg(target.join("tools"))
        .env("CARGO_TARGET_DIR", target)
        .envs(PROFILE)
        .status();
    if !status.is_ok_and(|status| status.success()) || !is_right(&program) {
        return Err(format!("mdBook could not be installed, for the reason above; v{VERSION} on PATH will do as well"));
    }
    Ok(program)
}

/// Whether there is such a program, and it is of the right version.
fn is_right(program: &Path) -> bool {
    let output = Command::new(program).arg("--version").output();
    output.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).trim_end() == format!("mdbook v{VERSION}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_understood_or_refused() {
        let parsed = |text: &str| parse(&text.split(' ').map(str::to_owned).collect::<Vec<_>>());
        assert_eq!(parsed("--port 4000 --no-open"), Ok((4000, false)));
        assert_eq!(parsed("--port=4000"), Ok((4000, true)));
        for wrong in ["--port", "--port 0", "--port 70000", "--prot 4000", "4000"] {
            assert!(parsed(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_busy_port_is_one_line() {
        let taken = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = taken.local_addr().unwrap().port();
        let message = serve(Path::new(""), &[format!("--port={port}")]).unwrap_err();
        assert!(message.starts_with(&format!("cannot use port {port} (")) && !message.contains('\n'), "{message}");
    }

    #[test]
    fn mdbook_is_the_library_and_compiled_as_it() {
        let lock = include_str!("../Cargo.lock").replace('\r', "");
        assert!(lock.contains(&format!("name = \"mdbook-driver\"\nversion = \"{VERSION}\"\n")));
        let manifest = include_str!("../Cargo.toml").replace('\r', "");
        let [(_, debug), (_, assertions)] = PROFILE;
        let profile = format!("[profile.dev]\ndebug = {debug}\ndebug-assertions = {assertions}\n\n");
        assert!(manifest.contains(&profile) && !manifest.contains("[profile.dev."));
    }
}
