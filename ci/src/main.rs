//! The `cargo book` command: builds, serves and checks the book.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::{Parser, Subcommand};

use book::Book;
use checks::Cost;
use generated::{Blessed, timelines};
use programs::workshop::Workshop;

mod book;
mod checks;
mod finding;
mod generated;
mod html;
mod passed;
mod programs;
mod reader;
mod serve;
mod tools;

/// Builds, serves and checks the book.
#[derive(Parser)]
#[command(name = "cargo book", bin_name = "cargo book")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Show the book in a browser, and rebuild it on every change
    Serve(serve::ServeArgs),
    /// Build the book into book/
    Build,
    /// The checks that take a second: for while you write
    Check,
    /// Every check: what CI does
    Test {
        /// Only these checks, by the names that the lines of a whole run begin with
        checks: Vec<String>,
        /// Follow the links that lead out of the book, too
        #[arg(long)]
        external_links: bool,
    },
    /// Capture every transcript again, generate what is generated, list new addresses, and show what changed
    Bless,
    /// Check and rewrite a book for mdBook, which calls this
    #[command(hide = true)]
    Preprocess {
        /// `supports`, when mdBook asks for what this is meant
        question: Option<String>,
        /// The renderer that it asks about
        renderer: Option<String>,
    },
    /// Compile the programs in a folder with skeptic
    #[command(hide = true)]
    Compile { listings: PathBuf, folder: PathBuf },
}

fn main() -> ExitCode {
    match run(Arguments::parse().command) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Runs a command, and gives whether all is well.
fn run(command: Command) -> Result<bool> {
    match command {
        Command::Serve(arguments) => {
            serve::serve(&root()?, arguments)?;
            Ok(true)
        }
        Command::Build => {
            let root = root()?;
            html::built::build(&root, &root.join("book"))?;
            println!("built book/index.html");
            Ok(true)
        }
        Command::Check => checks::run(&Book::load(&root()?)?, Cost::Fast, &[]),
        Command::Test {
            checks: names,
            external_links,
        } => {
            let cost = if external_links { Cost::OnRequest } else { Cost::Slow };
            checks::run(&Book::load(&root()?)?, cost, &names)
        }
        Command::Bless => bless(&root()?),
        // Every renderer is welcome: the includes matter to all of them.
        Command::Preprocess { question: Some(_), .. } => Ok(true),
        Command::Preprocess { question: None, .. } => html::preprocess::run().map(|()| true),
        Command::Compile { listings, folder } => checks::skeptic::compile(&listings, &folder).map(|()| true),
    }
}

/// Captures every transcript again, generates every generated file, lists new addresses, and prints what changed and
/// what could not be generated.
fn bless(root: &Path) -> Result<bool> {
    let book = Book::load(root)?;
    let workshop = Workshop::open(root)?;
    let capture = || programs::transcript::bless(&workshop, &book.transcripts());
    let (measured, captured) = timelines::measure_beside(&book, &workshop, capture)?;
    let (mut files, mut findings) = generated::from_book(&book);
    match measured {
        Ok(measured) => files.extend(measured),
        Err(finding) => findings.push(finding),
    }
    let generated = files
        .into_iter()
        .map(|file| file.write(root))
        .collect::<Result<Vec<Blessed>>>()?;

    let changed = |blessed: &&Blessed| !blessed.diff.is_empty();
    for blessed in captured.iter().chain(&generated).filter(changed) {
        println!("{}", book::slashes(&blessed.path));
        print!("{}", blessed.diff);
    }
    for (blessed, what) in [(&captured, "transcripts captured"), (&generated, "files generated")] {
        let changed = blessed.iter().filter(changed).count();
        println!("{} {what}, {changed} changed", blessed.len());
    }
    // As it is now: what was generated, a page may include.
    let added = checks::addresses::bless(&Book::load(root)?)?;
    for address in &added {
        println!("+{address}");
    }
    println!("{} addresses added", added.len());
    for finding in &findings {
        println!("{finding}");
    }
    Ok(findings.is_empty())
}

/// The root of the book: the folder that holds `ci/`.
fn root() -> Result<PathBuf> {
    // cargo sets it while `cargo book` runs; the other is for a program that was started by its path.
    let ci =
        std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    let root = ci.parent().context("ci/ has no parent folder")?.to_owned();
    if !root.join("book.toml").exists() {
        bail!(
            "there is no book.toml in {}: run `cargo book` from the root of the book",
            root.display()
        );
    }
    Ok(root)
}
