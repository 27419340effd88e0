//! `cargo book serve`: the book in the browser, rebuilt whenever a page or a listing changes.

use std::io::ErrorKind;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::book;
use crate::tools;

/// The only address we serve on: the book is for whoever sits at this machine.
const HOSTNAME: &str = "127.0.0.1";

/// What `cargo book serve` can be told.
#[derive(Debug, Clone, clap::Args)]
pub struct ServeArgs {
    /// Port to serve on
    #[arg(short, long, default_value_t = 3000, value_parser = clap::value_parser!(u16).range(1..))]
    pub port: u16,

    /// Do not open a browser
    #[arg(long)]
    pub no_open: bool,

    /// Address to serve on: this machine, and no other
    #[arg(long, default_value = HOSTNAME, value_parser = [HOSTNAME])]
    pub hostname: String,
}

/// Serves the book that lies in `root` until it is interrupted, with an mdBook that is installed first if it has to be.
/// Refuses when the port is taken or there is no way to have mdBook; otherwise ends as mdBook ends, with its exit status.
pub fn serve(root: &Path, args: ServeArgs) -> Result<()> {
    check_port(args.port)?;
    let program = tools::mdbook(root)?;
    let mut mdbook = Command::new(&program);
    mdbook
        .arg("serve")
        .args(["--hostname", &args.hostname])
        .args(["--port", &args.port.to_string()])
        // A cargo at each rebuild would only find that there is nothing to compile.
        .env("MDBOOK_PREPROCESSOR__BOOK__COMMAND", book::preprocess_command()?)
        .current_dir(root);
    if !args.no_open && has_browser(std::env::consts::OS, |name| std::env::var_os(name).is_some()) {
        mdbook.arg("--open");
    }
    become_mdbook(mdbook).with_context(|| format!("{} does not start", program.display()))
}

/// On Unix mdBook takes over our process, so that there is one process to interrupt and none to be left behind.
#[cfg(unix)]
fn become_mdbook(mut mdbook: Command) -> std::io::Result<()> {
    use std::os::unix::process::CommandExt;
    Err(mdbook.exec())
}

/// Elsewhere we wait for it, and end as it ended. ^C reaches every process of the console.
#[cfg(not(unix))]
fn become_mdbook(mut mdbook: Command) -> std::io::Result<()> {
    let status = mdbook.status()?;
    std::process::exit(status.code().unwrap_or(1));
}

/// Refuses, in one line, a port that mdBook could not listen on either.
fn check_port(port: u16) -> Result<()> {
    let error = match TcpListener::bind((HOSTNAME, port)) {
        Ok(_) => return Ok(()),
        Err(error) => error,
    };
    let another = match (port.saturating_add(1).max(3000)..=u16::MAX)
        .take(100)
        .find(|&port| TcpListener::bind((HOSTNAME, port)).is_ok())
    {
        Some(free) => format!("`cargo book serve --port {free}` picks another"),
        None => "`--port` picks another".to_owned(),
    };
    match error.kind() {
        ErrorKind::AddrInUse => bail!("port {port} is busy: {another}"),
        _ => bail!("port {port} cannot be listened on ({error}): {another}"),
    }
}

/// Is there a browser to open? Not for CI, and not on a Unix without a screen.
fn has_browser(os: &str, is_set: impl Fn(&str) -> bool) -> bool {
    let has_screen = match os {
        "windows" | "macos" => true,
        _ => is_set("DISPLAY") || is_set("WAYLAND_DISPLAY"),
    };
    has_screen && !is_set("CI")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_busy_port_is_said_in_one_line_with_a_port_that_is_free() {
        let taken = TcpListener::bind((HOSTNAME, 0)).unwrap();
        let port = taken.local_addr().unwrap().port();
        let message = format!("{:#}", check_port(port).unwrap_err());
        let start = format!("port {port} is busy: `cargo book serve --port ");
        assert!(message.starts_with(&start), "{message}");
        assert!(message.ends_with("` picks another"), "{message}");
        assert!(!message.contains('\n'), "{message}");
    }

    #[test]
    fn a_port_is_free_again_once_it_is_let_go() {
        let is_free_again = |_| {
            let taken = TcpListener::bind((HOSTNAME, 0)).unwrap();
            let port = taken.local_addr().unwrap().port();
            drop(taken);
            check_port(port).is_ok()
        };
        // Meanwhile somebody else may have taken one, but not all of them.
        assert!((0..5).any(is_free_again));
    }

    #[test]
    fn a_browser_needs_a_screen_and_somebody_before_it() {
        let with = |names: &'static [&str]| move |name: &str| names.contains(&name);
        assert!(has_browser("macos", with(&[])));
        assert!(has_browser("windows", with(&[])));
        assert!(has_browser("linux", with(&["DISPLAY"])));
        assert!(has_browser("linux", with(&["WAYLAND_DISPLAY"])));
        assert!(!has_browser("linux", with(&[])));
        assert!(!has_browser("linux", with(&["DISPLAY", "CI"])));
        assert!(!has_browser("macos", with(&["CI"])));
    }
}
