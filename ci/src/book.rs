//! The book as the checks see it: its pages, and the files they include.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::ops::Range;
use std::path::{Component, Path, PathBuf};
use std::sync::{LazyLock, OnceLock};

use anyhow::{Context, Result, anyhow};
use mdbook_driver::MDBook;
use mdbook_driver::book::Chapter;
use mdbook_driver::config::Config;
use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd};
use regex::Regex;
use walkdir::WalkDir;

use crate::checks::includes;
use crate::html::built::Built;

/// The book: everything a check needs, read once.
pub struct Book {
    /// The folder with `book.toml`.
    pub root: PathBuf,
    /// The pages, in the order of `SUMMARY.md`.
    pub pages: Vec<Page>,
    /// Every text file below `listings/`, and whatever else a page includes, by its path relative to `root`.
    pub sources: BTreeMap<PathBuf, Source>,
    /// The HTML, or why there is none, once a check has asked for it.
    built: OnceLock<Result<Built, String>>,
}

/// A page: one Markdown file named in `SUMMARY.md`.
pub struct Page {
    /// Its number in the summary, as `2`, if it has one.
    pub number: Option<String>,
    /// Relative to the book's root: `src/introduction.md`.
    pub path: PathBuf,
    /// The Markdown, as in the file.
    pub text: String,
    /// Its fenced code blocks, in order.
    pub blocks: Vec<Block>,
    /// The lines of its headings, counted from 1.
    pub headings: Vec<usize>,
    /// Its `{{#...}}` directives, in order, inside of code blocks and out.
    pub directives: Vec<Directive>,
    /// Its proof marks, in order.
    pub proofs: Vec<Proof>,
    /// Its words, those of captions last: what stands in it outside of code blocks.
    pub spans: Vec<Span>,
}

/// A piece of a page's words: an inline code span, or text between other things. A link's target is neither.
#[derive(Debug, PartialEq, Eq)]
pub struct Span {
    /// Its line in the page, counted from 1.
    pub line: usize,
    /// What stands there, without the backticks.
    pub text: String,
    /// Whether it stands in backticks.
    pub is_code: bool,
}

/// A fenced code block.
#[derive(Debug)]
pub struct Block {
    /// The line of its opening fence, counted from 1.
    pub line: usize,
    /// The line of its closing fence.
    pub end: usize,
    /// What the author says of it above: `<!-- caption: ... -->`.
    pub caption: Option<Caption>,
    /// What stands behind the fence: `rust,no_run`.
    pub info: String,
    /// What stands in the block.
    pub text: String,
}

impl Block {
    /// The language: what stands before the first comma of the fence, or nothing.
    pub fn language(&self) -> &str {
        self.info.split([',', ' ']).next().unwrap_or_default()
    }

    /// Whether the fence carries `tag`, as in `rust,no_run`.
    pub fn has_tag(&self, tag: &str) -> bool {
        self.info.split([',', ' ']).any(|t| t == tag)
    }

    /// The include that the block consists of, if it is one include and nothing else.
    pub fn include(&self, page: &Path) -> Option<Include> {
        let captures = DIRECTIVE.captures(self.text.trim())?;
        (captures.get(0)?.as_str() == self.text.trim())
            .then(|| Directive::from_captures(&captures, self.line + 1).include(page))
            .flatten()
    }
}

/// What an author says of a block: `<!-- caption: what to look at -->`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caption {
    /// Its line, counted from 1.
    pub line: usize,
    /// What to look at.
    pub text: String,
    /// What is wrong with the block on purpose: `<!-- caption (not concurrent): ... -->`.
    pub label: Option<String>,
}

/// A `{{#name argument}}` in a page.
#[derive(Debug)]
pub struct Directive {
    /// Its line, counted from 1.
    pub line: usize,
    /// `include`, `rustdoc_include`, `title`, or whatever the author wrote.
    pub name: String,
    /// What follows the name.
    pub argument: String,
}

/// An include of a file, or of the part of it that an anchor names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Include {
    /// Its line in the page, counted from 1.
    pub line: usize,
    /// The file, relative to the book's root.
    pub path: PathBuf,
    /// What follows the colon: an anchor's name (or, which we refuse, numbers of lines).
    pub anchor: Option<String>,
    /// Whether the rest of the file comes along as hidden lines (`rustdoc_include`).
    pub with_hidden_lines: bool,
}

impl Directive {
    fn from_captures(captures: &regex::Captures<'_>, line: usize) -> Self {
        Self {
            line,
            name: captures["name"].to_owned(),
            argument: captures["argument"].trim().to_owned(),
        }
    }

    /// The include this is, if it is one; `page` is the page it stands in, relative to the root.
    pub fn include(&self, page: &Path) -> Option<Include> {
        let with_hidden_lines = match self.name.as_str() {
            "include" => false,
            "rustdoc_include" => true,
            _ => return None,
        };
        let (path, anchor) = match self.argument.split_once(':') {
            Some((path, anchor)) => (path, Some(anchor.to_owned())),
            None => (self.argument.as_str(), None),
        };
        Some(Include {
            line: self.line,
            path: normalize(&page.parent().unwrap_or(Path::new("")).join(path)),
            anchor,
            with_hidden_lines,
        })
    }
}

/// A mark `<!-- proof: listing test_name -->`.
#[derive(Debug, PartialEq, Eq)]
pub struct Proof {
    /// Its line in the page, counted from 1.
    pub line: usize,
    /// The folder below `listings/`: `03-block-on`.
    pub listing: String,
    /// The name of the test function, without its module.
    pub test: String,
}

/// A file that can be included.
pub struct Source {
    /// Its text.
    pub text: String,
    /// Its anchors, in order; one for each `ANCHOR`, and one without a start for each `ANCHOR_END` that ends nothing.
    pub anchors: Vec<Anchor>,
    /// The lines that hold an `ANCHOR` or an `ANCHOR_END`, counted from 1.
    marks: BTreeSet<usize>,
}

/// A named part of a file, between `ANCHOR: name` and `ANCHOR_END: name`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anchor {
    /// Its name.
    pub name: String,
    /// The line of its `ANCHOR`, counted from 1.
    pub start: Option<usize>,
    /// The line of its `ANCHOR_END`.
    pub end: Option<usize>,
}

// The second and third are mdBook's own patterns: what they match, it cuts out.
static DIRECTIVE: LazyLock<Regex> = LazyLock::new(|| pattern(r"\{\{\s*#(?P<name>\w+)\s*(?P<argument>[^}]*)\}\}"));
static ANCHOR: LazyLock<Regex> = LazyLock::new(|| pattern(r"ANCHOR:\s*(?P<name>[\w_-]+)"));
static ANCHOR_END: LazyLock<Regex> = LazyLock::new(|| pattern(r"ANCHOR_END:\s*(?P<name>[\w_-]+)"));
static PROOF: LazyLock<Regex> = LazyLock::new(|| pattern(r"<!--\s*proof:\s*(?P<listing>\S+)\s+(?P<test>\S+)\s*-->"));
static HTML_CODE: LazyLock<Regex> = LazyLock::new(|| pattern(r"<code>(?P<code>[^<]*)</code>"));
static CAPTION: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^<!--\s*caption(?:\s*\((?P<label>[^)]*)\))?:\s*(?P<caption>.*?)\s*-->$"));

/// A pattern that is known to be well formed.
pub fn pattern(text: &str) -> Regex {
    Regex::new(text).unwrap_or_else(|error| unreachable!("a pattern of ours is malformed: {error}"))
}

impl Book {
    /// Reads the book below `root`, the folder with `book.toml`.
    ///
    /// Refuses a book that mdBook refuses: no `book.toml`, an unknown key in it, a `SUMMARY.md` that names a page
    /// that is not there. Refuses a file of a listing that is not text and has to be.
    pub fn load(root: &Path) -> Result<Self> {
        let mdbook = MDBook::load_with_config(root, config(root)?)
            .with_context(|| format!("cannot read the book in {}", root.display()))?;
        Self::from_chapters(root, &mdbook.config.book.src, mdbook.book.chapters())
    }

    /// The book that consists of `chapters`, which mdBook has read from `root/src`.
    pub fn from_chapters<'a>(root: &Path, src: &Path, chapters: impl Iterator<Item = &'a Chapter>) -> Result<Self> {
        let pages: Vec<Page> = chapters
            .filter_map(|chapter| {
                let path = src.join(chapter.source_path.as_ref()?);
                let number = chapter.number.as_ref().map(|number| number.to_string());
                Some(Page {
                    number: number.map(|number| number.trim_end_matches('.').to_owned()),
                    ..Page::new(path, chapter.content.clone())
                })
            })
            .collect();

        let mut sources = BTreeMap::new();
        for path in listing_files(root) {
            match fs::read_to_string(root.join(&path)) {
                Ok(text) => {
                    sources.insert(path, Source::new(text));
                }
                // What is no text and need not be, an editor may have put there.
                Err(_) if !is_text(&path) => {}
                Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
            }
        }
        for include in pages.iter().flat_map(Page::includes) {
            if !sources.contains_key(&include.path)
                && let Ok(text) = fs::read_to_string(root.join(&include.path))
            {
                sources.insert(include.path, Source::new(text));
            }
        }
        Ok(Self {
            root: root.to_owned(),
            pages,
            sources,
            built: OnceLock::new(),
        })
    }

    /// The HTML of the book. Whoever asks first builds it; checks that ask meanwhile wait for that.
    ///
    /// Refuses a book that mdBook cannot build, for each who asks.
    pub fn built(&self) -> Result<&Built> {
        self.built
            .get_or_init(|| {
                // Our preprocessor would refuse them, each as a finding that is there already.
                if !includes::check(self).is_empty() {
                    return Err("the book is not built as long as an include is wrong".to_owned());
                }
                Built::new(&self.root, &self.pages).map_err(|error| format!("{error:#}"))
            })
            .as_ref()
            .map_err(|error| anyhow!("{error}"))
    }

    /// Every listing that a page can be about: the steps, and `answers/name`, `broken/name`, `exercises/name`,
    /// `underneath/name`.
    pub fn listings(&self) -> Vec<String> {
        let mut listings: Vec<String> = self
            .sources
            .keys()
            .filter(|path| path.file_name() == Some(OsStr::new("Cargo.toml")))
            .filter_map(|path| listing_of(path))
            .filter(|name| !name.starts_with("support/"))
            .collect();
        listings.dedup();
        listings
    }

    /// The transcripts, as paths relative to the root.
    pub fn transcripts(&self) -> Vec<PathBuf> {
        self.sources
            .keys()
            .filter(|path| path.extension() == Some(OsStr::new("console")))
            .cloned()
            .collect()
    }
}

impl Page {
    /// Reads the Markdown of a page.
    pub fn new(path: PathBuf, text: String) -> Self {
        let directives = DIRECTIVE
            .captures_iter(&text)
            .filter(|captures| {
                let start = captures.get(0).map_or(0, |m| m.start());
                !text[..start].ends_with('\\')
            })
            .map(|captures| {
                let start = captures.get(0).map_or(0, |m| m.start());
                Directive::from_captures(&captures, line_of(&text, start))
            })
            .collect();
        let proofs = PROOF
            .captures_iter(&text)
            .map(|captures| Proof {
                line: line_of(&text, captures.get(0).map_or(0, |m| m.start())),
                listing: captures["listing"].to_owned(),
                test: captures["test"].to_owned(),
            })
            .collect();
        let Markdown {
            blocks,
            headings,
            spans,
        } = Markdown::read(&text);
        Self {
            number: None,
            blocks,
            directives,
            proofs,
            headings,
            spans,
            path,
            text,
        }
    }

    /// The lines of the section that line `line` stands in: from its heading to the next.
    pub fn section(&self, line: usize) -> Range<usize> {
        let start = self.headings.iter().rev().find(|heading| **heading <= line);
        let end = self.headings.iter().find(|heading| **heading > line);
        start.copied().unwrap_or(1)..end.copied().unwrap_or(self.text.lines().count() + 1)
    }

    /// Where its HTML is, relative to the root of the built book: `introduction.html`.
    pub fn address(&self) -> String {
        let path = self.path.strip_prefix("src").unwrap_or(&self.path);
        slashes(&path.with_extension("html"))
    }

    /// Its includes, in order.
    pub fn includes(&self) -> impl Iterator<Item = Include> + '_ {
        self.directives
            .iter()
            .filter_map(|directive| directive.include(&self.path))
    }
}

impl Source {
    /// Reads the anchors of a file.
    pub fn new(text: String) -> Self {
        let mut anchors: Vec<Anchor> = Vec::new();
        let mut marks = BTreeSet::new();
        for (index, line) in text.lines().enumerate().filter(|(_, line)| is_anchor(line)) {
            let number = index + 1;
            marks.insert(number);
            if let Some(captures) = ANCHOR_END.captures(line) {
                let name = &captures["name"];
                match anchors
                    .iter_mut()
                    .rev()
                    .find(|a| a.name == name && a.start.is_some() && a.end.is_none())
                {
                    Some(anchor) => anchor.end = Some(number),
                    None => anchors.push(Anchor {
                        name: name.to_owned(),
                        start: None,
                        end: Some(number),
                    }),
                }
            } else if let Some(captures) = ANCHOR.captures(line) {
                anchors.push(Anchor {
                    name: captures["name"].to_owned(),
                    start: Some(number),
                    end: None,
                });
            }
        }
        Self { text, anchors, marks }
    }

    /// The lines of the whole file that a reader may see, with their numbers: all but those that hold an anchor.
    pub fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text
            .lines()
            .enumerate()
            .map(|(index, line)| (index + 1, line))
            .filter(|(number, _)| !self.marks.contains(number))
    }

    /// The lines that the anchor `name` encloses, with their numbers; none if there is no such anchor. An anchor may
    /// enclose lines in several places.
    pub fn anchored_lines(&self, name: &str) -> Vec<(usize, &str)> {
        let named: Vec<&Anchor> = self.anchors.iter().filter(|anchor| anchor.name == name).collect();
        let encloses = |anchor: &&Anchor, number| match (anchor.start, anchor.end) {
            (Some(start), Some(end)) => (start..end).contains(&number),
            (Some(start), None) => start < number,
            (None, _) => false,
        };
        self.lines()
            .filter(|(number, _)| named.iter().any(|anchor| encloses(anchor, *number)))
            .collect()
    }
}

/// What a Markdown text consists of, as far as the checks ask.
#[derive(Default)]
struct Markdown {
    blocks: Vec<Block>,
    headings: Vec<usize>,
    spans: Vec<Span>,
}

impl Markdown {
    fn read(text: &str) -> Self {
        let ends: Vec<usize> = text.match_indices('\n').map(|(offset, _)| offset).collect();
        let line = |offset: usize| ends.partition_point(|end| *end < offset) + 1;
        let mut markdown = Self::default();
        let mut open: Option<Block> = None;
        for (event, range) in Parser::new(text).into_offset_iter() {
            match event {
                Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => {
                    open = Some(Block {
                        line: line(range.start),
                        end: line(range.end.saturating_sub(1)),
                        caption: caption(text, line(range.start)),
                        info: info.to_string(),
                        text: String::new(),
                    });
                }
                Event::End(TagEnd::CodeBlock) => markdown.blocks.extend(open.take()),
                Event::Start(Tag::Heading { .. }) => markdown.headings.push(line(range.start)),
                Event::Text(part) => match &mut open {
                    Some(block) => block.text.push_str(&part),
                    None => markdown.spans.push(Span {
                        line: line(range.start),
                        text: part.to_string(),
                        is_code: false,
                    }),
                },
                // In a <summary>, code is <code>.
                Event::Html(html) | Event::InlineHtml(html) => {
                    markdown.spans.extend(HTML_CODE.captures_iter(&html).map(|captures| {
                        Span {
                            line: line(range.start),
                            text: captures["code"]
                                .replace("&lt;", "<")
                                .replace("&gt;", ">")
                                .replace("&amp;", "&"),
                            is_code: true,
                        }
                    }));
                }
                Event::Code(code) => markdown.spans.push(Span {
                    line: line(range.start),
                    text: code.to_string(),
                    is_code: true,
                }),
                _ => {}
            }
        }
        // A caption is a comment here, and words where it is shown.
        let captions = markdown.blocks.iter().filter_map(|block| block.caption.as_ref());
        let captions: Vec<Span> = captions
            .flat_map(|caption| {
                let spans = Self::read(&caption.text).spans;
                spans.into_iter().map(|span| Span {
                    line: caption.line,
                    ..span
                })
            })
            .collect();
        markdown.spans.extend(captions);
        markdown
    }
}

/// Whether `line` holds an anchor: mdBook shows no such line.
pub fn is_anchor(line: &str) -> bool {
    // The patterns are slow, and most lines hold no anchor.
    line.contains("ANCHOR") && (ANCHOR.is_match(line) || ANCHOR_END.is_match(line))
}

/// The fenced code blocks of a Markdown text.
pub fn blocks(text: &str) -> Vec<Block> {
    Markdown::read(text).blocks
}

/// The caption above line `number`, if there is one.
fn caption(text: &str, number: usize) -> Option<Caption> {
    let above: Vec<&str> = text.lines().take(number - 1).collect();
    let line = above.iter().rposition(|line| !line.trim().is_empty())?;
    let captures = CAPTION.captures(above[line])?;
    Some(Caption {
        line: line + 1,
        text: captures["caption"].to_owned(),
        label: captures.name("label").map(|label| label.as_str().to_owned()),
    })
}

/// The line, counted from 1, on which the byte `offset` of `text` stands.
pub fn line_of(text: &str, offset: usize) -> usize {
    text[..offset].matches('\n').count() + 1
}

/// The listing that a file below `listings/` belongs to: `03-block-on`, or `broken/name`.
pub fn listing_of(path: &Path) -> Option<String> {
    let mut parts = path
        .strip_prefix("listings")
        .ok()?
        .iter()
        .map(|part| part.to_string_lossy());
    let first = parts.next()?;
    match first.as_ref() {
        "answers" | "broken" | "exercises" | "support" | "underneath" => Some(format!("{first}/{}", parts.next()?)),
        _ => parts.next().map(|_| first.into_owned()),
    }
}

/// Whether the name of a folder below `listings/` is that of a step: `NN-slug`.
pub fn is_step(name: &str) -> bool {
    name.split_once('-')
        .is_some_and(|(number, _)| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
}

/// The configuration of the book, with our preprocessor run from this very program: a `cargo` inside a `cargo` could
/// wait for itself.
pub fn config(root: &Path) -> Result<Config> {
    let path = root.join("book.toml");
    let mut config = Config::from_disk(&path).with_context(|| format!("cannot read {}", path.display()))?;
    // As mdBook does: CI says where the book will lie by MDBOOK_OUTPUT__HTML__SITE_URL.
    config.update_from_env()?;
    if config.contains_key("preprocessor.book") {
        config.set("preprocessor.book.command", preprocess_command()?)?;
    }
    Ok(config)
}

/// The command by which mdBook reaches our preprocessor without a cargo in between.
pub fn preprocess_command() -> Result<String> {
    let program = std::env::current_exe().context("cannot find the path of this program")?;
    let program = slashes(&program);
    let program = shlex::try_quote(&program).context("the path of this program holds a NUL")?;
    Ok(format!("{program} preprocess"))
}

/// Every file below `listings/`, relative to the root, without what cargo writes there.
fn listing_files(root: &Path) -> Vec<PathBuf> {
    WalkDir::new(root.join("listings"))
        .sort_by_file_name()
        .into_iter()
        .filter_entry(|entry| entry.file_name() != OsStr::new("target"))
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_file())
        .filter_map(|entry| entry.path().strip_prefix(root).map(Path::to_owned).ok())
        .collect()
}

/// A path as it is written on every system.
pub fn slashes(path: &Path) -> String {
    path.to_string_lossy().replace('\\', "/")
}

/// Whether a file below `listings/` has to be text, by its name.
fn is_text(path: &Path) -> bool {
    let extension = path.extension().and_then(OsStr::to_str);
    extension.is_some_and(|extension| ["rs", "toml", "html", "console", "md"].contains(&extension))
}

/// `a/../b` as `b`: paths are compared by their names alone.
pub fn normalize(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir if normal.file_name().is_some() => {
                normal.pop();
            }
            Component::CurDir => {}
            part => normal.push(part),
        }
    }
    normal
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// A small book in a temporary folder: `files` are paths and texts. A page `src/page.md` is in its summary.
    pub fn small_book(files: &[(&str, &str)]) -> (tempfile::TempDir, Book) {
        let folder = tempfile::tempdir().unwrap();
        let defaults = [
            (
                "book.toml",
                "[book]\ntitle = \"Small\"\n[build]\ncreate-missing = false\n",
            ),
            ("src/SUMMARY.md", "# Summary\n\n- [Page](page.md)\n"),
        ];
        for (path, text) in defaults.iter().chain(files) {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let book = Book::load(folder.path()).unwrap();
        (folder, book)
    }

    #[test]
    fn a_page_knows_the_lines_of_what_stands_in_it() {
        let page = Page::new(
            "src/page.md".into(),
            "One\n\n```rust,no_run\n{{#rustdoc_include ../listings/01-a/src/main.rs:serve}}\n```\n\n<!-- proof: 01-a works -->\n\\{{#include x}}\n".into(),
        );
        assert_eq!(page.blocks.len(), 1);
        assert_eq!((page.blocks[0].line, page.blocks[0].language()), (3, "rust"));
        assert!(page.blocks[0].has_tag("no_run"));
        let include = page.blocks[0].include(&page.path).unwrap();
        assert_eq!(include.path, Path::new("listings/01-a/src/main.rs"));
        assert_eq!(include.anchor.as_deref(), Some("serve"));
        assert_eq!(include.line, 4);
        assert_eq!(page.includes().collect::<Vec<_>>(), [include]);
        assert_eq!(
            page.proofs,
            [Proof {
                line: 7,
                listing: "01-a".into(),
                test: "works".into()
            }]
        );
    }

    #[test]
    fn a_page_knows_its_headings_and_its_words() {
        let page = Page::new(
            "src/page.md".into(),
            "# One\n\nSay `serve(..)`\nto [it](x.md#y).\n\n```rust\n{{#include a.rs}}\n```\n\n## Two\n\n<!-- `not` -->\n\n<!-- caption: See `x`. -->\n```rust\n```\n".into(),
        );
        assert_eq!(page.headings, [1, 10]);
        let spans: Vec<_> = page
            .spans
            .iter()
            .map(|s| (s.line, s.text.as_str(), s.is_code))
            .collect();
        assert_eq!(
            spans,
            [
                (1, "One", false),
                (3, "Say ", false),
                (3, "serve(..)", true),
                (4, "to ", false),
                (4, "it", false),
                (4, ".", false),
                (10, "Two", false),
                (14, "See ", false),
                (14, "x", true),
                (14, ".", false)
            ]
        );
    }

    #[test]
    fn code_in_html_is_code() {
        let page = Page::new(
            "src/page.md".into(),
            "# One\n\n<summary>Is <code>Vec&lt;u8&gt;</code> it?</summary>\n".into(),
        );
        let span = page.spans.iter().find(|span| span.is_code).unwrap();
        assert_eq!((span.line, span.text.as_str()), (3, "Vec<u8>"));
    }

    #[test]
    fn a_listing_that_is_not_text_is_refused_by_its_name() {
        let (folder, _) = small_book(&[
            ("src/page.md", "# Page\n"),
            ("listings/01-a/src/main.rs", "fn main() {}\n"),
        ]);
        fs::write(folder.path().join("listings/01-a/icon"), b"\xff").unwrap();
        assert!(Book::load(folder.path()).is_ok());
        fs::write(folder.path().join("listings/01-a/src/main.rs"), b"// \xff\n").unwrap();
        let error = Book::load(folder.path()).err().unwrap();
        assert!(format!("{error:#}").contains("listings/01-a/src/main.rs"), "{error:#}");
    }

    #[test]
    fn anchors_are_paired_and_cut_out() {
        let source =
            Source::new("// ANCHOR: a\none\n// ANCHOR: b\ntwo\n// ANCHOR_END: b\n// ANCHOR_END: a\nthree\n".into());
        assert_eq!(source.anchored_lines("a"), [(2, "one"), (4, "two")]);
        assert_eq!(source.anchored_lines("b"), [(4, "two")]);
        assert_eq!(
            source.lines().map(|(_, line)| line).collect::<Vec<_>>(),
            ["one", "two", "three"]
        );
    }

    #[test]
    fn a_file_knows_its_listing() {
        assert_eq!(
            listing_of(Path::new("listings/03-block-on/src/main.rs")).as_deref(),
            Some("03-block-on")
        );
        assert_eq!(
            listing_of(Path::new("listings/broken/send/src/main.rs")).as_deref(),
            Some("broken/send")
        );
        assert_eq!(listing_of(Path::new("listings/Cargo.lock")), None);
    }
}
