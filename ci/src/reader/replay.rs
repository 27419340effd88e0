//! A replay of the book: what somebody has who does what the built pages tell them, and nothing else.
//!
//! [`walk`](crate::reader::walk) goes through the Markdown and the listings, and decides what the pages say. The replay knows
//! neither. It reads the HTML, in the order of its table of contents, begins with what `cargo new` makes, copies what
//! is shown to where the words say, and compares with the listings only what comes out.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;

use anyhow::{Context, Result};

use crate::book::{Book, Page, is_step, slashes};
use crate::finding::Finding;
use crate::html::download;
use crate::html::reading::{self, Changes, End, Listing, Session, Told, Typed};
use crate::reader::edit::Edit;
use crate::reader::project::{self, Files, Metadata};
use crate::reader::walk::text;

/// What came out of a replay.
pub struct Replay {
    /// The listings that the reader has typed, in the order in which they came to their ends.
    pub done: Vec<Done>,
    /// Where a reader is stuck, or has something else than the page says.
    pub findings: Vec<Finding>,
}

/// A listing that the reader has typed.
pub struct Done {
    /// The listing.
    pub listing: String,
    /// The reader's project.
    pub project: String,
    /// The files of the project at this point.
    pub files: Files,
    /// What the page has them type in a terminal meanwhile, with the page and the line.
    pub commands: Vec<(PathBuf, usize, Typed)>,
    /// The page that comes to its end, and the line of the last block before.
    pub place: (PathBuf, usize),
    /// What is in the archive to download: the path of each file, and its text.
    pub archive: BTreeMap<String, String>,
}

/// What the pages of the built book tell their reader, in the order of the table of contents.
///
/// Refuses a book that cannot be built, and a table of contents without one of its pages.
pub fn read(book: &Book) -> Result<Vec<(&Page, Vec<Told>)>> {
    let built = book.built()?;
    let toc = fs::read_to_string(built.folder().join("toc.html")).context("reading the table of contents")?;
    let pages = reading::contents(&toc)
        .iter()
        .map(|address| {
            let page = book.pages.iter().find(|page| page.address() == *address);
            page.with_context(|| format!("the table of contents has {address}, which is no page"))
        })
        .collect::<Result<Vec<&Page>>>()?;
    Ok(thread::scope(|scope| {
        let threads: Vec<_> = pages
            .into_iter()
            .map(|page| (page, scope.spawn(|| reading::read(built.html(page)))))
            .collect();
        threads
            .into_iter()
            .map(|(page, thread)| {
                let told = thread.join();
                (page, told.unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            })
            .collect()
    }))
}

/// Does what the pages tell, and compares what comes out with the listings of `book`.
pub fn replay(book: &Book, pages: &[(&Page, Vec<Told>)]) -> Replay {
    let mut reader = Reader {
        book,
        projects: Vec::new(),
        goals: BTreeMap::new(),
        commands: BTreeMap::new(),
        lines: BTreeMap::new(),
        stuck: BTreeSet::new(),
        page: Path::new(""),
        line: 1,
        replay: Replay {
            done: Vec::new(),
            findings: Vec::new(),
        },
    };
    for (page, told) in pages {
        reader.page(page, told);
    }
    reader.missed();
    reader.replay
}

/// The commands that build the project, or run it: whoever types one must have all of it.
const RUNS: &[&str] = &["run", "check", "build", "test"];

/// Somebody who follows the pages.
struct Reader<'a> {
    book: &'a Book,
    /// Their projects by name, in the order in which they have made them.
    projects: Vec<(String, Files)>,
    /// What they should have, by listing.
    goals: BTreeMap<String, Files>,
    /// What they have typed in a terminal, by listing.
    commands: BTreeMap<String, Vec<(PathBuf, usize, Typed)>>,
    /// The line of the last block of each listing.
    lines: BTreeMap<String, usize>,
    /// The listings in which they are stuck: whatever else is wrong there follows from that.
    stuck: BTreeSet<String>,
    /// The page they read, and the line in its source of what they read.
    page: &'a Path,
    line: usize,
    replay: Replay,
}

impl<'a> Reader<'a> {
    fn page(&mut self, page: &'a Page, told: &[Told]) {
        (self.page, self.line) = (&page.path, 1);
        // The figures of the HTML are the blocks of the page that are includes.
        let blocks = page.blocks.iter().filter(|block| block.include(&page.path).is_some());
        let mut lines = blocks.map(|block| block.line);
        let mut figures = 0;
        let places: BTreeSet<&str> = told
            .iter()
            .filter_map(|told| match told {
                Told::End(end) => Some(&end.whole),
                _ => None,
            })
            .flatten()
            .map(|(place, ..)| place.as_str())
            .collect();
        for told in told {
            if matches!(told, Told::Listing(_) | Told::Session(_)) {
                self.line = lines.next().unwrap_or(1);
                figures += 1;
            }
            match told {
                Told::Command(words) => {
                    self.line = self.line_of(page, &words.join(" "));
                    self.command(words);
                }
                Told::Copy(files) => self.copy(page, files),
                Told::Listing(listing) => {
                    if listing.listing.is_some() && !places.contains(listing.target.as_str()) {
                        self.found(
                            format!(
                                "the page has no place `{}`, where the name of the file leads to",
                                listing.target
                            ),
                            "",
                        );
                    }
                    self.listing(listing);
                }
                Told::Session(session) => self.session(session),
                Told::End(end) => self.end(end),
            }
        }
        let left = lines.count();
        if left > 0 {
            self.line = 1;
            self.found(
                format!("the built page has {figures} figures, and the page {left} more blocks"),
                "a block is nested in something, so that it is not made a figure",
            );
        }
    }

    /// The line on which these words of the text stand, behind the last figure.
    fn line_of(&self, page: &Page, words: &str) -> usize {
        let mut lines = page.text.lines().enumerate().skip(self.line - 1);
        lines
            .find(|(_, line)| line.replace('`', "").contains(words))
            .map_or(self.line, |(index, _)| index + 1)
    }

    fn found(&mut self, message: impl Into<String>, help: impl Into<String>) {
        let finding = Finding::new(self.page, self.line, message, help);
        self.replay.findings.push(finding);
    }

    fn files(&mut self, project: &str) -> Option<&mut Files> {
        let mut projects = self.projects.iter_mut();
        projects.find(|(name, _)| name == project).map(|(_, files)| files)
    }

    /// A command in the text, or in a session, that may change a project.
    fn command(&mut self, words: &[String]) {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words.as_slice() {
            ["cargo", "new", name] if self.files(name).is_some() => {
                self.found(format!("`{}` again: there is a `{name}` already", words.join(" ")), "");
            }
            ["cargo", "new", name] => self.projects.push(((*name).to_owned(), project::new_files(name))),
            ["cargo", command, ..] if RUNS.contains(command) => {}
            _ => self.found(
                format!("nobody knows what `{}` does to the reader's project", words.join(" ")),
                "show what the file is to be, or teach ci/src/reader/replay.rs the command",
            ),
        }
    }

    /// Copies files of the project that was made before the last one.
    fn copy(&mut self, page: &Page, names: &[String]) {
        self.line = self.line_of(page, &names[0]);
        let Some(([.., (_, from)], (_, to))) = self.projects.split_last_mut().map(|(last, others)| (others, last))
        else {
            return self.found("there are no two projects, to copy from one into the other", "");
        };
        let mut missing = Vec::new();
        for name in names {
            match from.get(Path::new(name)) {
                Some(lines) => drop(to.insert(name.into(), lines.clone())),
                None => missing.push(name),
            }
        }
        for name in missing {
            self.found(format!("there is no `{name}` to copy: the reader does not have it"), "");
        }
    }

    fn listing(&mut self, figure: &Listing) {
        let (Some(listing), Some(project), Some(words)) = (&figure.listing, &figure.project, &figure.edit) else {
            return;
        };
        self.lines.insert(listing.clone(), self.line);
        let Some(files) = self.files(project) else {
            let message = format!("the reader has no project `{project}` to put this in");
            return self.stuck(listing, message, &format!("say `cargo new {project}` before"));
        };
        let path = PathBuf::from(&figure.file);
        let file = files.get(&path).map(Vec::as_slice);
        // Words that only resemble those of an edit are none.
        let edit = Edit::from_words(words).filter(|edit| edit.to_string() == *words);
        let made = match edit {
            None => Err("these words mean nothing".to_owned()),
            _ if figure.lines.is_empty() => Err("it has no lines".to_owned()),
            Some(Edit::Keep)
                if !file.is_some_and(|file| file.windows(figure.lines.len()).any(|lines| lines == figure.lines)) =>
            {
                Err("the reader has something else there".to_owned())
            }
            Some(edit) => edit.apply(file, &figure.lines),
        };
        match made {
            Ok(lines) => drop(files.insert(path, lines)),
            Err(problem) => {
                let message = format!("a reader cannot do this (\"{} {words}\"): {problem}", figure.file);
                self.stuck(
                    listing,
                    message,
                    "show the blocks in the order in which they can be typed",
                );
            }
        }
    }

    fn stuck(&mut self, listing: &str, message: String, help: &str) {
        if self.stuck.insert(listing.to_owned()) {
            self.found(message, help);
        }
    }

    fn session(&mut self, session: &Session) {
        let (Some(listing), Some(project)) = (&session.listing, &session.project) else {
            return;
        };
        for typed in &session.commands {
            let words: Vec<String> = typed.command.split_whitespace().map(str::to_owned).collect();
            if words.len() < 2 || words[0] != "cargo" {
                continue;
            }
            self.command(&words);
            if RUNS.contains(&words[1].as_str()) {
                self.lines.insert(listing.clone(), self.line);
                self.compare(
                    listing,
                    project,
                    &format!("whoever types `{}` here has not got the listing yet", typed.command),
                );
                let place = (self.page.to_owned(), self.line, typed.clone());
                self.commands.entry(listing.clone()).or_default().push(place);
            }
        }
    }

    /// Finds what the reader has else than the listing; `message` says what that means.
    fn compare(&mut self, listing: &str, project: &str, message: &str) {
        let goal = self.goal(listing);
        let mine = self.files(project).cloned().unwrap_or_default();
        let paths: BTreeSet<&PathBuf> = mine.keys().chain(goal.keys()).collect();
        let mut diffs = String::new();
        for path in paths {
            let (mine, goal) = (mine.get(path), goal.get(path));
            if mine != goal {
                let of = |lines: Option<&Vec<String>>| lines.map(|lines| text(lines)).unwrap_or_default();
                let path = slashes(path);
                diffs += &similar::TextDiff::from_lines(&of(mine), &of(goal))
                    .unified_diff()
                    .context_radius(1)
                    .header(
                        &format!("{path}, as a reader has it"),
                        &format!("{path}, in the listing"),
                    )
                    .to_string();
            }
        }
        if !diffs.is_empty() {
            self.stuck(listing, format!("{message}: {listing}"), &diffs);
        }
    }

    /// What the reader should have in the end; nothing if the manifest is none, which others find.
    fn goal(&mut self, listing: &str) -> Files {
        let goal = self.goals.entry(listing.to_owned());
        let goal = goal.or_insert_with(|| project::reader_files(self.book, listing).unwrap_or_default());
        goal.clone()
    }

    fn end(&mut self, end: &End) {
        let listing = end.listing.as_str();
        self.line = self.lines.get(listing).copied().unwrap_or(self.line);
        let goal = self.goal(listing);
        if let Some(project) = &end.project {
            self.compare(
                listing,
                project,
                "whoever has followed the pages so far does not have the listing",
            );
            // One mistake is one finding: the next listing begins as it should.
            if let Some(files) = self.files(project) {
                *files = goal.clone();
            }
        }
        for (_, file, lines) in &end.whole {
            let path = Path::new("listings").join(listing).join(file);
            let source = || {
                self.book
                    .sources
                    .get(&path)
                    .map(|source| source.lines().map(|(_, line)| line.to_owned()).collect())
            };
            if goal.get(Path::new(file)).cloned().or_else(source).as_ref() != Some(lines) {
                self.found(
                    format!("what is shown as the whole of `{file}` is not that of {listing}"),
                    "",
                );
            }
        }
        if let Some(Changes { before, diffs }) = &end.changes {
            let mut files = self.goal(before);
            for (file, diff) in diffs {
                let file = PathBuf::from(file);
                match patched(files.get(&file).map_or(&[], Vec::as_slice), diff) {
                    Some(lines) => drop(files.insert(file, lines)),
                    None => self.found(
                        format!(
                            "the changes of `{}` from {before} to {listing} do not apply",
                            slashes(&file)
                        ),
                        "",
                    ),
                }
            }
            if files != goal {
                self.found(
                    format!("all changes from {before} to {listing} do not make {listing} of it"),
                    "",
                );
            }
        }
        let archive = self.archive(end, &goal);
        if let Some(project) = &end.project {
            self.replay.done.push(Done {
                listing: listing.to_owned(),
                project: project.clone(),
                files: goal,
                commands: self.commands.remove(listing).unwrap_or_default(),
                place: (self.page.to_owned(), self.line),
                archive,
            });
        }
    }

    /// What is in the archive of a step, which must be the reader's project and a lock file.
    fn archive(&mut self, end: &End, goal: &Files) -> BTreeMap<String, String> {
        let listing = &end.listing;
        let Some((name, link)) = &end.download else {
            if is_step(listing) {
                self.found(format!("{listing} cannot be downloaded as a project"), "");
            }
            return BTreeMap::new();
        };
        if *name != format!("{listing}.zip") {
            self.found(format!("{listing} is downloaded as {name}"), "");
        }
        match download::open(link) {
            Ok(archive) => {
                let expected = goal
                    .iter()
                    .map(|(file, lines)| (format!("{listing}/{}", slashes(file)), text(lines)));
                let mut expected: BTreeMap<String, String> = expected.collect();
                let lock = format!("{listing}/Cargo.lock");
                expected.extend(archive.get(&lock).map(|text| (lock.clone(), text.clone())));
                if !archive.contains_key(&lock) {
                    self.found(format!("{name} has no lock file"), "");
                }
                let paths: BTreeSet<&String> = archive.keys().chain(expected.keys()).collect();
                for path in paths
                    .into_iter()
                    .filter(|path| archive.get(*path) != expected.get(*path))
                {
                    self.found(
                        format!("`{path}` in {name} is not what the reader has of {listing}"),
                        "",
                    );
                }
                archive
            }
            Err(error) => {
                self.found(format!("{name} cannot be opened: {error:#}"), "");
                BTreeMap::new()
            }
        }
    }

    /// Finds listings for typing that no page came to the end of.
    fn missed(&mut self) {
        for listing in self.book.listings() {
            let typed = is_step(&listing) || Metadata::read(self.book, &listing).typed;
            if typed && self.replay.done.iter().all(|done| done.listing != listing) {
                self.replay.findings.push(Finding::new(
                    Path::new("listings").join(&listing).join("Cargo.toml"),
                    1,
                    "no built page comes to the end of this listing",
                    "show it, or take it out",
                ));
            }
        }
    }
}

/// The lines of `file` with a unified diff applied; nothing if it does not apply.
fn patched(file: &[String], diff: &[String]) -> Option<Vec<String>> {
    let mut result = Vec::new();
    let mut next = 0;
    for line in diff {
        if let Some(hunk) = line.strip_prefix("@@ -") {
            let (start, length) = hunk
                .split_once(' ')?
                .0
                .split_once(',')
                .unwrap_or((hunk.split_once(' ')?.0, "1"));
            // A hunk without old lines counts the line that it follows.
            let start = start.parse::<usize>().ok()?.checked_sub(usize::from(length != "0"))?;
            result.extend_from_slice(file.get(next..start)?);
            next = start;
            continue;
        }
        // An empty line of the context may have lost its blank.
        let (kind, rest) = line.split_at_checked(1).unwrap_or((" ", ""));
        if kind != "+" {
            if file.get(next)? != rest {
                return None;
            }
            next += 1;
        }
        match kind {
            "-" => {}
            "+" | " " => result.push(rest.to_owned()),
            _ => return None,
        }
    }
    result.extend_from_slice(file.get(next..)?);
    Some(result)
}

#[cfg(test)]
mod tests;
