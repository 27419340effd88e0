//! Finds projects that don't build where a reader builds them, by themselves, as they are in the archives of the pages.
//! A project may warn of nothing but what a transcript of it shows.

use std::fs;
use std::path::Path;

use anyhow::Result;
use book::finding::Finding;
use book::manuscript::{Kind, Listing, slashes};
use book::page::archive::{self, Texts};
use book::reader::files::{PACKAGE, new_files, to_text};

use crate::cache::{Cache, hash};
use crate::check::Context;
use crate::run::cargo;
use crate::run::workshop::{Workshop, write};

pub fn check(context: &Context) -> Result<Vec<Finding>> {
    let book = &context.book;
    let workshop = Workshop::open(book)?;
    // Readers' projects are built offline.
    cargo::stdout(cargo::cargo(&book.root.join("listings")).args(["fetch", "--quiet"]))?;
    let cache = Cache::open(&book.root, "builds", &cargo::compiler(&book.root)?)?;
    let mut findings = begun(&workshop)?;
    let lock = fs::read_to_string(book.root.join("listings/Cargo.lock")).unwrap_or_default();
    for end in context.walk()?.ends.iter().filter(|end| end.has_download()) {
        let listing = &book.listings[&end.listing];
        let files = archive::texts(listing.slug(), &end.files, &lock);
        let shown = book.files_of(listing).filter(|(path, _)| path.starts_with("out"));
        let shown: String = shown.map(|(_, source)| source.text.as_str()).collect();
        let inputs = hash(&(&files, &shown));
        findings.extend(cache.check(&inputs, || compile(&workshop, listing, &files, &shown))?);
    }
    Ok(findings)
}

/// What `cargo new` makes otherwise than the model of the reader begins with.
fn begun(workshop: &Workshop) -> Result<Vec<Finding>> {
    let folder = workshop.empty("new")?;
    cargo::stdout(cargo::cargo(&folder).args(["new", "--quiet", PACKAGE]))?;
    let mut findings = Vec::new();
    for (file, lines) in new_files(PACKAGE) {
        let made = fs::read_to_string(folder.join(PACKAGE).join(&file))?;
        if made != to_text(&lines) {
            let message = format!("`cargo new` makes another {} than `new_files` says", slashes(&file));
            findings.push(Finding::new("ci/src/reader/files.rs", 1, message, made));
        }
    }
    Ok(findings)
}

/// Has the compiler check a project, and its tests, and finds what it says. (That such code can be linked and run, the
/// tests of the listings show.)
fn compile(workshop: &Workshop, listing: &Listing, files: &Texts, shown: &str) -> Result<Vec<Finding>> {
    let project = workshop.place(Path::new("alone"), listing.slug())?;
    for (path, text) in files {
        write(&project.folder.with_file_name(path), text)?;
    }
    let output = cargo::output(project.cargo().args(["check", "--all-targets", "--offline"]))?;
    let printed = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        let message = format!("`{}` does not build by itself", listing.name);
        return Ok(vec![Finding::new(listing.manifest(), 1, message, printed)]);
    }
    let is_new =
        |line: &&str| line.starts_with("warning: ") && !line.contains(") generated ") && !shown.contains(*line);
    let warning = printed.lines().find(is_new).filter(|_| listing.kind != Kind::Exercise);
    let message = warning.map(|line| format!("`{}` gives a {line}, which no transcript of it shows", listing.name));
    Ok(message.map(|message| Finding::new(listing.manifest(), 1, message, printed.clone())).into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use book::testing::{headlines, small_book};

    #[test]
    fn a_project_that_warns_or_does_not_build_by_itself_is_found() {
        let manifest = "[package]\nname = \"a\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\n";
        let page = "# Page\n\n```rust\n{{#rustdoc_include ../listings/01-a/src/main.rs:main}}\n```\n";
        let found = |manifest: &str, body: &str, transcript: &str| {
            let main = format!("// ANCHOR: main\nfn main() {{\n    {body}\n}}\n// ANCHOR_END: main\n");
            let (_folder, book) = small_book(&[
                ("src/page.md", page),
                ("listings/Cargo.toml", "[workspace]\nmembers = [\"[0-9]*\"]\nresolver = \"3\"\n"),
                ("listings/01-a/Cargo.toml", manifest),
                ("listings/01-a/src/main.rs", &main),
                ("listings/01-a/out/a.console", transcript),
            ]);
            let found = headlines(&check(&Context::new(book)).unwrap());
            found.into_iter().map(|finding| finding.split_once(": ").unwrap().1.to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(found(manifest, "println!();", ""), [""; 0]);
        // In the listing, that is allowed; the reader's manifest has no such table.
        let allowed = format!("{manifest}\n[lints.rust]\nunused_variables = \"allow\"\n");
        let warning = "warning: unused variable: `x`";
        assert_eq!(
            found(&allowed, "let x = 1;", ""),
            [format!("`01-a` gives a {warning}, which no transcript of it shows")]
        );
        assert_eq!(found(&allowed, "let x = 1;", &format!("$ cargo check\n{warning}\n")), [""; 0]);
        assert_eq!(found(manifest, "no_such();", ""), ["`01-a` does not build by itself"]);
    }
}
