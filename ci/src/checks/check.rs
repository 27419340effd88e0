//! What a check is, what it is given, and how checks are run and reported.

use std::fmt;
use std::io::{self, Write};
use std::sync::{OnceLock, mpsc};
use std::thread;
use std::time::Instant;

use anyhow::{Result, anyhow, bail, ensure};
use book::finding::Finding;
use book::manuscript::{Book, includes};
use book::reader::walk::{self, Walk};

use crate::built::Built;
use crate::cache::{Cache, files};

/// A check: its name, and what finds what is wrong. An error means that it could not do its work.
pub type Check = (&'static str, fn(&Context) -> Result<Vec<Finding>>);

/// The error that counts as none: why a check has nothing to do on this machine.
#[derive(Debug)]
pub struct Skipped(pub String);

impl fmt::Display for Skipped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "skipped: {}", self.0)
    }
}

impl std::error::Error for Skipped {}

/// What checks are given: the book, and what is made of it once for all that ask.
pub struct Context {
    pub book: Book,
    /// What is wrong with its includes.
    pub includes: Vec<Finding>,
    walk: OnceLock<Walk>,
    built: OnceLock<Result<Built, String>>,
}

impl Context {
    pub fn new(book: Book) -> Self {
        Self { includes: includes::check(&book), book, walk: OnceLock::new(), built: OnceLock::new() }
    }

    /// The book, for a check of what pages show. Refused as long as an include is wrong: most of what such a check finds
    /// then is that again, in other words.
    pub fn included(&self) -> Result<&Book> {
        ensure!(self.includes.is_empty(), "mend the includes first");
        Ok(&self.book)
    }

    pub fn walk(&self) -> Result<&Walk> {
        let book = self.included()?;
        Ok(self.walk.get_or_init(|| walk::walk(book)))
    }

    /// The book as HTML, or why mdBook cannot build it.
    pub fn built(&self) -> Result<&Built> {
        let walk = self.walk()?;
        let build = || Built::new(&self.book, walk).map_err(|error| format!("{error:#}"));
        self.built.get_or_init(build).as_ref().map_err(|error| anyhow!("{error}"))
    }
}

/// Prints a line. Somebody who reads only the beginning, as `head` does, has closed our output.
pub fn say(line: impl fmt::Display) {
    let _ = writeln!(io::stdout(), "{line}");
}

/// Runs the checks that `names` has, or all without names, and prints a line for each, and all findings at the end. Gives
/// whether the book is as it should be; with `no_skip`, a skipped check has failed.
pub fn run(fast: &[Check], slow: &[&[Check]], context: &Context, names: &[&str], no_skip: bool) -> Result<bool> {
    let known: Vec<&str> = fast.iter().chain(slow.iter().copied().flatten()).map(|(name, _)| *name).collect();
    if let Some(name) = names.iter().find(|name| !known.contains(name)) {
        bail!("there is no check `{name}`; there are {}", known.join(", "));
    }
    let is_wanted = |check: &&Check| names.is_empty() || names.contains(&check.0);
    let timed = |(name, run): &Check| (*name, Instant::now(), run(context), Instant::now());
    // The fast ones run nothing, so what they find depends on the files alone.
    let root = &context.book.root;
    let cache = Cache::open(root, "fast", &files(root))?;
    let cached = |(name, run): &Check| (*name, Instant::now(), cache.check(name, || run(context)), Instant::now());
    let (mut passed, mut failed, mut skipped, mut findings) = (0, 0, 0, Vec::new());
    let mut report = |(name, start, result, end): (&str, Instant, Result<Vec<Finding>>, Instant)| {
        let (count, outcome) = match &result {
            Ok(found) if found.is_empty() => (&mut passed, "ok".to_owned()),
            Ok(found) => (&mut failed, format!("{} found", found.len())),
            Err(error) if error.is::<Skipped>() => (&mut skipped, error.to_string()),
            Err(error) => (&mut failed, format!("could not run: {error:#}")),
        };
        say(format_args!("{name:<12} {:>6.2} s  {outcome}", (end - start).as_secs_f32()));
        *count += 1;
        findings.extend(result.unwrap_or_default());
    };
    // The fast ones side by side, for somebody waits.
    thread::scope(|scope| {
        let running: Vec<_> = fast.iter().filter(is_wanted).map(|check| scope.spawn(|| cached(check))).collect();
        for thread in running {
            report(thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
    });
    thread::scope(|scope| {
        let (sender, results) = mpsc::channel();
        for row in slow {
            let sender = sender.clone();
            scope.spawn(move || row.iter().filter(is_wanted).try_for_each(|check| sender.send(timed(check))));
        }
        drop(sender);
        results.into_iter().for_each(&mut report);
    });

    findings.sort();
    findings.dedup();
    say("");
    findings.iter().for_each(say);
    let also = if skipped == 0 { String::new() } else { format!(", {skipped} skipped, for the reason above") };
    say(format_args!("\n{passed} passed, {failed} failed{also}"));
    Ok(failed == 0 && (skipped == 0 || !no_skip))
}
