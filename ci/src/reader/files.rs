//! What the reader has of a listing when they are done with it: its files, without what is only the book's.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use anyhow::{Context, Result, anyhow};
use regex::{Captures, Regex};
use toml_edit::{DocumentMut, Item, Table};

use crate::manuscript::listing::{OVERLAY, is_our_tests};
use crate::manuscript::{Book, Kind, Listing, Source, normalize, pattern};
use crate::reader::{edit, overlay};

pub const PACKAGE: &str = "web-server";

/// The modules in files of their own that a source file names last, for its tests; an answer has its exercise's.
static TEST_MODULES: LazyLock<Regex> =
    LazyLock::new(|| pattern(r#"(\s*#\[cfg\(test\)\]\n(#\[path = "[^"]*"\]\n)?mod \w+;)+\s*\z"#));

/// A module whose file is another listing's. The reader has a file of their own, with the same text.
static MODULE_ELSEWHERE: LazyLock<Regex> =
    LazyLock::new(|| pattern(r#"(?m)^#\[path = "(?P<path>[^"]+)"\]\n(?P<module>mod (?P<name>\w+);)$"#));

/// The text files of a project, by their paths in it: the lines of each, without their ends.
pub type Files = BTreeMap<PathBuf, Vec<String>>;

/// The name of the reader's project: `web-server`, or a listing's own for what begins with `cargo new`.
pub fn project(book: &Book, listing: &Listing) -> String {
    let from = listing.metadata().from.filter(|from| listing.kind != Kind::Step && *from != listing.name);
    match from.as_deref() {
        Some("new") => listing.slug().to_owned(),
        from => from.and_then(|from| book.listings.get(from)).map_or(PACKAGE.to_owned(), |from| project(book, from)),
    }
}

/// The reader's files of a listing, without its lock file; of a broken one, its step's with the overlay's items in them.
pub fn reader_files(book: &Book, listing: &Listing) -> Result<Files> {
    let metadata = listing.metadata.as_ref().map_err(|error| anyhow!("{error}"))?;
    if listing.kind != Kind::Broken {
        return its_files(book, listing);
    }
    let from = metadata.from.as_deref().unwrap_or_default();
    let base = book.listings.get(from).with_context(|| format!("there is no listing `{from}`"))?;
    changed(book, listing, reader_files(book, base)?)
}

/// `files` with the items of a broken listing in them.
pub fn changed(book: &Book, broken: &Listing, mut files: Files) -> Result<Files> {
    for (file, mut lines) in its_files(book, broken)? {
        if let Some(old) = files.get(&file).filter(|_| file.extension() == Some(OsStr::new("rs"))) {
            let made = overlay::apply(old, &lines).map_err(anyhow::Error::msg);
            lines = made.with_context(|| format!("`{}` does not fit what it changes", file.display()))?;
        }
        files.insert(file, lines);
    }
    Ok(files)
}

fn its_files(book: &Book, listing: &Listing) -> Result<Files> {
    let name = project(book, listing);
    let mut files = Files::new();
    for (file, source) in book.files_of(listing).filter(|(file, _)| !is_ours(file) && !is_our_tests(file)) {
        let text = match file.extension().and_then(OsStr::to_str) {
            Some("rs") => {
                let text = reader_source(source);
                files.extend(modules_elsewhere(book, &listing.folder, file, &text));
                MODULE_ELSEWHERE.replace_all(&text, "$module").into_owned()
            }
            _ if file == Path::new("Cargo.toml") => reader_manifest(source, &name)?,
            _ => source.text.clone(),
        };
        files.insert(file.to_owned(), to_lines(&text));
    }
    Ok(files)
}

/// The files that stand for the modules that a source file of a listing takes from others.
fn modules_elsewhere(book: &Book, folder: &Path, file: &Path, text: &str) -> Files {
    let beside = folder.join(file.parent().unwrap_or(Path::new("")));
    let module = |named: Captures<'_>| {
        let source = book.sources.get(&normalize(&beside.join(&named["path"])))?;
        Some((file.with_file_name(format!("{}.rs", &named["name"])), to_lines(&reader_source(source))))
    };
    MODULE_ELSEWHERE.captures_iter(text).filter_map(module).collect()
}

/// What the reader of an exercise starts with: its files and tests, and the crates of ours that these need.
pub fn start_files(book: &Book, exercise: &Listing) -> Result<Files> {
    let sources = book.files_of(exercise).filter(|(file, _)| !is_ours(file));
    let mut files: Files = sources.map(|(file, source)| (file.to_owned(), own_lines(source))).collect();
    let manifest = files.get(Path::new("Cargo.toml")).context("there is no Cargo.toml")?;
    let mut manifest = without_ours(&to_text(manifest))?;
    let dev = manifest.get_mut("dev-dependencies").and_then(Item::as_table_mut);
    for (name, item) in dev.into_iter().flat_map(Table::iter_mut) {
        let Some(path) = item.get("path").and_then(Item::as_str) else { continue };
        let folder = normalize(&exercise.folder.join(path));
        let support = book.listings.values().find(|listing| listing.folder == folder);
        let support = support.with_context(|| format!("there is no `{}`", folder.display()))?;
        let sources = book.files_of(support);
        files.extend(sources.map(|(file, source)| (Path::new(name.get()).join(file), own_lines(source))));
        item["path"] = toml_edit::value(name.get());
    }
    files.insert("Cargo.toml".into(), to_lines(&manifest.to_string()));
    Ok(files)
}

/// A manifest without what is only the book's: lints, and what its author says of the listing.
fn without_ours(text: &str) -> Result<DocumentMut> {
    let mut manifest: DocumentMut = text.parse()?;
    manifest.remove("lints");
    if let Some(package) = manifest["package"].as_table_mut() {
        package.remove("metadata");
    }
    Ok(manifest)
}

/// Whether a file, by its path in the folder of its listing, is the book's alone.
fn is_ours(file: &Path) -> bool {
    file.starts_with("out") || file == Path::new("Cargo.lock") || file == Path::new(OVERLAY)
}

/// What the reader has of a source file: no anchors, no `//!` lines at the top, none of our test modules at the end.
fn reader_source(source: &Source) -> String {
    let is_said = source.text.starts_with("//!");
    let lines = source.lines().map(|(_, line)| line);
    let lines = lines.skip_while(|line| is_said && (line.starts_with("//!") || line.is_empty()));
    let source: String = lines.flat_map(|line| [line, "\n"]).collect();
    TEST_MODULES.replace(&source, "\n").into_owned()
}

/// What the reader has of a `Cargo.toml`: no anchors, no lints, no dev-dependencies on crates of ours.
fn reader_manifest(source: &Source, name: &str) -> Result<String> {
    let mut manifest = without_ours(&to_text(&own_lines(source)))?;
    let package = manifest.get_mut("package").and_then(Item::as_table_like_mut);
    package.context("Cargo.toml has no `[package]`")?.insert("name", toml_edit::value(name));
    if let Some(dev) = manifest.get_mut("dev-dependencies").and_then(Item::as_table_mut) {
        dev.retain(|_, item| item.get("path").is_none());
        if dev.is_empty() {
            manifest.remove("dev-dependencies");
        }
    }
    Ok(format!("{}\n", manifest.to_string().trim_end()))
}

/// What `cargo new NAME` makes.
pub fn new_files(name: &str) -> Files {
    let main = "fn main() {\n    println!(\"Hello, world!\");\n}\n";
    let manifest = format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\n");
    Files::from([("src/main.rs".into(), to_lines(main)), ("Cargo.toml".into(), to_lines(&manifest))])
}

/// The lines of `source` that the lines of the reader's `file` are, where they are any.
pub fn numbers(file: &[String], source: &Source) -> Vec<Option<usize>> {
    let numbers: Vec<usize> = source.lines().map(|(number, _)| number).collect();
    edit::same(&own_lines(source), file).into_iter().map(|line| line.map(|line| numbers[line])).collect()
}

/// The lines of a file without those that mark anchors.
pub fn own_lines(source: &Source) -> Vec<String> {
    source.lines().map(|(_, line)| line.to_owned()).collect()
}

pub fn to_lines(text: &str) -> Vec<String> {
    text.lines().map(str::to_owned).collect()
}

pub fn to_text(lines: &[String]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::small_book;

    #[test]
    fn a_module_of_another_listing_is_a_file_of_the_reader() {
        let main = "#[path = \"../../../01-a/src/b.rs\"]\nmod b;\n\nfn main() {}\n\n#[cfg(test)]\nmod tests;\n";
        let (_folder, book) = small_book(&[
            ("src/page.md", "# Page\n"),
            ("listings/01-a/src/b.rs", "//! Step 01.\n\npub fn b() {}\n"),
            ("listings/underneath/c/src/main.rs", main),
        ]);

        let files = reader_files(&book, &book.listings["underneath/c"]).unwrap();

        let text = |file: &str| to_text(&files[Path::new(file)]);
        assert_eq!(text("src/main.rs"), "mod b;\n\nfn main() {}\n");
        assert_eq!(text("src/b.rs"), "pub fn b() {}\n");
    }
}
