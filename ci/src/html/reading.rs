//! What a built page tells its reader to do. It is read from the HTML alone: from what the reader has.

use std::sync::LazyLock;

use regex::Regex;
use scraper::{ElementRef, Html, Node};

use crate::book::pattern;

/// Something that a page tells its reader, or shows them.
#[derive(Debug, PartialEq)]
pub enum Told {
    /// A command in the text that may change a project: `cargo new executor`, as its words.
    Command(Vec<String>),
    /// To copy these files into the new project.
    Copy(Vec<String>),
    /// A part of a file.
    Listing(Listing),
    /// What happens in a terminal.
    Session(Session),
    /// That a listing is complete.
    End(End),
}

/// A figure with a part of a file.
#[derive(Debug, Default, PartialEq)]
pub struct Listing {
    /// The listing it is from: `03-block-on`.
    pub listing: Option<String>,
    /// The reader's project that it is about.
    pub project: Option<String>,
    /// The file that it names.
    pub file: String,
    /// The place on the page that the name of the file leads to.
    pub target: String,
    /// What to do with it, with the names in backticks; nothing if it is not for typing.
    pub edit: Option<String>,
    /// Its lines as whoever copies them gets them: without those that are hidden.
    pub lines: Vec<String>,
}

/// A figure with what happens in one or more terminals.
#[derive(Debug, Default, PartialEq)]
pub struct Session {
    /// The listing that it is run with.
    pub listing: Option<String>,
    /// The reader's project that it is run in.
    pub project: Option<String>,
    /// What is typed, in order.
    pub commands: Vec<Typed>,
}

/// What is typed at a prompt, and what the page shows below it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Typed {
    /// The command.
    pub command: String,
    /// What it prints.
    pub printed: Vec<String>,
}

/// The place where a page is done with a listing.
#[derive(Debug, Default, PartialEq)]
pub struct End {
    /// The listing.
    pub listing: String,
    /// The reader's project that has come to this.
    pub project: Option<String>,
    /// What has changed, if it is a change of another listing.
    pub changes: Option<Changes>,
    /// The files that are shown whole: the place on the page, the name, the lines.
    pub whole: Vec<(String, String, Vec<String>)>,
    /// The name of the archive to download, and its link.
    pub download: Option<(String, String)>,
}

/// All changes from one listing to another.
#[derive(Debug, Default, PartialEq)]
pub struct Changes {
    /// The listing that they are from.
    pub before: String,
    /// The name of each file, and its changes: the lines of a unified diff.
    pub diffs: Vec<(String, Vec<String>)>,
}

/// The addresses of the pages in the order of the table of contents, which is `toc.html` of the built book.
pub fn contents(toc: &str) -> Vec<String> {
    let html = Html::parse_document(toc);
    let links = all(html.root_element(), "a", "");
    links.filter_map(|link| link.attr("href").map(str::to_owned)).collect()
}

/// What the page with this HTML tells its reader, in order.
pub fn read(html: &str) -> Vec<Told> {
    // What stands around the text is as long as the text, and tells the reader nothing.
    let main = html
        .split_once("<main>")
        .and_then(|(_, rest)| rest.split_once("</main>"));
    let html = Html::parse_fragment(main.map_or(html, |(main, _)| main));
    let mut told = Vec::new();
    visit(html.root_element(), &mut told);
    told
}

static COPY: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"\b[Cc]opy (?P<files>`[^`]+\.[^`]+`(?:(?:, | and )`[^`]+`)*) into\b"));

/// What the text has somebody do to a whole file.
static FATE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"\b(?P<verb>[Dd]elete|[Mm]ove|[Rr]emove|[Rr]ename) `(?P<file>[\w/-]+\.(?:html|rs|toml))`")
});

/// The programs that may change a project.
const COMMANDS: &[&str] = &["cargo", "cp", "mkdir", "mv", "rm", "sed", "touch"];

fn visit(element: ElementRef<'_>, told: &mut Vec<Told>) {
    match element.value().name() {
        "figure" if has_class(element, "listing") => {
            told.push(figure(element));
            return;
        }
        "section" if has_class(element, "end") => {
            told.push(Told::End(end(element)));
            return;
        }
        "code" => {
            let command: Vec<String> = text(element).split_whitespace().map(str::to_owned).collect();
            if command.len() > 1 && COMMANDS.contains(&command[0].as_str()) {
                told.push(Told::Command(command));
            }
            return;
        }
        _ => {}
    }
    for child in element.child_elements() {
        visit(child, told);
    }
    if element.value().name() == "p" {
        let words = words(element);
        for copy in COPY.captures_iter(&words) {
            let names = copy["files"].split('`').skip(1).step_by(2);
            told.push(Told::Copy(names.map(str::to_owned).collect()));
        }
        for fate in FATE.captures_iter(&words) {
            told.push(Told::Command(vec![fate["verb"].to_owned(), fate["file"].to_owned()]));
        }
    }
}

fn figure(figure: ElementRef<'_>) -> Told {
    let attribute = |name| figure.attr(name).map(str::to_owned);
    let (listing, project) = (attribute("data-listing"), attribute("data-project"));
    let code = first(figure, "pre", "").and_then(|pre| first(pre, "code", ""));
    let Some(file) = first(figure, "a", "file") else {
        return Told::Session(Session {
            listing,
            project,
            commands: code.map(commands).unwrap_or_default(),
        });
    };
    Told::Listing(Listing {
        listing,
        project,
        file: text(file),
        target: file.attr("href").unwrap_or_default().trim_start_matches('#').to_owned(),
        edit: first(figure, "span", "edit").map(words),
        lines: code.map(visible_lines).unwrap_or_default(),
    })
}

/// The commands of a session, which are what stands out in it.
fn commands(code: ElementRef<'_>) -> Vec<Typed> {
    let mut commands: Vec<Typed> = Vec::new();
    for line in code.child_elements() {
        match (first(line, "kbd", ""), commands.last_mut()) {
            (Some(command), _) => commands.push(Typed {
                command: text(command),
                printed: Vec::new(),
            }),
            (None, Some(last)) => last.printed.push(text(line).trim_end().to_owned()),
            (None, None) => {}
        }
    }
    commands
}

fn end(section: ElementRef<'_>) -> End {
    let attribute = |name| section.attr(name).map(str::to_owned);
    let name = |element| first(element, "code", "").map(text).unwrap_or_default();
    let lines = |pre| first(pre, "code", "").map(visible_lines).unwrap_or_default();
    let changes = first(section, "details", "changes").map(|changes| {
        let names = all(changes, "p", "").map(name);
        let diffs = all(changes, "pre", "").map(lines);
        Changes {
            before: first(changes, "summary", "").map(name).unwrap_or_default(),
            diffs: names.zip(diffs).collect(),
        }
    });
    let whole = all(section, "details", "whole").map(|whole| {
        let id = whole.attr("id").unwrap_or_default().to_owned();
        let file = first(whole, "summary", "").map(name).unwrap_or_default();
        (id, file, first(whole, "pre", "").map(lines).unwrap_or_default())
    });
    let download = first(section, "p", "download").and_then(|download| {
        let link = first(download, "a", "")?;
        Some((link.attr("download")?.to_owned(), link.attr("href")?.to_owned()))
    });
    End {
        listing: attribute("data-listing").unwrap_or_default(),
        project: attribute("data-project"),
        changes,
        whole: whole.collect(),
        download,
    }
}

/// The elements in `element` of this name, and of this class unless it is empty.
fn all<'a>(element: ElementRef<'a>, name: &'a str, class: &'a str) -> impl Iterator<Item = ElementRef<'a>> {
    element
        .descendent_elements()
        .skip(1)
        .filter(move |element| element.value().name() == name && (class.is_empty() || has_class(*element, class)))
}

fn first<'a>(element: ElementRef<'a>, name: &'a str, class: &'a str) -> Option<ElementRef<'a>> {
    all(element, name, class).next()
}

fn has_class(element: ElementRef<'_>, class: &str) -> bool {
    element.value().classes().any(|other| other == class)
}

fn text(element: ElementRef<'_>) -> String {
    element.text().collect()
}

/// The text of an element, with what is code in backticks, on one line.
fn words(element: ElementRef<'_>) -> String {
    let mut words = String::new();
    for node in element.descendants() {
        if let Node::Text(text) = node.value() {
            let is_code = node
                .parent()
                .and_then(|parent| parent.value().as_element())
                .is_some_and(|parent| parent.name() == "code");
            words += &match is_code {
                true => format!("`{}`", &**text),
                false => text.replace('\n', " "),
            };
        }
    }
    words
}

/// The lines of a block without those that are hidden.
fn visible_lines(code: ElementRef<'_>) -> Vec<String> {
    let mut visible = String::new();
    for child in code.children() {
        match (child.value(), ElementRef::wrap(child)) {
            (Node::Text(text), _) => visible.push_str(text),
            (_, Some(line)) if !has_class(line, "boring") => visible.extend(line.text()),
            _ => {}
        }
    }
    visible.lines().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_contents_is_in_order() {
        let toc = "<ol><li><a href=\"b.html\">B</a></li><li><a href=\"a.html\"><strong>1.</strong> A</a></li></ol>";
        assert_eq!(contents(toc), ["b.html", "a.html"]);
    }

    #[test]
    fn a_listing_is_read_as_it_would_be_copied() {
        let html = "<p><code>cargo run</code></p><main><figure class=\"listing\" data-listing=\"01-a\" data-project=\"web-server\"><figcaption>\
            <a class=\"number\" href=\"#x\">Listing 1</a> <a class=\"file\" href=\"#file-a\"><code>src/main.rs</code></a> \
            <span class=\"edit\">replaces the <code>use</code> lines and <code>a</code></span></figcaption>\
            <pre><code class=\"language-rust\"><span class=\"line boring\">use x;\n</span><ins class=\"line\" data-gone=\"old\">a &lt; b\n</ins>\
            <span class=\"line\">\n</span><span class=\"line\">  c</span></code></pre></figure></main>";
        assert_eq!(
            read(html),
            [Told::Listing(Listing {
                listing: Some("01-a".to_owned()),
                project: Some("web-server".to_owned()),
                file: "src/main.rs".to_owned(),
                target: "file-a".to_owned(),
                edit: Some("replaces the `use` lines and `a`".to_owned()),
                lines: ["a < b", "", "  c"].map(str::to_owned).to_vec(),
            })]
        );
    }

    #[test]
    fn a_session_is_its_commands_and_what_they_print() {
        let html = "<figure class=\"listing\"><pre><code><span class=\"line\"><span class=\"prompt\">$ </span><kbd>cargo test</kbd>\n</span>\
            <span class=\"line\">warning: &lt;x&gt;\n</span><span class=\"line\"><span class=\"prompt\">$ </span><kbd>^C</kbd></span></code></pre></figure>";
        let typed = |command: &str, printed: &[&str]| Typed {
            command: command.to_owned(),
            printed: printed.iter().map(|line| (*line).to_owned()).collect(),
        };
        assert_eq!(
            read(html),
            [Told::Session(Session {
                commands: vec![typed("cargo test", &["warning: <x>"]), typed("^C", &[])],
                ..Session::default()
            })]
        );
    }

    #[test]
    fn what_the_text_says_to_do_is_read() {
        let html = "<p>Create it with <code>cargo new executor</code>,\ncopy <code>a.html</code> and\n<code>b.html</code> into it. \
            Do not copy <code>stream</code>, and remove <code>old.html</code>. Remove <code>use a;</code>. Think of <code>cargo</code>.</p><ul><li>Try <code>cargo add smol</code>.</li></ul>";
        let command = |words: &[&str]| Told::Command(words.iter().map(|word| (*word).to_owned()).collect());
        assert_eq!(
            read(html),
            [
                command(&["cargo", "new", "executor"]),
                Told::Copy(vec!["a.html".to_owned(), "b.html".to_owned()]),
                command(&["remove", "old.html"]),
                command(&["cargo", "add", "smol"]),
            ]
        );
    }

    #[test]
    fn the_end_of_a_step_is_read() {
        let html = "<section class=\"end\" aria-label=\"02-b, complete\" data-listing=\"02-b\" data-project=\"web-server\">\
            <details class=\"changes\"><summary>All changes from <code>01-a</code> to <code>02-b</code></summary>\
            <p><code>src/main.rs</code></p><pre><code>@@ -1 +1 @@\n-a\n+b\n</code></pre></details>\
            <details class=\"whole\" id=\"file-b\"><summary>The whole of <code>src/main.rs</code> in <code>02-b</code></summary>\
            <pre><code>b\n</code></pre></details><p class=\"download\"><a download=\"02-b.zip\" href=\"data:x\">Download</a></p></section>";
        let lines = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
        assert_eq!(
            read(html),
            [Told::End(End {
                listing: "02-b".to_owned(),
                project: Some("web-server".to_owned()),
                changes: Some(Changes {
                    before: "01-a".to_owned(),
                    diffs: vec![("src/main.rs".to_owned(), lines(&["@@ -1 +1 @@", "-a", "+b"]))],
                }),
                whole: vec![("file-b".to_owned(), "src/main.rs".to_owned(), lines(&["b"]))],
                download: Some(("02-b.zip".to_owned(), "data:x".to_owned())),
            })]
        );
    }
}
