//! `cargo book check`, `test` and `bless`: what holds the book to its listings.
//!
//! A check is one function in a file of its own, and a line in [`FAST`] or [`SLOW`].

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Result, bail};
use book::finding::Finding;
use book::manuscript::{Book, includes, slashes};

use check::{Check, Context, Skipped, say};

mod browser;
mod builds;
mod built;
mod cache;
mod captions;
mod check;
mod copies;
mod form;
mod generators;
mod lint;
mod listings;
mod proofs;
mod rendered;
mod run;
mod skeptic;
mod spelling;
mod transcripts;
mod unused;
mod words;

/// What `cargo book check` and `cargo book test` run: checks that take milliseconds.
const FAST: &[Check] = &[
    ("includes", |context| Ok(includes::check(&context.book))),
    ("unused", |context| Ok(unused::check(&context.book))),
    ("form", form::check),
    ("proofs", |context| Ok(proofs::check(&context.book))),
    ("captions", |context| Ok(captions::check(&context.book))),
    ("words", |context| Ok(words::check(&context.book))),
    ("spelling", |context| Ok(spelling::check(&context.book))),
    ("lint", |context| lint::check(&context.book)),
    ("generated", |context| Ok(generators::check(&context.book))),
    ("followed", |context| Ok(context.walk().findings.clone())),
    ("copies", |context| Ok(copies::check(&context.book))),
    ("rendered", rendered::check),
];

/// What `cargo book test` runs besides: checks that compile or run something.
const SLOW: &[Check] = &[
    ("listings", listings::check),
    ("builds", builds::check),
    ("skeptic", skeptic::check),
    ("transcripts", transcripts::check),
    ("browser", browser::check),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    skeptic::rustc().unwrap_or_else(|| run(&arguments)).unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}

/// Runs a command in the root of the book, where `cargo book` starts us. It fails if something is wrong with the book.
fn run(arguments: &[&str]) -> Result<ExitCode> {
    let context = || Ok::<_, anyhow::Error>(Context::new(Book::load(&std::env::current_dir()?)?));
    let is_well = match arguments {
        ["check"] => check::run(FAST, &[], &context()?, &[], false)?,
        ["test", arguments @ ..] => {
            let names: Vec<&str> = arguments.iter().copied().filter(|name| *name != "--no-skip").collect();
            check::run(FAST, SLOW, &context()?, &names, arguments.contains(&"--no-skip"))?
        }
        ["bless"] => bless(&context()?)?,
        // After new measurements.
        ["generate"] => {
            let context = context()?;
            write(&context, generators::from_book(&context.book))?
        }
        // For the check `skeptic`, in a process of its own.
        ["skeptic", listings] => return skeptic::run(Path::new(listings)),
        _ => bail!("`{}` means nothing here; `cargo book help` lists what does", arguments.join(" ")),
    };
    Ok(if is_well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Writes again all that is captured or generated, and prints what changes. Gives whether all could be.
fn bless(context: &Context) -> Result<bool> {
    let (mut files, mut findings) = generators::from_book(&context.book);
    match transcripts::capture(context) {
        Ok((captured, found)) => {
            files.extend(captured);
            findings.extend(found);
        }
        Err(error) if error.is::<Skipped>() => say(format_args!("transcripts were {error}")),
        Err(error) => return Err(error),
    }
    write(context, (files, findings))
}

/// Writes files, and prints what changes, and what is wrong with others. Gives whether nothing is.
fn write(context: &Context, (files, mut findings): (Vec<generators::Generated>, Vec<Finding>)) -> Result<bool> {
    let mut changed = 0;
    for file in &files {
        if let Some(diff) = file.write(&context.book.root)? {
            say(format_args!("{}\n{diff}", slashes(&file.path)));
            changed += 1;
        }
    }
    findings.sort();
    findings.iter().for_each(say);
    say(format_args!("{changed} files changed, {} could not be captured or generated", findings.len()));
    Ok(findings.is_empty())
}
