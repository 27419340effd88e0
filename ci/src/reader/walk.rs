//! A walk through the book: as whoever follows the pages, it types `cargo new`, then brings each block into the project.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::finding::Finding;
use crate::manuscript::page::Mark;
use crate::manuscript::{Block, Book, Include, Kind, Listing, Source, slashes, source};
pub use crate::reader::edit::Line;
use crate::reader::edit::{self, Edit};
use crate::reader::files::{self, Files, to_text};

const SHOW: &str = "show whole items (a function, the `use` lines), or of a long one the lines that change, with a line \
    beside them that stays (the same anchor in several places, if need be)";

/// What there is to know of the blocks of a book.
#[derive(Default)]
pub struct Walk {
    /// The blocks that are one include, by their page and the line of their fence.
    pub figures: BTreeMap<(PathBuf, usize), Figure>,
    /// The listings that the pages come to the end of, and the exercises that they set.
    pub ends: Vec<End>,
    /// Where somebody who follows the pages would be stuck, or end with something else than the listing.
    pub findings: Vec<Finding>,
    /// The project that the reader has where the pages first show a transcript, by its path.
    pub sessions: BTreeMap<PathBuf, Files>,
}

pub struct Figure {
    /// `03-block-on`, or nothing for a file outside of the listings.
    pub listing: Option<String>,
    /// The file, in the reader's project: `src/main.rs`.
    pub file: PathBuf,
    /// What it shows of the file: the name of an anchor, or of the file.
    pub part: String,
    /// What the reader does with it, if they are to type it.
    pub edit: Option<String>,
    /// The lines of the file, or of the part that is shown without the rest.
    pub lines: Vec<Line>,
}

impl Figure {
    pub fn is_session(&self) -> bool {
        self.file.extension().is_some_and(|extension| extension == "console")
    }
}

/// The place where a page is done with a listing, or has set an exercise.
pub struct End {
    pub listing: String,
    pub kind: Kind,
    pub page: PathBuf,
    pub line: usize,
    /// The listing it is a change of, and that listing's files.
    pub before: Option<(String, Files)>,
    /// The reader's files; those of an exercise with its tests.
    pub files: Files,
    /// The files to show whole: those that the pages show something of, and those that have changed.
    pub whole: Files,
}

impl End {
    pub fn has_download(&self) -> bool {
        matches!(self.kind, Kind::Step | Kind::Exercise | Kind::Underneath)
    }
}

pub fn walk(book: &Book) -> Walk {
    let mut walk = Walk::default();
    let goals = book.listings.values().map(|listing| {
        let files = files::reader_files(book, listing).unwrap_or_else(|error| {
            let message = format!("the reader's project can't be derived from it: {error:#}");
            walk.findings.push(Finding::new(listing.manifest(), 1, message, ""));
            Files::new()
        });
        (listing.name.clone(), files)
    });
    let goals = goals.collect();
    let (projects, seen) = (BTreeMap::new(), BTreeMap::new());
    let mut walker = Walker { book, goals: &goals, walk, page: 0, line: 1, projects, seen };
    for (number, page) in book.pages.iter().enumerate() {
        for line in 1..=page.text.lines().count() {
            (walker.page, walker.line) = (number, line);
            page.blocks.iter().filter(|block| block.line == line).for_each(|block| walker.block(block));
            for code in page.spans.iter().filter(|span| span.line == line && span.is_code) {
                match (code.text.strip_prefix("cargo new "), code.text.strip_prefix("listings/")) {
                    (Some(project), _) => walker.new_project(project),
                    (_, Some(exercise)) => walker.exercise(exercise),
                    _ => {}
                }
            }
            for removal in page.removals.iter().filter(|removal| removal.line == line) {
                if let Err(problem) = walker.remove(removal) {
                    walker.here(format!("this can't be removed: {problem}"), "");
                }
            }
        }
    }
    for name in walker.projects.keys().cloned().collect::<Vec<_>>() {
        walker.finish(&name);
    }
    walker.ends();
    walker.walk
}

struct Walker<'a> {
    book: &'a Book,
    /// The reader's files of each listing, as they are in the end.
    goals: &'a BTreeMap<String, Files>,
    walk: Walk,
    /// Where we are.
    page: usize,
    line: usize,
    /// The reader's projects, by their names: the files, and the listing that they are typing.
    projects: BTreeMap<String, (Files, Option<String>)>,
    seen: BTreeMap<String, Seen>,
}

struct Seen {
    /// The page that shows something of it, or the last of those that have the reader type it; and the last line of what
    /// it shows.
    page: usize,
    line: usize,
    files: BTreeSet<PathBuf>,
    base: Option<String>,
    /// Whether the reader has typed it, and gone on.
    is_done: bool,
}

impl<'a> Walker<'a> {
    fn found(&mut self, path: impl Into<PathBuf>, line: usize, message: impl Into<String>, help: impl Into<String>) {
        self.walk.findings.push(Finding::new(path, line, message, help));
    }

    fn here(&mut self, message: impl Into<String>, help: impl Into<String>) {
        self.found(&self.book.pages[self.page].path, self.line, message, help);
    }

    fn goal(&self, listing: &str) -> &'a Files {
        static NOTHING: Files = Files::new();
        self.goals.get(listing).unwrap_or(&NOTHING)
    }

    fn is_typed(&self, listing: &Listing) -> bool {
        listing.is_typed() && !self.seen.get(&listing.name).is_some_and(|seen| seen.is_done)
    }

    /// What the reader has, if they are typing `listing`, or the one that it is a change of.
    fn at_hand(&self, listing: &Listing) -> Option<&Files> {
        let (files, typed) = self.projects.get(&files::project(self.book, listing))?;
        let is_changed = listing.kind == Kind::Broken && !listing.is_typed() && *typed == listing.metadata().from;
        (self.is_typed(listing) || is_changed).then_some(files)
    }

    fn new_project(&mut self, name: &str) {
        self.projects.entry(name.to_owned()).or_insert_with(|| (files::new_files(name), None));
    }

    /// A block: nothing, if it is not one include.
    fn block(&mut self, block: &Block) {
        let page = &self.book.pages[self.page].path;
        let Some(include) = block.include(page) else { return };
        let Some(source) = self.book.sources.get(&include.path) else { return };
        let listing = self.book.listing_of(&include.path).filter(|listing| listing.kind != Kind::Support);
        let folder = listing.map_or(Path::new("listings"), |listing| &listing.folder);
        let file = include.path.strip_prefix(folder).unwrap_or(&include.path);
        let name = || file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let shown = source.shown(include.anchor.as_deref());
        let mut figure = Figure {
            listing: listing.map(|listing| listing.name.clone()),
            part: include.anchor.clone().unwrap_or_else(name),
            edit: None,
            lines: shown.map(|(_, text)| Line { text: text.to_owned(), visible: true, ..Line::default() }).collect(),
            file: file.to_owned(),
        };
        if let Some(listing) = listing {
            if figure.is_session() {
                self.session(&include, listing, source);
            } else {
                self.code(&include, listing, source, &mut figure);
            }
            let is_typed = figure.edit.is_some();
            if let Some(seen) = self.seen.get_mut(&listing.name).filter(|it| is_typed || it.page == self.page) {
                (seen.page, seen.line) = (self.page, block.end);
            }
        }
        self.walk.figures.insert((page.clone(), block.line), figure);
    }

    fn session(&mut self, include: &Include, listing: &Listing, source: &Source) {
        let is_typed = self.is_typed(listing);
        let commands = source.text.lines().filter_map(source::command).filter(|_| is_typed);
        for name in commands.filter_map(|(_, command)| command.strip_prefix("cargo new ")) {
            self.new_project(name);
        }
        let files = self.at_hand(listing).cloned();
        let files = files.and_then(|it| if is_typed { Some(it) } else { files::changed(self.book, listing, it).ok() });
        let files = files.unwrap_or_else(|| self.goal(&listing.name).clone());
        self.walk.sessions.entry(include.path.clone()).or_insert(files);
    }

    fn code(&mut self, include: &Include, listing: &Listing, source: &Source, figure: &mut Figure) {
        let is_typed = self.begin(listing);
        let Some(seen) = self.seen.get_mut(&listing.name) else { return };
        seen.files.insert(figure.file.clone());
        let base = seen.base.clone();
        let Some(goal) = self.goal(&listing.name).get(&figure.file) else { return };
        let shown: BTreeSet<usize> = source.shown(include.anchor.as_deref()).map(|(line, _)| line).collect();
        let numbers = files::numbers(goal, source).into_iter();
        let visible: Vec<bool> = numbers.map(|line| line.is_some_and(|line| shown.contains(&line))).collect();
        let project = files::project(self.book, listing);
        let old = self.at_hand(listing).or_else(|| base.as_ref().map(|it| self.goal(it)));
        let before = old.and_then(|files| files.get(&figure.file));
        let edit = Edit::new(before.map_or(&[], Vec::as_slice), goal, &visible);
        let is_change = base.is_some() && before.is_some();
        // What nobody has typed, nobody needs to see go.
        let is_at_hand = listing.kind == Kind::Answer || self.at_hand(listing).is_some();
        if is_typed {
            let words = match before {
                Some(_) => edit.words(),
                None if edit.made == *goal => Ok("a new file".to_owned()),
                None => Ok("begins a new file".to_owned()),
            };
            if let Err(problem) = &words {
                self.here(format!("a reader would not know what to do with this block: {problem}"), SHOW);
            } else if let Some((files, _)) = self.projects.get_mut(&project) {
                files.insert(figure.file.clone(), edit.made.clone());
            }
            figure.edit = words.ok();
        }
        if let Some(problem) = edit.reprinted().filter(|_| is_typed || listing.kind == Kind::Answer) {
            self.here(problem, SHOW);
        }
        figure.lines = edit.lines;
        for line in &mut figure.lines {
            // Where there is nothing before, nothing is marked.
            line.new &= is_change;
            line.gone.retain(|line| base.is_some() && is_at_hand && !line.is_empty());
        }
        figure.lines.retain(|line| line.visible || include.has_hidden_lines());
    }

    /// Notes that a page shows something of `listing`. Gives whether the reader types it.
    fn begin(&mut self, listing: &Listing) -> bool {
        let (name, is_typed) = (&listing.name, self.is_typed(listing));
        let from = listing.metadata().from;
        let mut base = match listing.kind {
            Kind::Answer => Some(format!("exercises/{}", listing.slug())),
            _ => from.clone().filter(|from| from != "new" && !listing.is_typed()),
        };
        let project = files::project(self.book, listing);
        if is_typed && self.projects.get(&project).is_none_or(|(_, typed)| typed.as_ref() != Some(name)) {
            base = self.go_on(listing, from.as_deref(), &project);
        }
        let (page, line) = (self.page, self.line);
        let seen = || Seen { page, line, files: BTreeSet::new(), base, is_done: false };
        self.seen.entry(name.clone()).or_insert_with(seen);
        is_typed
    }

    /// The reader goes on to type `listing`; gives the one that they had before.
    fn go_on(&mut self, listing: &Listing, from: Option<&str>, project: &str) -> Option<String> {
        if !self.projects.contains_key(project) {
            let message = format!("the reader has no project `{project}` to put this in");
            self.here(message, format!("say `cargo new {project}` before"));
            self.new_project(project);
        }
        self.finish(project);
        let current = self.projects.get_mut(project)?.1.replace(listing.name.clone());
        if from.is_some() && from != Some(current.as_deref().unwrap_or("new")) {
            let has = current.as_deref().unwrap_or("new");
            let message = format!("it is no change of what the reader has by then, `{has}`");
            self.found(listing.manifest(), 1, message, "correct `from`, or the order on the pages");
        }
        for name in listing.metadata().copies {
            if !self.book.pages[self.page].text.contains(&format!("`{name}`")) {
                self.here(format!("the page does not tell the reader to copy `{name}`"), "say it, or correct `copies`");
            }
            let lines = self.projects.get(files::PACKAGE).and_then(|(files, _)| files.get(Path::new(&name))).cloned();
            if let (Some(lines), Some((files, _))) = (lines, self.projects.get_mut(project)) {
                files.insert(name.into(), lines);
            } else {
                let message = format!("the reader has no `{name}` in `{}` to copy", files::PACKAGE);
                self.found(listing.manifest(), 1, message, "correct `copies`");
            }
        }
        current
    }

    /// Takes away what a mark says, or gives why that can't be.
    fn remove(&mut self, removal: &Mark) -> Result<(), String> {
        let listing = self.book.listings.get(&removal.listing).filter(|listing| listing.is_typed());
        let listing = listing.ok_or("the reader types no such listing")?;
        self.begin(listing);
        let project = self.projects.get_mut(&files::project(self.book, listing));
        let (files, _) = project.ok_or("the reader has no such project")?;
        let file = PathBuf::from(&removal.name);
        let old = files.remove(&file).ok_or("the reader has no such file")?;
        if !removal.items.is_empty() {
            let rest = removal.items.iter().try_fold(old, |lines, item| edit::remove(&lines, item))?;
            files.insert(file, rest);
        }
        Ok(())
    }

    /// The reader goes on from what they have been typing: finds lines that they have not been shown, or would still have.
    fn finish(&mut self, project: &str) {
        let Some(name) = self.projects[project].1.clone() else { return };
        let Some(seen) = self.seen.get_mut(&name) else { return };
        seen.is_done = true;
        let page = slashes(&self.book.pages[seen.page].path);
        let goal = self.goal(&name);
        let Some((has, _)) = self.projects.get_mut(project).filter(|_| !goal.is_empty()) else { return };
        // One mistake is one finding: the next listing begins as it should.
        let old = std::mem::replace(has, goal.clone());
        let listing = &self.book.listings[&name];
        let files: BTreeSet<&PathBuf> = old.keys().chain(goal.keys()).collect();
        for file in files.into_iter().filter(|file| old.get(*file) != goal.get(*file)) {
            let lines = |files: &Files| files.get(file).cloned().unwrap_or_default();
            let (old, goal, path, file) = (lines(&old), lines(goal), listing.folder.join(file), slashes(file));
            let source = self.book.sources.get(&path);
            let same = old.iter().zip(&goal).take_while(|(a, b)| a == b).count();
            let line = source.and_then(|source| *files::numbers(&goal, source).get(same)?);
            let path = if source.is_some() { path } else { listing.manifest() };
            let diff = similar::TextDiff::from_lines(to_text(&old), to_text(&goal));
            let diff = diff.unified_diff().context_radius(1).to_string();
            let help = format!(
                "change it here as in the step before, or show what differs, or say by <!-- remove: {name} {file} ITEM --> what goes\n{diff}"
            );
            self.found(path, line.unwrap_or(1), format!("following {page} does not lead to this `{file}`"), help);
        }
    }

    /// Notes where an exercise is set: behind the paragraph that names its folder.
    fn exercise(&mut self, name: &str) {
        let is_new = self.walk.ends.iter().all(|end| end.listing != name);
        let listing = self.book.listings.get(name).filter(|listing| listing.kind == Kind::Exercise && is_new);
        let (Some(listing), page) = (listing, &self.book.pages[self.page]) else { return };
        let end = page.text.lines().skip(self.line).position(|line| line.trim().is_empty());
        let line = end.map_or(page.text.lines().count(), |end| self.line + end) + 1;
        match files::start_files(self.book, listing) {
            Ok(files) => {
                let (listing, page, whole) = (name.to_owned(), page.path.clone(), Files::new());
                self.walk.ends.push(End { listing, kind: Kind::Exercise, page, line, before: None, files, whole });
            }
            Err(error) => self.found(listing.manifest(), 1, format!("it can't be downloaded: {error:#}"), ""),
        }
    }

    /// Finds where each listing ends: in front of the next heading, or at the end of the `<details>` it stands in.
    fn ends(&mut self) {
        let mut seen: Vec<(String, Seen)> = std::mem::take(&mut self.seen).into_iter().collect();
        // In the order of the pages, so that those that end at one place follow one another.
        seen.sort_by_key(|(_, seen)| (seen.page, seen.line));
        for (name, seen) in seen {
            let (page, listing) = (&self.book.pages[seen.page], &self.book.listings[&name]);
            let section = page.section(seen.line).end;
            let line = match listing.kind {
                // A section may go on after it has shown what must not be done.
                Kind::Broken => seen.line + 1,
                _ => page.end_of_fold(seen.line..section).unwrap_or(section),
            };
            let files = self.goal(&name).clone();
            let before = seen.base.map(|base| (base.clone(), self.goal(&base).clone()));
            let mut whole = files.clone();
            whole.retain(|file, lines| {
                let is_changed = before.as_ref().is_some_and(|(_, old)| old.get(file) != Some(lines));
                is_changed || seen.files.contains(file)
            });
            for file in seen.files.into_iter().filter(|file| !files.contains_key(file)) {
                let source = self.book.sources.get(&listing.folder.join(&file));
                whole.extend(source.map(|source| (file, files::own_lines(source))));
            }
            if !whole.is_empty() {
                let (page, kind) = (page.path.clone(), listing.kind);
                self.walk.ends.push(End { listing: name, kind, page, line, before, files, whole });
            }
        }
    }
}

#[cfg(test)]
mod tests;
