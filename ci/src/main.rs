//! The `cargo book` command. It is made of the standard library alone, so it is built in a second; what needs libraries
//! is in two programs that it builds and starts: `pages`, for readers, and `checks`, for contributors.

use std::path::Path;
use std::process::{Command, ExitCode};

use program::{CHECKS, PAGES};

mod mdbook;
mod program;

const HELP: &str = "\
Builds, serves and checks the book

Usage: cargo book COMMAND

Commands:
  serve  Show the book in a browser, and rebuild it on every change
           --port N   Port to serve on, 3000 if not given
           --no-open  Don't open a browser
  build  Build the book into book/
  check  The checks that take a second: for while you write
  test   Every check: what CI does
           CHECK...   Only these, by the names that a whole run prints
           --no-skip  A check that can't run on this machine fails
  bless  Capture every transcript again, generate what is generated, and show what changed
  bench  Measure the servers against each other, and generate the tables and plots
           --quick    In one minute, for ourselves: the committed results stay
  help   This text";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    run(&arguments).unwrap_or_else(|error| {
        eprintln!("error: {error}");
        ExitCode::FAILURE
    })
}

fn run(arguments: &[String]) -> Result<ExitCode, String> {
    let command = arguments.first().map_or("help", String::as_str);
    if ["help", "--help", "-h"].contains(&command) {
        println!("{HELP}");
        return Ok(ExitCode::SUCCESS);
    }
    let root = std::env::current_dir().map_err(|error| format!("cannot find the current folder: {error}"))?;
    if !Path::new("book.toml").exists() {
        return Err(format!("there is no book.toml in {}", root.display()));
    }
    match command {
        "serve" => mdbook::serve(&root, &arguments[1..]),
        "build" | "preprocess" => PAGES.start(&root, arguments),
        "check" | "test" | "bless" => CHECKS.start(&root, arguments),
        "bench" => bench(&root, &arguments[1..]),
        _ => Err(format!("there is no command `{command}`; `cargo book help` lists those there are")),
    }
}

/// Measures, and then generates what pages show of it.
fn bench(root: &Path, options: &[String]) -> Result<ExitCode, String> {
    let mut bench = Command::new(program::cargo());
    bench.current_dir(root.join("listings")).args(["run", "--release", "--package", "bench", "--"]).args(options);
    let status = bench.status().map_err(|error| format!("cannot start cargo: {error}"))?;
    match (status.success(), options) {
        (false, _) => Ok(ExitCode::FAILURE),
        (true, []) => CHECKS.start(root, &["generate".to_owned()]),
        (true, _) => Ok(ExitCode::SUCCESS),
    }
}
