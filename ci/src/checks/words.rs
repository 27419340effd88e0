//! Words match code: a name in backticks exists in the program that its section is about.
//!
//! A section, from heading to heading, is about the listings of which it includes something. A section that includes
//! nothing goes on about those of the section before it, and the opening of a page about those that come first on it.
//! The names of a listing are those of its code, strings included and comments not; of the transcripts and tests of a
//! listing, only what the section shows counts. A name of the standard library, of smol or of a tool that no such code
//! uses has to be in a reviewed list, [`REVIEWED`], and every entry there has to be needed.

mod names;
mod reviewed;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::rc::Rc;
use std::sync::LazyLock;

use regex::Regex;

use names::{KEYWORDS, Name, Token, names, tokens};
use reviewed::{REVIEWED, Reviewed};

use crate::book::{Book, Include, Page, Span, is_step, listing_of, pattern};
use crate::finding::Finding;

/// The keywords behind which a name is defined.
const DEFINING: &[&str] = &["const", "enum", "fn", "mod", "static", "struct", "trait", "type"];

/// The name of a step, wherever it stands in a page.
static STEP: LazyLock<Regex> = LazyLock::new(|| pattern(r"\b\d\d-[a-z][a-z0-9]*(-[a-z0-9]+)*\b"));

/// A step by its number, as the words have it. Those of a caption of a picture are in HTML.
static NUMBER: LazyLock<Regex> = LazyLock::new(|| pattern(r"\b[Ss]teps? (?P<number>\d\d)\b"));

/// Finds names in backticks that are in no listing of their section, names of steps that do not exist, and entries of
/// the reviewed list that no page needs.
pub fn check(book: &Book) -> Vec<Finding> {
    // Without a list nothing is in it.
    let reviewed = fs::read_to_string(book.root.join(REVIEWED)).unwrap_or_default();
    let reviewed = Reviewed::read(&reviewed);
    let mut findings = Vec::new();
    let included = book.pages.iter().flat_map(Page::includes);
    // Those that a page can be about, and what it shows of the clients.
    let listings: BTreeSet<String> = included
        .filter_map(|include| listing_of(&include.path))
        .chain(book.listings())
        .collect();
    let programs: BTreeMap<String, Words<'_>> = listings
        .into_iter()
        .map(|name| {
            let words = Words::of_program(book, &name);
            (name, words)
        })
        .collect();
    for page in &book.pages {
        let sections = Sections::new(book, page, &programs);
        findings.extend(no_such_number(&programs, page));
        for span in &page.spans {
            findings.extend(no_such_step(&programs, page, span));
            if span.is_code {
                findings.extend(unknown(book, &sections, &reviewed, page, span));
            }
        }
    }
    findings.extend(reviewed.faults(book, &programs));
    findings
}

/// Steps that a span names and that are not there.
fn no_such_step(programs: &BTreeMap<String, Words<'_>>, page: &Page, span: &Span) -> Vec<Finding> {
    let exists = |name: &str| programs.keys().any(|known| known.rsplit('/').next() == Some(name));
    STEP.find_iter(&span.text)
        .filter(|step| !exists(step.as_str()))
        .map(|step| {
            let known: Vec<&str> = programs.keys().map(String::as_str).collect();
            Finding::new(
                &page.path,
                span.line,
                format!("there is no listing `{}`", step.as_str()),
                nearest(step.as_str(), &known),
            )
        })
        .collect()
}

/// Steps that a page names by their number and that are not there.
fn no_such_number(programs: &BTreeMap<String, Words<'_>>, page: &Page) -> Vec<Finding> {
    let exists = |number: &str| {
        let is_it = |name: &String| is_step(name) && name.split('-').next() == Some(number);
        programs.keys().any(is_it)
    };
    let lines = page.text.lines().enumerate();
    lines
        .flat_map(|(index, line)| NUMBER.captures_iter(line).map(move |captures| (index + 1, captures)))
        .filter(|(_, captures)| !exists(&captures["number"]))
        .map(|(line, captures)| {
            Finding::new(
                &page.path,
                line,
                format!("there is no step {}", &captures["number"]),
                "a step is a folder listings/NN-slug; correct the number",
            )
        })
        .collect()
}

/// What is wrong with a code span.
fn unknown(book: &Book, sections: &Sections<'_>, reviewed: &Reviewed<'_>, page: &Page, span: &Span) -> Vec<Finding> {
    // A path in the repository.
    if span.text.starts_with("listings/") && book.root.join(&span.text).exists() {
        return Vec::new();
    }
    let section = sections.at(span.line);
    let mut findings = Vec::new();
    for name in names(&span.text) {
        let known = match &name {
            Name::Prompt(prompt) => book
                .transcripts()
                .iter()
                .any(|path| book.sources[path].text.lines().any(|line| line.starts_with(prompt))),
            Name::Option(option) => section.transcripts.iter().any(|text| text.contains(option)),
            Name::File(file) => section.listings.iter().any(|listing| {
                book.sources
                    .contains_key(&Path::new("listings").join(listing).join(file))
            }),
            Name::Word(word) => section.has_text(word),
            Name::Path(path) => path.iter().all(|part| section.has(part)),
        };
        if known || reviewed.has(&name, &page.path) {
            continue;
        }
        let known: Vec<&str> = match name {
            // A name may be there, and not be used like this.
            Name::Path(_) => section.names().filter(|known| *known != name.last()).collect(),
            _ => Vec::new(),
        };
        let listings: Vec<&str> = section.listings.iter().map(String::as_str).collect();
        let help = [
            format!("the section is about {}", listings.join(", ")),
            nearest(name.last(), &known),
            format!("if it is not from there, and right, add it to {REVIEWED}"),
        ];
        findings.push(Finding::new(
            &page.path,
            span.line,
            match &name {
                Name::Prompt(_) => format!("`{}` is the prompt of no transcript", span.text),
                Name::Option(_) => format!("`{}` is in no transcript of this section", span.text),
                Name::File(_) => format!("`{name}` is a file of no listing of this section"),
                _ => format!("`{name}` is in no listing of this section"),
            },
            help.join("\n").replace("\n\n", "\n"),
        ));
    }
    findings
}

/// What comes nearest to `word` among `known`, as a sentence, or nothing.
fn nearest(word: &str, known: &[&str]) -> String {
    match similar::get_close_matches(word, known, 1, 0.6).first() {
        Some(near) => format!("did you mean `{near}`?"),
        None => String::new(),
    }
}

/// How a name is used, anywhere in a text.
#[derive(Clone, Copy, Default)]
struct Uses {
    is_dotted: bool,
    is_called: bool,
    is_macro: bool,
    is_defined: bool,
}

/// The names of a text.
#[derive(Default)]
struct Words<'a> {
    names: HashMap<&'a str, Uses>,
    texts: Vec<&'a str>,
}

impl<'a> Words<'a> {
    /// The names of a listing's manifest and of its code, without that of `src/tests.rs`, which readers do not have.
    fn of_program(book: &'a Book, listing: &str) -> Self {
        let folder = Path::new("listings").join(listing);
        let mut words = Self::default();
        for (path, source) in book.sources.range(folder.clone()..) {
            let Ok(below) = path.strip_prefix(&folder) else { break };
            let is_code = below.extension() == Some(OsStr::new("rs")) && below != Path::new("src/tests.rs");
            if is_code || below == Path::new("Cargo.toml") {
                words.add(&source.text, is_code);
            }
        }
        words
    }

    /// The names of the lines that an include shows.
    fn of_include(book: &'a Book, include: &Include) -> Self {
        let mut words = Self::default();
        if let Some(source) = book.sources.get(&include.path) {
            let is_code = include.path.extension() == Some(OsStr::new("rs"));
            match &include.anchor {
                None => words.add(&source.text, is_code),
                Some(anchor) => {
                    for (_, line) in source.anchored_lines(anchor) {
                        words.add(line, is_code);
                    }
                }
            }
        }
        words
    }

    fn add(&mut self, text: &'a str, is_code: bool) {
        match is_code {
            true => self.texts.extend(text.lines().map(without_comment)),
            false => self.texts.push(text),
        }
        let mut before = "";
        for token in tokens(text, is_code) {
            let uses = self.names.entry(token.text).or_default();
            uses.is_dotted |= token.is_dotted;
            uses.is_called |= token.is_called;
            uses.is_macro |= token.is_macro;
            uses.is_defined |= DEFINING.contains(&before);
            before = token.text;
        }
    }

    /// Whether `token` occurs, and in the use it has in the page: a method that is called as a method.
    fn has(&self, token: &Token<'_>) -> bool {
        self.names.get(token.text).is_some_and(|uses| {
            (uses.is_dotted || !token.is_dotted)
                && (uses.is_called || !token.is_called)
                && (uses.is_macro || !token.is_macro)
        })
    }

    /// Whether `word` occurs, with nothing before or behind it that belongs to a word or a path.
    fn has_text(&self, word: &str) -> bool {
        let belongs = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || "_-/".contains(c));
        self.texts.iter().any(|text| {
            text.match_indices(word).any(|(at, _)| {
                // `//` is no path, and what stands behind a port is one.
                let before = text[..at].chars().next_back();
                let after_port = word.starts_with('/') && before.is_some_and(|c| c.is_ascii_digit());
                (after_port || !belongs(before)) && !belongs(text[at + word.len()..].chars().next())
            })
        })
    }
}

/// A line of code without the comment at its end.
fn without_comment(line: &str) -> &str {
    // Behind an odd number of quotes, we are in a string.
    let mut slashes = line.match_indices("//").map(|(at, _)| &line[..at]);
    slashes
        .find(|before| before.matches('"').count() % 2 == 0)
        .unwrap_or(line)
}

/// What one section of a page is about.
#[derive(Clone, Default)]
struct Section<'a> {
    listings: BTreeSet<String>,
    programs: Vec<&'a Words<'a>>,
    /// What it shows of transcripts and tests.
    shown: Vec<Rc<Words<'a>>>,
    transcripts: Vec<&'a str>,
}

impl<'a> Section<'a> {
    fn words(&self) -> impl Iterator<Item = &Words<'a>> {
        self.programs
            .iter()
            .copied()
            .chain(self.shown.iter().map(AsRef::as_ref))
    }

    fn has(&self, token: &Token<'_>) -> bool {
        token.is_placeholder() || KEYWORDS.contains(&token.text) || self.words().any(|words| words.has(token))
    }

    fn has_text(&self, word: &str) -> bool {
        self.words().any(|words| words.has_text(word))
    }

    fn names(&self) -> impl Iterator<Item = &'a str> {
        self.words()
            .flat_map(|words| words.names.keys().copied())
            .collect::<BTreeSet<_>>()
            .into_iter()
    }
}

/// The sections of a page, by the lines at which they start.
struct Sections<'a>(Vec<(usize, Section<'a>)>);

impl<'a> Sections<'a> {
    fn new(book: &'a Book, page: &Page, programs: &'a BTreeMap<String, Words<'a>>) -> Self {
        let mut starts: Vec<usize> = page.headings.clone();
        if starts.first() != Some(&1) {
            starts.insert(0, 1);
        }
        let mut sections: Vec<(usize, Option<Section<'a>>)> = starts.into_iter().map(|start| (start, None)).collect();
        for include in page.includes() {
            let Some(listing) = listing_of(&include.path) else {
                continue;
            };
            let Some((_, section)) = sections.iter_mut().rfind(|(start, _)| *start <= include.line) else {
                continue;
            };
            let section = section.get_or_insert_with(Section::default);
            if let Some(words) = programs.get(&listing)
                && section.listings.insert(listing)
            {
                section.programs.push(words);
            }
            let is_transcript = include.path.extension() == Some(OsStr::new("console"));
            if is_transcript || include.path.ends_with("src/tests.rs") {
                section.shown.push(Words::of_include(book, &include).into());
            }
            if is_transcript && let Some(source) = book.sources.get(&include.path) {
                section.transcripts.push(&source.text);
            }
        }
        // A page that includes nothing may be about any of them.
        let any = || Section {
            listings: programs.keys().cloned().collect(),
            programs: programs.values().collect(),
            ..Section::default()
        };
        let mut last = sections
            .iter()
            .find_map(|(_, section)| section.clone())
            .unwrap_or_else(any);
        let sections = sections.into_iter().map(|(start, section)| {
            last = section.unwrap_or_else(|| last.clone());
            (start, last.clone())
        });
        Self(sections.collect())
    }

    /// The section that a line belongs to.
    fn at(&self, line: usize) -> &Section<'a> {
        let index = self.0.partition_point(|(start, _)| *start <= line);
        &self.0[index.saturating_sub(1)].1
    }
}
