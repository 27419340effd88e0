//! The reader's project: what somebody who follows the book has typed in when they reach a step.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use anyhow::{Context, Result, bail};
use regex::Regex;
use toml_edit::DocumentMut;
use walkdir::WalkDir;

use crate::book::{Book, Source, is_anchor, is_step, pattern};

/// The name of the reader's package.
pub const PACKAGE: &str = "web-server";

/// The files of a listing that hold our tests. A `main.rs` names them last, each by `#[cfg(test)]` and `mod NAME;`.
const OUR_TESTS: &[&str] = &["score.rs", "tests.rs"];

/// The modules in files of their own that a source file names last, for its tests.
static TEST_MODULES: LazyLock<Regex> = LazyLock::new(|| pattern(r"(\s*#\[cfg\(test\)\]\nmod \w+;)+\s*\z"));

/// A copy of a listing as the reader has it.
///
/// The folder below which it lies may be deleted and derived again at any time.
pub struct ReaderProject {
    dir: PathBuf,
}

impl ReaderProject {
    /// Derives the reader's project from `listing` (a step, or a folder of `listings/broken`) into `dir`.
    ///
    /// Whatever was in `dir` is gone afterwards: nothing cargo built there earlier can be mistaken
    /// for new, and `Compiling web-server` is always printed.
    /// `lock` is the lock file that gives the versions; it need not exist.
    pub fn derive(listing: &Path, lock: &Path, dir: &Path) -> Result<Self> {
        if dir.exists() {
            fs::remove_dir_all(dir).with_context(|| format!("emptying {}", dir.display()))?;
        }
        copy(listing, dir).with_context(|| format!("copying {} to {}", listing.display(), dir.display()))?;
        if lock.exists() {
            fs::copy(lock, dir.join("Cargo.lock")).with_context(|| format!("copying {}", lock.display()))?;
        }
        // Cargo and the compiler print paths without symbolic links. (On Windows the canonical
        // form is one that nobody prints.)
        let dir = match cfg!(windows) {
            true => std::path::absolute(dir)?,
            false => fs::canonicalize(dir)?,
        };
        Ok(Self { dir })
    }

    /// The folder with the reader's `Cargo.toml`.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// A folder beside the project with nothing in it: where `cargo new` is typed.
    pub fn empty_folder(&self) -> Result<PathBuf> {
        let dir = self.dir.with_file_name("new");
        if dir.exists() {
            fs::remove_dir_all(&dir).with_context(|| format!("emptying {}", dir.display()))?;
        }
        fs::create_dir_all(&dir).with_context(|| format!("creating {}", dir.display()))?;
        Ok(dir)
    }

    /// Lets the program listen on port `to` where it listened on `from` (7878, to begin with).
    pub fn move_port(&self, from: u16, to: u16) -> Result<()> {
        let path = self.dir.join("src").join("main.rs");
        let source = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
        fs::write(&path, moved(&source, from, to)).with_context(|| format!("writing {}", path.display()))
    }
}

/// `text` with the port `to` wherever it says `from`.
pub fn moved(text: &str, from: u16, to: u16) -> String {
    pattern(&format!(r"\b{from}\b"))
        .replace_all(text, to.to_string())
        .into_owned()
}

/// Copies a listing to `dir`, file by file, as the reader has it.
fn copy(listing: &Path, dir: &Path) -> Result<()> {
    let files = WalkDir::new(listing)
        .into_iter()
        .filter_entry(|entry| entry.file_name() != OsStr::new("target"));
    for entry in files {
        let entry = entry?;
        if !entry.file_type().is_file() {
            continue;
        }
        let file = entry.path().strip_prefix(listing)?;
        let text = fs::read_to_string(entry.path()).with_context(|| format!("reading {}", entry.path().display()))?;
        if let Some(text) = reader_text(file, &text, PACKAGE)? {
            let to = dir.join(file);
            fs::create_dir_all(to.parent().unwrap_or(dir))?;
            fs::write(to, text)?;
        }
    }
    Ok(())
}

/// What the reader has of a file of a listing, by its path in it, in a project of this `name`; nothing if it is ours
/// alone. Refuses a `Cargo.toml` that is no manifest.
fn reader_text(file: &Path, text: &str, name: &str) -> Result<Option<String>> {
    if file.starts_with("out") || file == Path::new("Cargo.lock") || is_our_tests(file) {
        return Ok(None);
    }
    Ok(Some(if file == Path::new("Cargo.toml") {
        manifest_of(text, name)?
    } else if file.extension() == Some(OsStr::new("rs")) {
        reader_source(text)
    } else {
        text.to_owned()
    }))
}

/// What the reader has of a source file: no anchors, no `//!` lines at the top, which say what a listing is, and none
/// of our test modules at the end. Tests that stand in the file itself are the reader's and stay.
pub fn reader_source(text: &str) -> String {
    let source = without_anchors(text);
    let source = match source.starts_with("//!") {
        true => {
            let lines = source
                .lines()
                .skip_while(|line| line.starts_with("//!") || line.is_empty());
            lines.map(|line| format!("{line}\n")).collect()
        }
        false => source,
    };
    TEST_MODULES.replace(&source, "\n").into_owned()
}

/// What the reader has of a `Cargo.toml`: their own package name, no anchors, no lints, no
/// dev-dependencies on crates of ours. Refuses text that isn't a manifest.
pub fn reader_manifest(text: &str) -> Result<String> {
    manifest_of(text, PACKAGE)
}

/// The same for a reader's project of another `name`.
fn manifest_of(text: &str, name: &str) -> Result<String> {
    let mut manifest: DocumentMut = without_anchors(text).parse()?;
    manifest["package"]["name"] = toml_edit::value(name);
    manifest.remove("lints");
    if let Some(package) = manifest["package"].as_table_mut() {
        package.remove("metadata");
    }
    if let Some(dev) = manifest
        .get_mut("dev-dependencies")
        .and_then(|item| item.as_table_like_mut())
    {
        let ours: Vec<String> = dev
            .iter()
            .filter(|(_, item)| item.get("path").is_some())
            .map(|(name, _)| name.to_owned())
            .collect();
        for name in &ours {
            dev.remove(name);
        }
        if dev.is_empty() {
            manifest.remove("dev-dependencies");
        }
    }
    Ok(format!("{}\n", manifest.to_string().trim_end()))
}

/// The text files of a project, by their path in it: the lines of each, without their ends.
pub type Files = BTreeMap<PathBuf, Vec<String>>;

/// What the reader has of a listing when they are done with it, in a project of the name that theirs has. Its lock file
/// is not part of that.
///
/// Refuses a listing without a manifest, or with one that is none.
pub fn reader_files(book: &Book, listing: &str) -> Result<Files> {
    let folder = Path::new("listings").join(listing);
    let manifest = folder.join("Cargo.toml");
    if !book.sources.contains_key(&manifest) {
        bail!("{} is not there", manifest.display());
    }
    let package = name(book, listing).unwrap_or_else(|| PACKAGE.to_owned());
    let mut files = Files::new();
    for (path, source) in book.sources.range(folder.clone()..) {
        let Ok(file) = path.strip_prefix(&folder) else { break };
        let text = reader_text(file, &source.text, &package).with_context(|| format!("in {}", path.display()))?;
        if let Some(text) = text {
            files.insert(file.to_owned(), text.lines().map(str::to_owned).collect());
        }
    }
    Ok(files)
}

/// The name of the project that the reader types `listing` into: `web-server` for the steps and what goes on from them;
/// nothing if it is not for typing.
pub fn name(book: &Book, listing: &str) -> Option<String> {
    if is_step(listing) {
        return Some(PACKAGE.to_owned());
    }
    let metadata = Metadata::read(book, listing);
    match metadata.from.filter(|_| metadata.typed)?.as_str() {
        "new" => listing.rsplit('/').next().map(str::to_owned),
        before if before == listing => None,
        before => name(book, before),
    }
}

/// What `cargo new NAME` makes.
pub fn new_files(name: &str) -> Files {
    let main = ["fn main() {", "    println!(\"Hello, world!\");", "}"];
    let name = format!("name = \"{name}\"");
    let manifest = [
        "[package]",
        &name,
        "version = \"0.1.0\"",
        "edition = \"2024\"",
        "",
        "[dependencies]",
    ];
    let lines = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect();
    Files::from([
        (Path::new("src").join("main.rs"), lines(&main)),
        (PathBuf::from("Cargo.toml"), lines(&manifest)),
    ])
}

/// The lines of `source` that the lines of the reader's `file` are, where they are any.
pub fn numbers(file: &[String], source: &Source) -> Vec<Option<usize>> {
    let all: Vec<(usize, &str)> = source.lines().collect();
    let mut next = 0;
    file.iter()
        .map(|line| {
            let found = all[next..].iter().position(|(_, other)| other == line)?;
            next += found + 1;
            Some(all[next - 1].0)
        })
        .collect()
}

/// What the manifest of a listing says of it under `package.metadata.book`.
#[derive(Debug, Default)]
pub struct Metadata {
    /// `from = "06-concurrent"`: the listing that this one is a change of; `new` is what `cargo new` makes.
    pub from: Option<String>,
    /// `typed = true`: the reader types it in, as they do the steps.
    pub typed: bool,
    /// `hidden = ["+use std::rc::Rc;"]`: the lines that it adds to `from` (`+`) and takes away (`-`) where no page shows it.
    pub hidden: Vec<String>,
    /// `part = "underneath/pinning:first_word"`: the listing, and the anchor in it, that this one has the lines of.
    pub part: Option<(String, String)>,
    /// `warnings = ["unused_must_use"]`: the lints that it must be warned of, each as often as it stands there.
    pub warnings: Vec<String>,
}

impl Metadata {
    /// Reads what the manifest of `listing` says; a manifest that is none says nothing.
    pub fn read(book: &Book, listing: &str) -> Metadata {
        let read = || {
            let manifest = book
                .sources
                .get(&Path::new("listings").join(listing).join("Cargo.toml"))?;
            let manifest: DocumentMut = manifest.text.parse().ok()?;
            let ours = manifest.get("package")?.get("metadata")?.get("book")?;
            let text = |key: &str| ours.get(key)?.as_str();
            let lines = |item: Option<&toml_edit::Item>| {
                let lines = item.and_then(|item| item.as_array()).into_iter().flatten();
                lines.filter_map(|line| line.as_str().map(str::to_owned)).collect()
            };
            Some(Metadata {
                from: text("from").map(str::to_owned),
                typed: ours.get("typed").and_then(|item| item.as_bool()).unwrap_or_default(),
                hidden: lines(ours.get("hidden")),
                warnings: lines(ours.get("warnings")),
                part: text("part").and_then(|part| {
                    let (listing, anchor) = part.split_once(':')?;
                    Some((listing.to_owned(), anchor.to_owned()))
                }),
            })
        };
        read().unwrap_or_default()
    }
}

/// Whether a file of a listing, by its path in it, holds tests of the book's own.
pub fn is_our_tests(file: &Path) -> bool {
    OUR_TESTS.iter().any(|name| file == Path::new("src").join(name))
}

/// `text` without the lines that mark anchors.
fn without_anchors(text: &str) -> String {
    text.lines()
        .filter(|line| !is_anchor(line))
        .map(|line| format!("{line}\n"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anchors_and_our_tests_are_not_the_readers() {
        let listing = "//! Step 01.\n\n// ANCHOR: main\nfn main() {\n    // ANCHOR: in-side\n    run();\n    // ANCHOR_END: in-side\n}\n// ANCHOR_END: main\n\n#[cfg(test)]\nmod score;\n#[cfg(test)]\nmod tests;\n";
        assert_eq!(reader_source(listing), "fn main() {\n    run();\n}\n");
    }

    #[test]
    fn a_tests_module_with_a_body_stays() {
        let reader = "fn main() {}\n\n#[cfg(test)]\nmod tests {\n    use super::*;\n}\n";
        assert_eq!(reader_source(reader), reader);
        let listing = format!("{reader}\n#[cfg(test)]\nmod score;\n");
        assert_eq!(reader_source(&listing), reader);
    }

    #[test]
    fn the_manifest_is_the_readers() {
        let listing = "[package]\nname = \"block-on\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n# ANCHOR: dependencies\n[dependencies]\nsmol = \"2.0.2\"\n# ANCHOR_END: dependencies\n\n[dev-dependencies]\nclients = { path = \"../support/clients\" }\n\n[lints]\nworkspace = true\n";
        assert_eq!(
            reader_manifest(listing).unwrap(),
            "[package]\nname = \"web-server\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\nsmol = \"2.0.2\"\n"
        );
    }

    #[test]
    fn dev_dependencies_of_the_reader_stay() {
        let listing = "[package]\nname = \"tested\"\n\n[dev-dependencies]\nclients = { path = \"../support/clients\" }\nfutures-test = \"0.3\"\n";
        assert_eq!(
            reader_manifest(listing).unwrap(),
            "[package]\nname = \"web-server\"\n\n[dev-dependencies]\nfutures-test = \"0.3\"\n"
        );
    }

    #[test]
    fn the_port_is_found_in_each_form() {
        let source = "bind(\"127.0.0.1:7878\"); bind(([127, 0, 0, 1], 7878)); 17878";
        assert_eq!(
            moved(source, 7878, 4321),
            "bind(\"127.0.0.1:4321\"); bind(([127, 0, 0, 1], 4321)); 17878"
        );
    }

    #[test]
    fn a_listing_is_copied_without_what_is_ours() {
        let root = tempfile::tempdir().unwrap();
        let listing = root.path().join("01-a");
        for (path, text) in [
            ("Cargo.toml", "[package]\nname = \"a\"\n"),
            ("src/main.rs", "fn main() {}\n\n#[cfg(test)]\nmod tests;\n"),
            ("src/score.rs", "clients::score! {}\n"),
            ("src/tests.rs", "use clients::Client;\n"),
            ("src/http/head.rs", "// ANCHOR: a\n// ANCHOR_END: a\n"),
            ("hello.html", "// ANCHOR: stays\n"),
            ("out/hello.console", "$ cargo run\n"),
        ] {
            fs::create_dir_all(listing.join(path).parent().unwrap()).unwrap();
            fs::write(listing.join(path), text).unwrap();
        }
        let lock = root.path().join("Cargo.lock");
        fs::write(&lock, "version = 4\n").unwrap();

        let dir = root.path().join("x").join("web-server");
        fs::create_dir_all(dir.join("target")).unwrap();
        let project = ReaderProject::derive(&listing, &lock, &dir).unwrap();

        let read = |path: &str| fs::read_to_string(project.dir().join(path)).ok();
        assert_eq!(read("src/main.rs").unwrap(), "fn main() {}\n");
        assert_eq!(read("src/http/head.rs").unwrap(), "");
        assert_eq!(read("hello.html").unwrap(), "// ANCHOR: stays\n");
        assert_eq!(read("Cargo.lock").unwrap(), "version = 4\n");
        assert_eq!((read("src/score.rs"), read("src/tests.rs")), (None, None));
        assert!(!dir.join("out").exists() && !dir.join("target").exists());
    }
}
