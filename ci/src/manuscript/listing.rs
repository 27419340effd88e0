//! The folders below `listings/`: what kind each is, and what its author says of it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::Source;

/// What a folder below `listings/` is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `NN-slug`: the server, as the reader has it at one point.
    Step,
    /// `broken/NAME`: what must not compile, or must fail its test. Holds only what differs from its step.
    Broken,
    /// `exercises/NAME`: where the reader starts.
    Exercise,
    /// `answers/NAME`: an exercise, solved.
    Answer,
    /// `underneath/NAME`: a program that explains what lies below the steps.
    Underneath,
    /// `support/NAME`: what the listings' own tests need; `contenders/NAME`: what servers are measured against. A page
    /// need not show it.
    Support,
}

#[derive(Clone, Debug)]
pub struct Listing {
    /// `03-block-on`, `broken/not-send`.
    pub name: String,
    pub kind: Kind,
    /// Relative to the book's root: `listings/03-block-on`.
    pub folder: PathBuf,
    /// What its author says of it, or why that can't be read.
    pub metadata: Result<Metadata, String>,
}

/// What its author says of it: `[package.metadata.book]` in its `Cargo.toml`, or the whole `overlay.toml` of a broken one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Metadata {
    /// The listing that it is a change of; `new` is what `cargo new` makes. What the reader types needs none.
    pub from: Option<String>,
    /// Whether the reader types it in, as they do the steps.
    pub typed: bool,
    /// Files that the reader copies from the `web-server` they have: `["hello.html"]`.
    pub copies: Vec<String>,
}

/// `[package.metadata]`, where nothing but our table stands: a misspelt one would be as good as none.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Tables {
    book: Metadata,
}

/// The file with the metadata of a broken listing, which has no manifest of its own.
pub const OVERLAY: &str = "overlay.toml";

impl Listing {
    pub fn all(sources: &BTreeMap<PathBuf, Source>) -> BTreeMap<String, Self> {
        let names: BTreeSet<String> = sources.keys().filter_map(|path| name_of(path)).collect();
        names.into_iter().map(|name| (name.clone(), Self::read(name, sources))).collect()
    }

    fn read(name: String, sources: &BTreeMap<PathBuf, Source>) -> Self {
        let kind = name.split_once('/').and_then(|(folder, _)| kind_of(folder)).unwrap_or(Kind::Step);
        let folder = Path::new("listings").join(&name);
        let mut listing = Self { name, kind, folder, metadata: Ok(Metadata::default()) };
        let text = sources.get(&listing.manifest()).map_or("", |source| &source.text);
        let metadata = toml::from_str::<toml::Value>(text).and_then(|all| {
            if kind == Kind::Broken {
                return all.try_into();
            }
            let tables = all.get("package").and_then(|package| package.get("metadata")).cloned();
            tables.map_or(Ok(Tables::default()), toml::Value::try_into).map(|tables| tables.book)
        });
        listing.metadata = metadata.map_err(|error| error.to_string());
        listing
    }

    /// The file that its metadata is in, relative to the book's root.
    pub fn manifest(&self) -> PathBuf {
        self.folder.join(if self.kind == Kind::Broken { OVERLAY } else { "Cargo.toml" })
    }

    /// Its metadata, or what stands for metadata that can't be read.
    pub fn metadata(&self) -> Metadata {
        self.metadata.clone().unwrap_or_default()
    }

    pub fn is_typed(&self) -> bool {
        self.kind == Kind::Step || self.metadata().typed
    }

    pub fn slug(&self) -> &str {
        self.name.rsplit('/').next().unwrap_or(&self.name)
    }
}

/// Whether a file of a listing, by its path in it, holds tests of the book's own: of the program as a whole, in `tests/`,
/// or in `src/`. A `main.rs` names each of the latter at its end, by `#[cfg(test)]` and `mod NAME;`: `book_tests` where the
/// reader has a `mod tests { ... }` of their own.
pub fn is_our_tests(file: &Path) -> bool {
    file.starts_with("tests")
        || ["src/score.rs", "src/tests.rs", "src/book_tests.rs"].iter().any(|name| file == Path::new(name))
}

/// The name of the listing that a file below `listings/` belongs to.
pub fn name_of(path: &Path) -> Option<String> {
    let parts: Option<Vec<&str>> = path.strip_prefix("listings").ok()?.iter().map(|part| part.to_str()).collect();
    match parts?[..] {
        [folder, name, _, ..] if kind_of(folder).is_some() => Some(format!("{folder}/{name}")),
        [name, _, ..] if kind_of(name).is_none() => Some(name.to_owned()),
        _ => None,
    }
}

/// The kind of the listings in this folder, if it is one for listings.
fn kind_of(folder: &str) -> Option<Kind> {
    match folder {
        "answers" => Some(Kind::Answer),
        "broken" => Some(Kind::Broken),
        "exercises" => Some(Kind::Exercise),
        "contenders" | "support" => Some(Kind::Support),
        "underneath" => Some(Kind::Underneath),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_knows_its_listing() {
        assert_eq!(name_of(Path::new("listings/03-block-on/src/main.rs")).as_deref(), Some("03-block-on"));
        assert_eq!(name_of(Path::new("listings/broken/send/src/main.rs")).as_deref(), Some("broken/send"));
        assert_eq!(name_of(Path::new("listings/Cargo.lock")), None);
    }
}
