//! A page: its Markdown, read into blocks, includes, marks and words.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd};
use regex::{Captures, Regex};

use super::{normalize, pattern, slashes};

/// A Markdown file named in `SUMMARY.md`. All lines are counted from 1.
#[derive(Default)]
pub struct Page {
    /// Its number in the summary, as `2`.
    pub number: Option<String>,
    pub path: PathBuf,
    pub text: String,
    pub blocks: Vec<Block>,
    pub headings: Vec<usize>,
    /// Its `{{#...}}` directives, in order, inside of code blocks and out.
    pub directives: Vec<Include>,
    pub proofs: Vec<Mark>,
    pub removals: Vec<Mark>,
    /// Its words, those of captions last: what stands in it outside of code blocks.
    pub spans: Vec<Span>,
}

/// A piece of a page's words: an inline code span, or text between other things.
#[derive(Debug, PartialEq, Eq)]
pub struct Span {
    pub line: usize,
    pub text: String,
    pub is_code: bool,
}

#[derive(Debug)]
pub struct Block {
    /// The lines of its fences.
    pub line: usize,
    pub end: usize,
    pub caption: Option<Caption>,
    pub info: String,
    pub text: String,
}

impl Block {
    pub fn language(&self) -> &str {
        self.info.split([',', ' ']).next().unwrap_or_default()
    }

    /// The include that the block consists of, if it is one include and nothing else.
    pub fn include(&self, page: &Path) -> Option<Include> {
        let captures = DIRECTIVE.captures(self.text.trim())?;
        let include = Include::new(page, self.line + 1, &captures);
        (include.is_known() && captures[0] == *self.text.trim()).then_some(include)
    }
}

/// What an author says of a block: `<!-- caption: what to look at -->`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caption {
    pub line: usize,
    pub text: String,
    /// What is wrong with the block on purpose: `<!-- caption (not concurrent): ... -->`.
    pub label: Option<String>,
}

/// A `{{#name argument}}` in a page: an include of a file, or of the part of it that an anchor names, or a mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Include {
    pub line: usize,
    pub name: String,
    pub path: PathBuf,
    /// What follows the colon: an anchor's name (or, which we refuse, numbers of lines).
    pub anchor: Option<String>,
}

impl Include {
    fn new(page: &Path, line: usize, captures: &Captures<'_>) -> Self {
        let mut parts = captures["argument"].trim().splitn(2, ':');
        let (path, anchor) = (parts.next().unwrap_or_default(), parts.next().map(str::to_owned));
        let path = normalize(&page.with_file_name(path));
        Self { line, name: captures["name"].to_owned(), path, anchor }
    }

    pub fn is_known(&self) -> bool {
        self.name == "include" || self.has_hidden_lines()
    }

    pub fn has_hidden_lines(&self) -> bool {
        self.name == "rustdoc_include"
    }
}

/// A mark `<!-- proof: listing test_name -->`; or `<!-- remove: listing file item, item -->`, by which the page tells the
/// reader to remove the items, or without one the file.
#[derive(Debug, PartialEq, Eq)]
pub struct Mark {
    pub line: usize,
    pub listing: String,
    /// The name of the test, or of the file.
    pub name: String,
    pub items: Vec<String>,
}

impl Mark {
    /// What the page says of a removal.
    pub fn sentence(&self) -> String {
        let item = |item: &String| if item == "use" { "the `use` lines".to_owned() } else { format!("`{item}`") };
        match listed(&self.items.iter().map(item).collect::<Vec<_>>()) {
            items if items.is_empty() => format!("Delete `{}`.", self.name),
            items => format!("In `{}`, remove {items}.", self.name),
        }
    }
}

/// Names as a sentence has them: `a, b and c`.
pub fn listed(names: &[String]) -> String {
    match names.split_last() {
        Some((last, others)) if !others.is_empty() => format!("{} and {last}", others.join(", ")),
        _ => names.concat(),
    }
}

// mdBook's own pattern: what it matches, mdBook expands, unless there is a backslash in front of it.
static DIRECTIVE: LazyLock<Regex> = LazyLock::new(|| pattern(r"\{\{\s*#(?P<name>\w+)\s*(?P<argument>[^}]*)\}\}"));
static MARK: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"(?m)^[ \t]*<!--\s*(?P<mark>caption|proof|remove)(?:\s*\((?P<label>[^)]*)\))?:\s*(?P<text>.*?)\s*-->$")
});
static HTML_CODE: LazyLock<Regex> = LazyLock::new(|| pattern(r"<code>(?P<code>[^<]*)</code>"));

impl Page {
    pub fn new(path: PathBuf, text: String) -> Self {
        let mut page = Self { path, ..Self::default() };
        for captures in DIRECTIVE.captures_iter(&text) {
            let start = captures.get_match().start();
            if !text[..start].ends_with('\\') {
                page.directives.push(Include::new(&page.path, line_of(&text, start), &captures));
            }
        }
        for captures in MARK.captures_iter(&text) {
            let line = line_of(&text, captures.get_match().start());
            let words: Vec<&str> = captures["text"].split_whitespace().collect();
            let [listing, name, item @ ..] = &words[..] else { continue };
            let items = item.join(" ").split(", ").filter(|item| !item.is_empty()).map(str::to_owned).collect();
            let mark = Mark { line, listing: (*listing).into(), name: (*name).into(), items };
            match &captures["mark"] {
                "proof" if item.is_empty() => page.proofs.push(mark),
                "remove" => page.removals.push(mark),
                _ => {}
            }
        }
        page.read(&text);
        // A caption is a comment here, and words where it is shown.
        for caption in page.blocks.iter().filter_map(|block| block.caption.as_ref()) {
            let mut words = Self::default();
            words.read(&caption.text);
            page.spans.extend(words.spans.into_iter().map(|span| Span { line: caption.line, ..span }));
        }
        Self { text, ..page }
    }

    fn read(&mut self, text: &str) {
        let ends: Vec<usize> = text.match_indices('\n').map(|(offset, _)| offset).collect();
        let mut open: Option<Block> = None;
        for (event, range) in Parser::new(text).into_offset_iter() {
            let line_at = |offset: usize| ends.partition_point(|end| *end < offset) + 1;
            let line = line_at(range.start);
            match event {
                Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => {
                    let end = line_at(range.end.saturating_sub(1));
                    let above = text[..range.start].rfind('\n').map_or("", |end| &text[..end]);
                    let (caption, info) = (caption(above, line), info.to_string());
                    open = Some(Block { line, end, caption, info, text: String::new() });
                }
                Event::End(TagEnd::CodeBlock) => self.blocks.extend(open.take()),
                Event::Start(Tag::Heading { .. }) => self.headings.push(line),
                Event::Text(part) => match &mut open {
                    Some(block) => block.text.push_str(&part),
                    None => self.spans.push(Span { line, text: part.to_string(), is_code: false }),
                },
                // In HTML, as in a `<summary>`, it is `<code>`.
                Event::Html(html) | Event::InlineHtml(html) => {
                    let code = HTML_CODE.captures_iter(&html).map(|captures| captures["code"].to_owned());
                    let text = code.map(|code| code.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"));
                    self.spans.extend(text.map(|text| Span { line, text, is_code: true }));
                }
                Event::Code(code) => self.spans.push(Span { line, text: code.to_string(), is_code: true }),
                _ => {}
            }
        }
    }

    /// The lines of the section that line `line` stands in: from its heading to the next.
    pub fn section(&self, line: usize) -> Range<usize> {
        let start = self.headings.iter().rfind(|heading| **heading <= line);
        let end = self.headings.iter().find(|heading| **heading > line);
        start.copied().unwrap_or(1)..end.copied().unwrap_or(self.text.lines().count() + 1)
    }

    /// The line of the `</details>` that closes what is open at the begin of `lines`, if something is.
    pub fn end_of_fold(&self, lines: Range<usize>) -> Option<usize> {
        let numbered = (1..lines.end).zip(self.text.lines()).skip(lines.start - 1);
        let mut fold = numbered.take_while(|(_, line)| !line.starts_with("<details"));
        fold.find(|(_, line)| line.starts_with("</details")).map(|(number, _)| number)
    }

    pub fn includes(&self) -> impl Iterator<Item = Include> + '_ {
        self.directives.iter().filter(|directive| directive.is_known()).cloned()
    }
}

/// Where the HTML of the page at `path` is, relative to the root of the built book: `introduction.html`.
pub fn address(path: &Path) -> String {
    slashes(&path.strip_prefix("src").unwrap_or(path).with_extension("html"))
}

/// The caption at the end of what stands above line `number`.
fn caption(above: &str, number: usize) -> Option<Caption> {
    let mut lines = above.split('\n').rev().zip((1..number).rev());
    let (text, line) = lines.find(|(text, _)| !text.trim().is_empty())?;
    let captures = MARK.captures(text.trim_end()).filter(|found| &found["mark"] == "caption")?;
    let label = captures.name("label").map(|label| label.as_str().to_owned());
    Some(Caption { line, text: captures["text"].to_owned(), label })
}

/// The line, counted from 1, on which the byte `offset` of `text` stands.
pub fn line_of(text: &str, offset: usize) -> usize {
    text[..offset].matches('\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_knows_the_lines_of_what_stands_in_it() {
        let page = Page::new(
            "src/page.md".into(),
            "One\n\n```rust\n{{#rustdoc_include ../listings/01-a/src/main.rs:serve}}\n```\n\n<!-- proof: 01-a works -->\n\\{{#include x}}\n".into(),
        );
        assert_eq!(page.blocks.len(), 1);
        assert_eq!((page.blocks[0].line, page.blocks[0].language()), (3, "rust"));
        let include = page.blocks[0].include(&page.path).unwrap();
        assert_eq!(include.path, Path::new("listings/01-a/src/main.rs"));
        assert_eq!(include.anchor.as_deref(), Some("serve"));
        assert_eq!(include.line, 4);
        assert_eq!(page.includes().collect::<Vec<_>>(), [include]);
        assert_eq!(page.proofs, [Mark { line: 7, listing: "01-a".into(), name: "works".into(), items: Vec::new() }]);
    }

    #[test]
    fn a_page_knows_its_headings_and_its_words() {
        let page = Page::new(
            "src/page.md".into(),
            "# One\n\nSay `serve(..)`\nto [it](x.md#y).\n\n```rust\n{{#include a.rs}}\n```\n\n## Two\n\n<summary><code>a&lt;b</code></summary>\n\n<!-- caption: See `x`. -->\n```rust\n```\n".into(),
        );
        assert_eq!(page.headings, [1, 10]);
        let spans: Vec<_> = page.spans.iter().map(|s| (s.line, s.text.as_str(), s.is_code)).collect();
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
                (12, "a<b", true),
                (14, "See ", false),
                (14, "x", true),
                (14, ".", false)
            ]
        );
    }
}
