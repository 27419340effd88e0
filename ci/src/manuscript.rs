//! The book as its authors write it: the pages, and the files that they include.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, Result};
use mdbook_driver::MDBook;
use mdbook_driver::book::Chapter;
use mdbook_driver::config::Config;
use regex::Regex;
use walkdir::WalkDir;

pub mod includes;
pub mod listing;
pub mod page;
pub mod source;

pub use listing::{Kind, Listing};
pub use page::{Block, Include, Page};
pub use source::Source;

/// The files of the book, read once.
pub struct Book {
    pub root: PathBuf,
    pub pages: Vec<Page>,
    /// Every text file below `listings/`, and whatever else a page includes, by its path relative to `root`.
    pub sources: BTreeMap<PathBuf, Source>,
    /// The folders below `listings/`, by their names (`03-block-on`, `broken/not-send`).
    pub listings: BTreeMap<String, Listing>,
}

impl Book {
    /// Reads the book below the folder with `book.toml`.
    pub fn load(root: &Path) -> Result<Self> {
        let mdbook = MDBook::load_with_config(root, config(root)?)
            .with_context(|| format!("cannot read the book in {}", root.display()))?;
        Ok(Self::from_chapters(root, &mdbook.config.book.src, mdbook.book.chapters()))
    }

    /// The book that consists of `chapters`, which mdBook has read from `root/src`.
    pub fn from_chapters<'a>(root: &Path, src: &Path, chapters: impl Iterator<Item = &'a Chapter>) -> Self {
        let pages = chapters.filter_map(|chapter| {
            let page = Page::new(src.join(chapter.source_path.as_ref()?), chapter.content.clone());
            let number = chapter.number.as_ref().map(|number| number.to_string().trim_end_matches('.').to_owned());
            Some(Page { number, ..page })
        });
        let pages: Vec<Page> = pages.collect();
        // Without what cargo writes there. What is no text, no page shows.
        let entries = WalkDir::new(root.join("listings")).into_iter().filter_entry(|it| it.file_name() != "target");
        let files = entries.filter_map(|entry| {
            let entry = entry.ok().filter(|entry| entry.file_type().is_file())?;
            Some(entry.path().strip_prefix(root).ok()?.to_owned())
        });
        let included = pages.iter().flat_map(Page::includes).map(|include| include.path);
        let paths: BTreeSet<PathBuf> = files.chain(included).collect();
        let read = |path: PathBuf| Some((path.clone(), Source::new(fs::read_to_string(root.join(path)).ok()?)));
        let sources = paths.into_iter().filter_map(read).collect();
        let listings = Listing::all(&sources);
        Self { root: root.to_owned(), pages, sources, listings }
    }

    pub fn listing_of(&self, path: &Path) -> Option<&Listing> {
        self.listings.get(&listing::name_of(path)?)
    }

    /// The files of a listing, by their paths in its folder.
    pub fn files_of<'a>(&'a self, listing: &'a Listing) -> impl Iterator<Item = (&'a Path, &'a Source)> {
        self.sources
            .range(listing.folder.clone()..)
            .map_while(|(path, source)| Some((path.strip_prefix(&listing.folder).ok()?, source)))
    }
}

/// The configuration of the book: `book.toml`, and what the environment says by `MDBOOK_...`, as mdBook reads them.
pub fn config(root: &Path) -> Result<Config> {
    let path = root.join("book.toml");
    let mut config = Config::from_disk(&path).with_context(|| format!("cannot read {}", path.display()))?;
    config.update_from_env()?;
    Ok(config)
}

/// A pattern that is known to be well formed.
pub fn pattern(text: &str) -> Regex {
    Regex::new(text).unwrap_or_else(|error| unreachable!("a pattern of ours is malformed: {error}"))
}

/// A path as it is written on every system.
pub fn slashes(path: &Path) -> String {
    path.to_string_lossy().replace('\\', "/")
}

/// `a/../b` as `b`: paths are compared by their names alone.
pub fn normalize(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir if normal.file_name().is_some() => drop(normal.pop()),
            Component::CurDir => {}
            part => normal.push(part),
        }
    }
    normal
}
