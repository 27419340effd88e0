//! A walk through the book: what the reader has in front of them at each listing, and what they do with it.
//!
//! Whoever follows the pages from `cargo new` brings each block into their project, one after the other. The walk does
//! the same, and knows for each block where it goes, which of its lines are new, and for each step whether the reader
//! has it whole when the page is done with it.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::{Path, PathBuf};

use similar::{Algorithm, DiffOp, capture_diff_slices};

use crate::book::{Block, Book, Include, Page, is_step, listing_of, slashes};
use crate::finding::Finding;
use crate::reader::edit::Edit;
use crate::reader::project::{self, Files, Metadata};

/// What there is to know of the blocks of a book.
pub struct Walk {
    /// The blocks that are one include, by their page and the line of their fence.
    pub figures: BTreeMap<(PathBuf, usize), Figure>,
    /// The listings that the pages come to the end of.
    pub ends: Vec<End>,
    /// Where somebody who follows the pages would be stuck, or end with something else than the listing.
    pub findings: Vec<Finding>,
}

/// A block, as the reader sees it.
pub struct Figure {
    /// `03-block-on`, or nothing for a file outside of `listings/`.
    pub listing: Option<String>,
    /// The file, in the reader's project: `src/main.rs`.
    pub file: PathBuf,
    /// What the file is called in the listing: the anchor, or the name of the file.
    pub part: String,
    /// The reader's project that it is about: `web-server`; nothing if it is not about what they type.
    pub project: Option<String>,
    /// What the reader does with it, if they are to type it.
    pub edit: Option<Edit>,
    /// The lines of the file, or of the part that is shown without the rest.
    pub lines: Vec<Line>,
}

/// A line of a figure.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// The line, without its end.
    pub text: String,
    /// Whether it stands in the block, and not only in the file around it.
    pub visible: bool,
    /// Whether the step before does not have it.
    pub new: bool,
    /// Lines that the step before has in front of it, and this one does not have.
    pub gone: Vec<String>,
}

/// The place where a page is done with a listing.
pub struct End {
    /// The listing.
    pub listing: String,
    /// The reader's project that has come to this; nothing if the reader does not type it.
    pub project: Option<String>,
    /// The page.
    pub page: PathBuf,
    /// The line in front of which it is.
    pub line: usize,
    /// The listing it is a change of, and that listing's files.
    pub before: Option<(String, Files)>,
    /// The reader's files.
    pub files: Files,
    /// The files to show whole: those that the pages show something of, and those that have changed.
    pub whole: Files,
}

/// What a listing begins with.
enum Base {
    /// What `cargo new` makes.
    New,
    /// The files of another listing.
    Listing(String),
}

/// Walks through the book.
pub fn walk(book: &Book) -> Walk {
    let mut walker = Walker {
        book,
        steps: book.listings().into_iter().filter(|name| is_step(name)).collect(),
        goals: BTreeMap::new(),
        projects: BTreeMap::new(),
        shown: BTreeMap::new(),
        places: BTreeMap::new(),
        walk: Walk {
            figures: BTreeMap::new(),
            ends: Vec::new(),
            findings: Vec::new(),
        },
    };
    for page in &book.pages {
        for block in &page.blocks {
            if let Some(include) = block.include(&page.path) {
                walker.block(page, block, &include);
            }
        }
    }
    walker.ends();
    walker.compare();
    walker.walk
}

struct Walker<'a> {
    book: &'a Book,
    steps: Vec<String>,
    /// The reader's files of each listing, as they are in the end.
    goals: BTreeMap<String, Files>,
    /// The reader's files of each listing that is followed, as far as they are.
    projects: BTreeMap<String, Files>,
    /// The files that the pages show something of, by listing.
    shown: BTreeMap<String, BTreeSet<PathBuf>>,
    /// For each listing, the first page that shows something of its files, and the last line of what that page shows.
    places: BTreeMap<String, (usize, usize)>,
    walk: Walk,
}

impl Walker<'_> {
    fn goal(&mut self, listing: &str) -> Files {
        if let Some(files) = self.goals.get(listing) {
            return files.clone();
        }
        let files = project::reader_files(self.book, listing).unwrap_or_else(|error| {
            self.walk.findings.push(Finding::new(
                Path::new("listings").join(listing).join("Cargo.toml"),
                1,
                format!("the reader's project cannot be derived from it: {error:#}"),
                "",
            ));
            Files::new()
        });
        self.goals.insert(listing.to_owned(), files.clone());
        files
    }

    /// What a listing begins with, if it begins with anything, and whether the reader is to type it.
    fn base(&self, listing: &str) -> (Option<Base>, bool) {
        if is_step(listing) {
            let before = self.steps.iter().rev().find(|step| step.as_str() < listing);
            return (Some(before.map_or(Base::New, |step| Base::Listing(step.clone()))), true);
        }
        // The reader writes the answer, and not by following us.
        if let Some(name) = listing.strip_prefix("answers/") {
            return (Some(Base::Listing(format!("exercises/{name}"))), false);
        }
        let metadata = Metadata::read(self.book, listing);
        let base = metadata.from.map(|name| match name.as_str() {
            "new" => Base::New,
            _ => Base::Listing(name),
        });
        (base, metadata.typed)
    }

    fn block(&mut self, page: &Page, block: &Block, include: &Include) {
        let Some(source) = self.book.sources.get(&include.path) else {
            return;
        };
        let listing = listing_of(&include.path).filter(|name| !name.starts_with("support/"));
        let folder = Path::new("listings").join(listing.as_deref().unwrap_or_default());
        let file = include.path.strip_prefix(folder).unwrap_or(&include.path).to_owned();
        let part = match &include.anchor {
            Some(anchor) => anchor.clone(),
            None => file.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
        };
        let visible: Vec<String> = match &include.anchor {
            Some(anchor) => source
                .anchored_lines(anchor)
                .into_iter()
                .map(|(_, line)| line.to_owned())
                .collect(),
            None => source.lines().map(|(_, line)| line.to_owned()).collect(),
        };
        let mut figure = Figure {
            listing: listing.clone(),
            file: file.clone(),
            part,
            project: listing.as_ref().and_then(|listing| project::name(self.book, listing)),
            edit: None,
            lines: shown(visible.clone()),
        };
        let key = (page.path.clone(), block.line);
        let Some(listing) = listing else {
            self.walk.figures.insert(key, figure);
            return;
        };

        let number = self
            .book
            .pages
            .iter()
            .position(|other| other.path == page.path)
            .unwrap_or(0);
        // A session shows nothing of the files: a page with no more than that is not where they are typed.
        if let Some(place) = match figure.is_session() {
            true => self.places.get_mut(&listing),
            false => Some(self.places.entry(listing.clone()).or_insert((number, block.end))),
        } && place.0 == number
        {
            place.1 = block.end;
        }
        if figure.is_session() {
            self.walk.figures.insert(key, figure);
            return;
        }
        self.shown.entry(listing.clone()).or_default().insert(file.clone());

        let Some(goal) = self.goal(&listing).remove(&file) else {
            self.walk.figures.insert(key, figure);
            return;
        };
        let first = position(&goal, source, include);
        let mut lines = shown(goal.clone());
        for (line, visible) in lines.iter_mut().zip(&first) {
            line.visible = *visible;
        }
        let (base, typed) = self.base(&listing);
        if let Some(Base::Listing(base)) = &base
            && let Some(before) = self.goal(base).get(&file)
        {
            mark(&mut lines, before);
        }
        figure.lines = match include.with_hidden_lines {
            true => lines,
            false => lines.into_iter().filter(|line| line.visible).collect(),
        };

        if let Some(base) = base.filter(|_| typed) {
            if !self.projects.contains_key(&listing) {
                let files = match base {
                    Base::New => project::new_files(figure.project.as_deref().unwrap_or(project::PACKAGE)),
                    Base::Listing(base) => self.goal(&base),
                };
                self.projects.insert(listing.clone(), files);
            }
            let project = self.projects.entry(listing.clone()).or_default();
            let mine = project.get(&file).map(Vec::as_slice);
            let made = Edit::find(mine, &visible, &goal).ok_or_else(|| "no words of ours say where it goes".to_owned());
            let made = made.and_then(|edit| edit.apply(mine, &visible).map(|lines| (edit, lines)));
            match made {
                Ok((edit, lines)) => {
                    project.insert(file, lines);
                    figure.edit = Some(edit);
                }
                Err(problem) => self.walk.findings.push(Finding::new(
                    &page.path,
                    block.line,
                    format!("a reader would not know what to do with this block: {problem}"),
                    "show whole items (a function, an impl, the `use` lines) in the order of the file",
                )),
            }
        }
        self.walk.figures.insert(key, figure);
    }

    /// Finds where each listing ends: in front of the next heading, or at the end of the `<details>` it stands in; what
    /// is broken, behind its last block.
    fn ends(&mut self) {
        let mut places: Vec<(String, (usize, usize))> = self.places.clone().into_iter().collect();
        // In the order of the pages, so that those that end at one place follow one another.
        places.sort_by_key(|(_, place)| *place);
        for (listing, (number, last)) in places {
            let page = &self.book.pages[number];
            let section = page.section(last).end;
            // A section may go on after it has shown what must not be done.
            let line = match listing.starts_with("broken/") {
                true => last + 1,
                false => end_of_fold(page, last..section).unwrap_or(section),
            };
            let files = self.goal(&listing);
            let before = match self.base(&listing) {
                (Some(Base::Listing(base)), _) => Some((base.clone(), self.goal(&base))),
                _ => None,
            };
            let mut whole = Files::new();
            for file in self.shown.get(&listing).into_iter().flatten() {
                let path = Path::new("listings").join(&listing).join(file);
                if let Some(source) = self.book.sources.get(&path) {
                    whole.insert(file.clone(), source.lines().map(|(_, line)| line.to_owned()).collect());
                }
            }
            for (file, lines) in &files {
                let changed = before.as_ref().is_some_and(|(_, old)| old.get(file) != Some(lines));
                if changed || whole.contains_key(file) {
                    whole.insert(file.clone(), lines.clone());
                }
            }
            if whole.is_empty() {
                continue;
            }
            self.walk.ends.push(End {
                project: project::name(self.book, &listing),
                listing,
                page: page.path.clone(),
                line,
                before,
                files,
                whole,
            });
        }
    }

    /// Finds lines of a listing that its reader has not been shown, and lines that they would still have.
    fn compare(&mut self) {
        for (listing, project) in std::mem::take(&mut self.projects) {
            let goal = self.goal(&listing);
            let page = slashes(&self.book.pages[self.places[&listing].0].path);
            let all = is_step(&listing) || !matches!(self.base(&listing), (Some(Base::New), _));
            for (file, lines) in goal {
                let followed = all || self.shown[&listing].contains(&file);
                let path = Path::new("listings").join(&listing).join(&file);
                let nothing = Vec::new();
                let mine = project.get(&file).unwrap_or(&nothing);
                if !followed || *mine == lines {
                    continue;
                }
                let same = mine.iter().zip(&lines).take_while(|(a, b)| a == b).count();
                let number = self.book.sources.get(&path).and_then(|source| {
                    let numbers = project::numbers(&lines, source);
                    numbers.get(same).copied().flatten()
                });
                let diff = similar::TextDiff::from_lines(&text(mine), &text(&lines))
                    .unified_diff()
                    .context_radius(1)
                    .header("what a reader has", "the listing")
                    .to_string();
                self.walk.findings.push(Finding::new(
                    path,
                    number.unwrap_or(1),
                    format!("whoever follows {page} does not end with this file"),
                    format!("show each line that differs from what the reader had before:\n{diff}"),
                ));
            }
        }
    }
}

/// The line of the `</details>` that closes what is open at the begin of `lines`, if something is.
fn end_of_fold(page: &Page, lines: Range<usize>) -> Option<usize> {
    page.text
        .lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line))
        .skip_while(|(number, _)| *number < lines.start)
        .take_while(|(number, line)| *number < lines.end && !line.starts_with("<details"))
        .find(|(_, line)| line.starts_with("</details"))
        .map(|(number, _)| number)
}

fn shown(lines: Vec<String>) -> Vec<Line> {
    lines
        .into_iter()
        .map(|text| Line {
            text,
            visible: true,
            ..Line::default()
        })
        .collect()
}

/// Which lines of the reader's file the include shows.
fn position(file: &[String], source: &crate::book::Source, include: &Include) -> Vec<bool> {
    let Some(anchor) = &include.anchor else {
        return vec![true; file.len()];
    };
    let anchored: BTreeSet<usize> = source
        .anchored_lines(anchor)
        .into_iter()
        .map(|(number, _)| number)
        .collect();
    project::numbers(file, source)
        .into_iter()
        .map(|number| number.is_some_and(|number| anchored.contains(&number)))
        .collect()
}

/// Marks the lines that `before` does not have, and puts those that only `before` has where they were.
fn mark(lines: &mut [Line], before: &[String]) {
    let after: Vec<String> = lines.iter().map(|line| line.text.clone()).collect();
    for operation in capture_diff_slices(Algorithm::Patience, before, &after) {
        match operation {
            DiffOp::Equal { .. } => {}
            DiffOp::Delete {
                old_index,
                old_len,
                new_index,
            } => {
                let gone = &before[old_index..old_index + old_len];
                if let Some(line) = lines.get_mut(new_index) {
                    line.gone = gone.iter().filter(|line| !line.is_empty()).cloned().collect();
                }
            }
            DiffOp::Insert { new_index, new_len, .. } | DiffOp::Replace { new_index, new_len, .. } => {
                for line in &mut lines[new_index..new_index + new_len] {
                    line.new = true;
                }
            }
        }
    }
}

/// Lines as a text.
pub fn text(lines: &[String]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::book::tests::small_book;

    #[test]
    fn a_listing_ends_on_the_page_that_shows_its_files() {
        let (_folder, book) = small_book(&[
            (
                "src/SUMMARY.md",
                "# Summary\n\n- [First](first.md)\n- [Page](page.md)\n",
            ),
            (
                "src/first.md",
                "# First\n\n```console\n{{#include ../listings/01-a/out/new.console}}\n```\n",
            ),
            (
                "src/page.md",
                "# Page\n\n```rust\n{{#rustdoc_include ../listings/01-a/src/main.rs}}\n```\n\n## Next\n",
            ),
            ("listings/01-a/Cargo.toml", "[package]\nname = \"a\"\n"),
            ("listings/01-a/src/main.rs", "fn main() {}\n"),
            ("listings/01-a/out/new.console", "$ cargo new web-server\n"),
        ]);
        let ends = walk(&book).ends;
        assert_eq!(ends.len(), 1);
        assert_eq!((ends[0].page.as_path(), ends[0].line), (Path::new("src/page.md"), 7));
    }
}
