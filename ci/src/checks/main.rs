//! `cargo book check`, `test` and `bless`: what holds the book to its listings.
//!
//! A check is one function in a file of its own, and a line in [`FAST`] or [`SLOW`].

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use book::finding::Finding;
use book::manuscript::{Book, slashes};

use check::{Check, Context, Skipped, say};
use generators::Generated;

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
mod rendered;
mod run;
mod skeptic;
mod spelling;
mod transcripts;
mod unused;
mod words;

/// What `cargo book check` and `cargo book test` run: checks that take milliseconds.
const FAST: &[Check] = &[
    ("includes", |context| Ok(context.includes.clone())),
    ("unused", |context| Ok(unused::check(context.included()?))),
    ("form", form::check),
    ("captions", |context| Ok(captions::check(context.included()?))),
    ("words", |context| Ok(words::check(context.included()?))),
    ("spelling", |context| spelling::check(&context.book)),
    ("lint", |context| lint::check(&context.book)),
    ("generated", |context| Ok(generators::check(context.included()?))),
    ("followed", |context| Ok(context.walk()?.findings.clone())),
    ("copies", |context| Ok(copies::check(&context.book))),
    ("rendered", rendered::check),
];

/// What `cargo book test` runs besides: checks that compile or run something. The rows run side by side; the checks of a
/// row one after another, for they have cargo's target folder in common.
const SLOW: &[&[Check]] = &[
    &[("listings", listings::check), ("skeptic", skeptic::check)],
    &[("builds", builds::check), ("transcripts", transcripts::check)],
    &[("browser", browser::check)],
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
        ["generate"] => generate(&context()?, &mut 0)?.is_empty(),
        // For the check `skeptic`, in a process of its own.
        ["skeptic", listings] => return skeptic::run(Path::new(listings)),
        _ => bail!("`{}` means nothing here; `cargo book help` lists what does", arguments.join(" ")),
    };
    Ok(if is_well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Writes what is made of the listings alone, prints and counts what changes, and gives what is wrong with the rest.
fn generate(context: &Context, changed: &mut usize) -> Result<Vec<Finding>> {
    let (files, findings) = generators::from_book(&context.book);
    write(context, files, changed)?;
    findings.iter().for_each(say);
    Ok(findings)
}

fn write(context: &Context, files: Vec<Generated>, changed: &mut usize) -> Result<()> {
    for file in files {
        if let Some(diff) = file.write(&context.book.root)? {
            say(format_args!("{}\n{diff}", slashes(&file.path)));
            *changed += 1;
        }
    }
    Ok(())
}

/// Writes again all that is captured or generated, and prints what changes. Gives whether all could be.
fn bless(context: &Context) -> Result<bool> {
    let mut changed = 0;
    // First what needs no transcript: a page may include what isn't there yet.
    let mut findings = generate(context, &mut changed)?;
    context.includes.iter().for_each(say);
    context.included().context("what is generated has been written; run this again if that was all that they lack")?;
    match transcripts::capture(context, say) {
        Ok((captured, found)) => {
            write(context, captured, &mut changed)?;
            found.iter().for_each(say);
            findings.extend(found);
        }
        Err(error) if error.is::<Skipped>() => say(format_args!("transcripts were {error}")),
        Err(error) => return Err(error),
    }
    say(format_args!("{changed} files changed, {} could not be captured or generated", findings.len()));
    Ok(findings.is_empty())
}
