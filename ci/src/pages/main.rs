//! The program that makes the book's pages: for `cargo book build`, and for mdBook, which calls it as a preprocessor.

use std::process::ExitCode;

use anyhow::{Result, bail};
use book::manuscript::{self, Book};
use book::page;
use book::page::preprocess::{self, Rewritten};

fn main() -> ExitCode {
    // mdBook reports what it thinks of a page through `tracing`, and says nothing to a program that does not listen.
    tracing_subscriber::fmt().with_env_filter("warn").with_writer(std::io::stderr).without_time().init();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Err(error) = run(&arguments.iter().map(String::as_str).collect::<Vec<_>>()) else { return ExitCode::SUCCESS };
    eprintln!("error: {error:#}");
    ExitCode::FAILURE
}

/// Runs in the root of the book.
fn run(arguments: &[&str]) -> Result<()> {
    match arguments {
        ["build"] => {
            let root = std::env::current_dir()?;
            let pages = Rewritten::new(&Book::load(&root)?, "html")?;
            page::build(manuscript::config(&root)?, &root, &root.join("book"), pages)?;
            println!("built book/index.html");
        }
        ["preprocess"] => preprocess::run()?,
        // mdBook asks which renderers we are for. Every one is welcome: the includes matter to all of them.
        ["preprocess", "supports", _] => {}
        _ => bail!("this program is for `cargo book` to start; `cargo book help` says what that can do"),
    }
    Ok(())
}
