//! Finds Rust blocks of the expanded book that don't compile, against the versions in the listings' lock file.
//!
//! skeptic prints and panics, so it runs in a process of its own for each block. It knows no edition after 2021, while
//! readers have 2024: where it asks for `rustc`, it gets this program, which asks the real one for the right edition.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result};
use book::finding::Finding;
use book::manuscript::{Kind, Source};
use book::reader::files::{Files, reader_files, to_text};

use crate::cache::Cache;
use crate::check::Context;
use crate::listings::errors_in;
use crate::run::{cargo, side_by_side};

/// The variable with the program to compile, by which the other process knows what to do.
const CODE: &str = "BOOK_SKEPTIC_CODE";

pub fn check(context: &Context) -> Result<Vec<Finding>> {
    let book = &context.book;
    let listings = book.root.join("listings");
    let lock = fs::read_to_string(listings.join("Cargo.lock")).unwrap_or_default();
    let cache = Cache::open(&book.root, "skeptic", &(cargo::compiler(&listings)?, lock))?;
    // skeptic links against what cargo has built, as the tests need it.
    cargo::stdout(cargo::cargo(&listings).args(["test", "--workspace", "--no-run", "--quiet"]))?;
    let mut blocks = Vec::new();
    for page in &book.pages {
        let expanded = &context.built()?.blocks[&page.path];
        for (block, expanded) in page.blocks.iter().zip(expanded).filter(|(block, _)| block.language() == "rust") {
            // Tests in files of their own are no programs: cargo compiles those. What the compiler refuses, as a
            // transcript of it shows, is none either.
            let path = block.include(&page.path).map(|include| include.path);
            let path = path.filter(|path| path.ends_with("main.rs") || path.ends_with("lib.rs"));
            let Some(listing) = path.and_then(|path| book.listing_of(&path)) else { continue };
            let refuses = |(file, source): (&Path, &Source)| {
                file.starts_with("out") && source.text.contains("\nerror: could not compile")
            };
            if book.files_of(listing).any(refuses) {
                continue;
            }
            let text = match context.walk()?.figures.get(&(page.path.clone(), block.line)) {
                // mdBook knows only the items in which it differs from its step.
                Some(figure) if listing.kind == Kind::Broken => {
                    figure.lines.iter().map(|line| format!("{}\n", line.text)).collect()
                }
                _ => expanded.text.clone(),
            };
            let program = program(&reader_files(book, listing)?, &book.root.join(&listing.folder), &text);
            blocks.push((&page.path, block.line, program));
        }
    }
    let findings = side_by_side(blocks, |(page, line, program)| {
        let errors = cache.check(&program, || compile(&listings, &program))?.into_iter();
        let found = errors.map(|error| {
            let message = format!("this block does not compile: {}", error.message);
            let help = format!("at its line {}, hidden ones counted\n{}", error.line, error.help);
            Finding::new(page, line, message, help)
        });
        Ok(found.collect::<Vec<_>>())
    });
    Ok(findings.into_iter().collect::<Result<Vec<_>>>()?.concat())
}

/// The program that a block shows, with its hidden lines, modules from files beside it (but for tests), and a `main`.
/// What it includes is in the listing's `folder`.
fn program(files: &Files, folder: &Path, block: &str) -> String {
    let mut is_test = false;
    let line = |line: &str| {
        let hidden = line.trim_start();
        let line = if hidden == "#" { "" } else { hidden.strip_prefix("# ").unwrap_or(line) };
        let module = line.strip_prefix("mod ").and_then(|line| line.strip_suffix(';')).filter(|_| !is_test);
        is_test = line == "#[cfg(test)]";
        let source = |name| files.get(&PathBuf::from(format!("src/{name}.rs")));
        match module.and_then(|name| Some((name, source(name)?))) {
            Some((name, lines)) => format!("mod {name} {{\n{}}}\n", to_text(lines)),
            None => format!("{line}\n"),
        }
    };
    let program: String = block.lines().map(line).collect();
    let program = program.replace("include_str!(\"../", &format!("include_str!(r\"{}/", folder.display()));
    if program.contains("fn main") { program } else { program + "\nfn main() {}\n" }
}

/// Has skeptic compile a program. Gives the first error, at its line of the program.
fn compile(listings: &Path, code: &str) -> Result<Vec<Finding>> {
    let us = env::current_exe()?;
    let output = cargo::output(cargo::program(&us).arg("skeptic").arg(listings).env("RUSTC", &us).env(CODE, code))?;
    let answer = String::from_utf8_lossy(&output.stderr);
    if output.status.success() {
        return Ok(Vec::new());
    }
    errors_in(&answer).into_iter().next().map(|error| vec![error]).with_context(|| format!("skeptic failed: {answer}"))
}

/// The other process: has skeptic compile the program, which panics if that can't be, and prints what the compiler says.
pub fn run(listings: &Path) -> Result<ExitCode> {
    let version = cargo::compiler(listings)?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).context("rustc does not say its host")?;
    // skeptic looks for the libraries beside this folder, where a build script would have it.
    let out = listings.join("target/debug/build/skeptic/out");
    skeptic::rt::compile_test(&listings.to_string_lossy(), &out.to_string_lossy(), host, &env::var(CODE)?);
    Ok(ExitCode::SUCCESS)
}

/// Stands for `rustc`, if skeptic has started us as such.
pub fn rustc() -> Option<Result<ExitCode>> {
    let is_rustc = env::var_os(CODE).is_some() && env::args().nth(1).is_some_and(|first| first != "skeptic");
    is_rustc.then(|| {
        let arguments = env::args().skip(1).map(|argument| argument.replace("--edition=2021", "--edition=2024"));
        let status = Command::new("rustc").args(arguments).status()?;
        Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_lines_are_lines_and_modules_are_in_it() {
        let files = Files::from([("src/b.rs".into(), vec!["fn b() { include_str!(\"../b.html\"); }".to_owned()])]);
        let block = "# mod b;\n#\n#[cfg(test)]\n# mod tests;\nfn main() {\n    #[allow(unused)]\n    # let x = 1;\n}";
        assert_eq!(
            program(&files, Path::new("/a"), block),
            "mod b {\nfn b() { include_str!(r\"/a/b.html\"); }\n}\n\n#[cfg(test)]\nmod tests;\nfn main() {\n    #[allow(unused)]\nlet x = 1;\n}\n"
        );
    }
}
